//! `jamey phoenix …`: repositories of snapshots, and the house risen from one. Works whether Jamey runs or not, and without its data folder.

mod bar;
mod diff;
mod fresh;
mod init;
mod key;
mod list;
mod pick;
mod place;
mod receive;
mod restore;
mod secret;
mod sheet;
mod show;
mod verify;
mod work;

use super::Common;
use crate::{
    config::Config,
    domain::Timestamp,
    phoenix::{PhoenixError, Repository, Vault},
    runtime::Clock,
};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use place::{Found, Place};
pub(super) use secret::read as owners_secret;
use secret::{Opening, Opens};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make a repository, with a new key.
    Init(init::Asked),
    /// Take a snapshot now: in each repository of the config, or in the one that is named.
    Snapshot(work::Snapshot),
    /// The snapshots, newest first.
    List(At),
    /// What one snapshot holds.
    Show(show::Asked),
    /// What became other between two snapshots.
    Diff(diff::Asked),
    /// Look whether a repository is whole.
    Verify(verify::Asked),
    /// Restore a snapshot, or some of it, to a new folder.
    Restore(restore::Asked),
    /// Let go of the snapshots that need not stay.
    Prune(work::Prune),
    /// Restore a snapshot for trial and look whether it is whole; nothing of it stays.
    Drill(work::Drill),
    Receive(receive::Asked),
    /// What opens a repository: key file, passphrase, the recovery sheet's words.
    Key {
        #[command(subcommand)]
        action: key::Action,
    },
}

/// A repository, and what opens it.
#[derive(Debug, Clone, Args)]
pub struct At {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    opens: Opens,
}

/// # Errors
/// When there is no such repository or snapshot, nothing opens it, or what was asked for cannot be done.
pub fn phoenix(common: &Common, action: &Action) -> Result<()> {
    let config = common.load()?;
    match action {
        Action::Init(asked) => init::init(common, &config, asked),
        Action::Snapshot(asked) => work::snapshot(common, &config, asked),
        Action::List(at) => list::list(common, &config, at),
        Action::Show(asked) => show::show(common, &config, asked),
        Action::Diff(asked) => diff::diff(common, &config, asked),
        Action::Verify(asked) => verify::verify(common, &config, asked),
        Action::Restore(asked) => restore::restore(common, &config, asked),
        Action::Prune(asked) => work::prune(common, &config, asked),
        Action::Drill(asked) => work::drill(common, &config, asked),
        Action::Key { action } => key::key(common, &config, action),
        Action::Receive(asked) => receive::receive(common, asked),
    }
}

impl At {
    /// What opens it, after it was found: nobody is asked for the secret of something that is not there.
    ///
    /// # Errors
    /// When there is none, or nothing to open it with.
    fn opening<'c>(&self, config: &'c Config) -> Result<(Found<'c>, Opening)> {
        let found = self.place.find(config)?;
        Vault::open(&found.folder)?;
        let opening = self.opens.opening(&found)?;
        Ok((found, opening))
    }

    /// # Errors
    /// When there is none, or nothing opens it.
    fn open<'c>(&self, config: &'c Config) -> Result<(Found<'c>, Repository)> {
        let (found, opening) = self.opening(config)?;
        let repository = match Repository::open(&found.folder, &opening.secret) {
            Err(error @ PhoenixError::Key(_)) => {
                return Err(error).with_context(|| format!("{} does not open with {}", found.folder.display(), opening.from));
            }
            opened => opened?,
        };
        Ok((found, repository))
    }
}

fn now() -> Timestamp {
    Clock::new(Timestamp::default()).now()
}

fn put_json(value: &Value) -> Result<()> {
    super::line!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Which repository a report is of.
fn about(found: &Found, repository: &Repository) -> Value {
    json!({
        "name": found.entry.map(|entry| &entry.name), "path": found.folder, "id": repository.vault.id,
        "append_only": repository.vault.append_only,
    })
}
