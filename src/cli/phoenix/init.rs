//! `jamey phoenix init`: makes a repository, and says what to do next.

use super::{
    fresh::{self, Fresh, Made},
    now,
    place::{self, Found, Place, command, quoted},
    put_json, secret,
};
use crate::{
    cli::{Common, paint::Screen},
    config::Config,
    domain::audit::hex,
    phoenix::{PhoenixError, Repository, Vault},
    runtime::{files, processes},
};
use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub struct Asked {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    fresh: Fresh,
    /// Nothing is ever deleted there: for a copy that another host keeps.
    #[arg(long)]
    append_only: bool,
}

pub(super) fn init(common: &Common, config: &Config, asked: &Asked) -> Result<()> {
    let found = asked.place.find(config)?;
    match Vault::open(&found.folder) {
        Err(PhoenixError::NoRepository { .. }) => {}
        Err(other) => return Err(other.into()),
        Ok(_) => return Err(PhoenixError::Exists { path: found.folder }.into()),
    }
    let mut made = secrets(common, &found, &asked.fresh)?;
    let repository = Repository::init(&found.folder, &made.secrets, asked.append_only, now())?;
    let file_is_new = made.file_is_new();
    made.keep();
    let is_given = give(config, &found, made.key_file.as_deref().filter(|_| file_is_new));
    let key = hex(&repository.key().id());
    if common.json {
        return put_json(&json!({
            "v": 1, "repository": super::about(&found, &repository), "key": key, "key_file": made.key_file, "key_file_is_new": file_is_new,
            "passphrase": made.passphrase,
        }));
    }
    let screen = Screen::here();
    crate::cli::line!("{}", screen.bold(&format!("repository  {}", found.folder.display())));
    crate::cli::line!("id          {}", repository.vault.id);
    crate::cli::line!("opened by   {}", made.words());
    if file_is_new && let Some(path) = &made.key_file {
        crate::cli::line!("            {} was made (0600): copy it to a place that outlives this host", path.display());
    }
    if asked.append_only {
        crate::cli::line!("append-only: nothing is deleted there, so it only grows");
    }
    let missing = match (&made.key_file, made.passphrase) {
        (None, _) => {
            Some(("the passphrase alone opens it, and Jamey cannot type: add a key file", "--new-key-file /etc/jamey/phoenix.key"))
        }
        (_, false) => {
            Some(("the key file alone opens it, and burns with this host: add a passphrase that you know by heart", "--new-passphrase"))
        }
        _ => None,
    };
    if let Some((why, flag)) = missing {
        crate::cli::line!("\n{}", screen.warning(&format!("Only one thing opens it: {why}.")));
        crate::cli::line!("  {}", command(common, &format!("phoenix key add{}{} {flag}", found.flag(config), with(&found, &made))));
    }
    next(common, config, &found, &made);
    if is_given {
        let folder = found.folder.display();
        crate::cli::line!(
            "\nJamey runs as somebody else, who has them now. Where systemd runs it, let it write there (`systemctl edit jamey`):"
        );
        crate::cli::line!("   [Service]\n   ReadWritePaths=-{folder}");
    }
    Ok(())
}

/// What root makes is for the Jamey that is to use it: whose the data folder is. Whether that is somebody else.
fn give(config: &Config, found: &Found, key_file: Option<&Path>) -> bool {
    let Ok(whose) = config.store.data.metadata() else { return false };
    if !processes::is_root() || files::owner(&whose).is_none_or(|owner| owner == 0) {
        return false;
    }
    let given = files::give_folder_as(&found.folder, &whose).and_then(|()| files::hand_over(&found.folder)).and_then(|()| match key_file {
        Some(path) => File::open(path).map(|file| {
            files::give_as(&file, &whose);
        }),
        None => Ok(()),
    });
    if let Err(error) = given {
        eprintln!("jamey: {}: it could not be given to Jamey's user: {error}", found.folder.display());
    }
    true
}

/// What the command line says; where that is little, what the config says and a person at the terminal adds.
fn secrets(common: &Common, found: &Found, fresh: &Fresh) -> Result<Made> {
    let new_key_file = fresh.new_key_file.clone().or_else(|| found.entry?.key_file.clone());
    let fresh = Fresh { new_key_file, ..fresh.clone() };
    // Asked first: who breaks off here leaves no key file behind.
    let asked = if !fresh.has_passphrase() && !common.json && secret::can_ask() {
        eprintln!("A passphrase opens the repository when this host is gone, and the key file with it.");
        let none = if fresh.new_key_file.is_some() { " (empty: none)" } else { "" };
        fresh::maybe_twice(&format!("Passphrase{none}: "))?
    } else {
        None
    };
    if !fresh.is_given() && asked.is_none() {
        bail!(
            "nothing would open the repository: say --new-key-file FILE, --new-passphrase-file FILE or --new-passphrase, best both kinds"
        );
    }
    let mut made = fresh.make()?;
    if let Some(passphrase) = asked {
        made.add(passphrase);
    }
    Ok(made)
}

/// The option that opens it from now on, where the config does not say.
fn with(found: &Found, made: &Made) -> String {
    match &made.key_file {
        Some(path) if secret::configured(found).as_ref() != Some(path) => format!(" --key-file {}", quoted(&place::whole(path))),
        _ => String::new(),
    }
}

fn next(common: &Common, config: &Config, found: &Found, made: &Made) {
    let (flag, with) = (found.flag(config), with(found, made));
    let export = command(common, &format!("phoenix key export --sheet --out recovery-sheet.txt{flag}{with}"));
    crate::cli::line!("\nNext:");
    crate::cli::line!("1. Print the recovery sheet. Its 24 words open the repository when all else is lost; then delete the file.");
    crate::cli::line!("   {export}");
    if found.entry.is_none() {
        let key_file = made.key_file.clone().map_or_else(|| PathBuf::from("/etc/jamey/phoenix.key"), |path| place::whole(&path));
        let name = found.folder.file_name().and_then(|name| name.to_str()).map(config_name).filter(|name| !name.is_empty());
        crate::cli::line!("2. In the config, so that snapshots are taken every night, tried out, and let go of in time:\n");
        crate::cli::line!("   [[phoenix.repository]]");
        crate::cli::line!("   name = \"{}\"", name.unwrap_or_else(|| "house".into()));
        crate::cli::line!("   path = {:?}", found.folder);
        crate::cli::line!("   key_file = {key_file:?}\n");
        crate::cli::line!("3. Start Jamey again, and take the first snapshot:");
    } else {
        crate::cli::line!(
            "2. Take the first snapshot; a running Jamey is to be started again first, if the config is newer than its start:"
        );
    }
    // Jamey opens it itself, where the config says with what.
    crate::cli::line!("   {}", command(common, &format!("phoenix snapshot{flag}")));
}

/// As much of a folder's name as may be one in the config.
fn config_name(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    name.to_lowercase().chars().filter(fits).take(32).collect()
}
