//! `jamey phoenix key …`: what opens a repository, and the page for the drawer.

use super::{
    At, about,
    fresh::{Fresh, Made},
    now,
    place::{Place, command},
    put_json, secret, sheet,
};
use crate::{
    cli::{
        Common,
        paint::{Screen, plain},
        recall::when,
    },
    config::Config,
    domain::audit::hex,
    phoenix::{Repository, Secret, Slot, Vault},
    runtime::files::OwnersAlone,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Let one more key file or passphrase open it.
    Add(Changed),
    /// Let one open it no longer.
    Remove {
        /// Its id, or the first digits of it: `jamey phoenix key list` shows them.
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// What opens it; this needs no key.
    List(Place),
    /// Let these open it, and none that did before.
    Rotate(Changed),
    /// Print the 24 words that open it when all else is lost.
    Export(Export),
}

#[derive(Debug, Args)]
pub struct Changed {
    #[command(flatten)]
    fresh: Fresh,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub struct Export {
    /// A page to print, with what it is and how to use it.
    #[arg(long)]
    sheet: bool,
    /// To a new file that only you may read, and not to the screen.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    at: At,
}

pub(super) fn key(common: &Common, config: &Config, action: &Action) -> Result<()> {
    match action {
        Action::Add(asked) => add(common, config, asked),
        Action::Remove { id, at } => remove(common, config, id, at),
        Action::List(place) => list(common, config, place),
        Action::Rotate(asked) => rotate(common, config, asked),
        Action::Export(asked) => export(common, config, asked),
    }
}

fn fresh(asked: &Changed) -> Result<Made> {
    if !asked.fresh.is_given() {
        bail!("say what is to open it: --new-key-file FILE, --new-passphrase or --new-passphrase-file FILE");
    }
    asked.fresh.make()
}

fn add(common: &Common, config: &Config, asked: &Changed) -> Result<()> {
    let (found, repository) = asked.at.open(config)?;
    let mut made = fresh(asked)?;
    let slots = slots(&repository)?;
    if let Some((slot, what)) = made.secrets.iter().find_map(|one| Some((opened_by(&slots, &repository, one)?, one))) {
        bail!("{} opens it already: {}", kind(what), slot.id);
    }
    let mut ids = Vec::new();
    for one in &made.secrets {
        ids.push(repository.add_key(one, now())?);
    }
    made.keep();
    if common.json {
        return put_json(&json!({"v": 1, "repository": about(&found, &repository), "added": ids}));
    }
    crate::cli::line!("{} is now opened by {} too: {}", found.name(), made.words(), joined(&ids));
    Ok(())
}

fn rotate(common: &Common, config: &Config, asked: &Changed) -> Result<()> {
    let (found, repository) = asked.at.open(config)?;
    let mut made = fresh(asked)?;
    let old = slots(&repository)?;
    if let Some(same) = made.secrets.iter().find(|one| opened_by(&old, &repository, one).is_some()) {
        bail!("{} is one that opens it now: take a new one, or the old one would go on opening it", kind(same));
    }
    let ids = repository.rotate_keys(&made.secrets, now())?;
    made.keep();
    if common.json {
        return put_json(&json!({
            "v": 1, "repository": about(&found, &repository), "added": ids, "removed": old.iter().map(|slot| slot.id).collect::<Vec<_>>(),
        }));
    }
    let screen = Screen::here();
    crate::cli::line!("{} is now opened by {}, and by none of the {} before", found.name(), made.words(), old.len());
    crate::cli::line!(
        "{}",
        screen.wrapped(
            "",
            "Old copies of the repository still open with the old secret, and the recovery sheet's words stay the same: the key itself is not another \
             one. Delete those copies; where somebody may have the key itself, make a new repository and delete this one."
        )
    );
    if let Some(path) = secret::configured(&found).filter(|path| made.key_file.as_ref() != Some(path)) {
        let line = made.key_file.as_ref().map_or_else(
            || "add one with `jamey phoenix key add --new-key-file FILE`".to_owned(),
            |new| format!("write key_file = {:?} there, and restart Jamey", super::place::whole(new)),
        );
        crate::cli::line!("{}", screen.warning(&format!("The config's key file {} opens it no longer: {line}", path.display())));
    }
    Ok(())
}

fn remove(common: &Common, config: &Config, id: &str, at: &At) -> Result<()> {
    let (found, repository) = at.open(config)?;
    let slots = repository.vault.slots()?;
    let mut fitting = slots.iter().filter(|(name, _)| !id.is_empty() && name.starts_with(id));
    let (name, bytes) = fitting.next().with_context(|| format!("no key's id begins with `{id}`: `jamey phoenix key list` shows them"))?;
    if fitting.next().is_some() {
        bail!("`{id}` begins the ids of several keys: write more of it");
    }
    repository.remove_key(Uuid::parse_str(name)?)?;
    if common.json {
        return put_json(&json!({"v": 1, "repository": about(&found, &repository), "removed": [name]}));
    }
    let slot = Slot::from_bytes(bytes).ok();
    crate::cli::line!(
        "{name} ({}) opens {} no longer; old copies of the repository still open with it",
        slot.as_ref().map_or("damaged", |s| s.kind.as_str()),
        found.name()
    );
    let configured = secret::configured(&found).and_then(|path| Some((crate::phoenix::KeyFile::read(&path).ok()?, path)));
    if let (Some(slot), Some((file, path))) = (slot, configured)
        && slot.unwrap(&Secret::KeyFile(file), repository.vault.id).is_ok()
    {
        let screen = Screen::here();
        crate::cli::line!(
            "{}",
            screen.warning(&format!("That was the config's key file {}: Jamey cannot open it any more.", path.display()))
        );
    }
    Ok(())
}

fn list(common: &Common, config: &Config, place: &Place) -> Result<()> {
    let found = place.find(config)?;
    let vault = Vault::open(&found.folder)?;
    let slots: Vec<(String, Result<Slot, String>)> =
        vault.slots()?.into_iter().map(|(name, bytes)| (name, Slot::from_bytes(&bytes).map_err(|e| e.to_string()))).collect();
    if common.json {
        let rows: Vec<Value> = slots
            .iter()
            .map(|(name, slot)| match slot {
                Ok(slot) => json!({"id": name, "kind": slot.kind, "made_at": slot.made_at.to_string(), "key": hex(&slot.key)}),
                Err(why) => json!({"id": name, "damaged": why}),
            })
            .collect();
        return put_json(
            &json!({"v": 1, "repository": {"path": found.folder, "id": vault.id, "append_only": vault.append_only}, "keys": rows}),
        );
    }
    let screen = Screen::here();
    crate::cli::line!("{}", screen.bold(&format!("{:<36}  {:<12} {:<19}  key", "id", "opened by", "since")));
    for (name, slot) in &slots {
        match slot {
            Ok(slot) => crate::cli::line!(
                "{:<36}  {:<12} {:<19}  {}",
                plain(name),
                plain(&slot.kind).replace('_', " "),
                when(slot.made_at, &config.zone()),
                hex(&slot.key)
            ),
            Err(why) => crate::cli::line!("{}", screen.bad(&format!("{:<36}  damaged: {}", plain(name), plain(why)))),
        }
    }
    Ok(())
}

fn export(common: &Common, config: &Config, asked: &Export) -> Result<()> {
    if asked.out.is_none() && (common.json || !std::io::stdout().is_terminal()) {
        bail!(
            "the words open everything, and this would print them into a pipe or a file that others may read: run it on a terminal, or say --out FILE"
        );
    }
    if let Some(path) = asked.out.as_ref().filter(|path| path.exists()) {
        bail!("{} is there already: take it away, or name another file", path.display());
    }
    let (found, repository) = asked.at.open(config)?;
    let words = repository.key().words();
    let date = when(now(), &config.zone());
    let text = match asked.sheet {
        true => sheet::page(
            &sheet::About {
                repository: &repository.vault.id.to_string(),
                folder: &found.folder.display().to_string(),
                key: &hex(&repository.key().id()),
                date: date.split(' ').next().unwrap_or_default(),
            },
            &words,
        ),
        false => zeroize::Zeroizing::new(format!("{}\n", words.as_str())),
    };
    let Some(path) = &asked.out else {
        crate::cli::put(&text);
        return Ok(());
    };
    write(path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
    if common.json {
        return put_json(&json!({"v": 1, "repository": about(&found, &repository), "out": path, "key": hex(&repository.key().id())}));
    }
    crate::cli::line!(
        "{} (0600): print it, put it away from the house, and delete the file: shred -u {}",
        path.display(),
        super::place::quoted(path)
    );
    crate::cli::line!(
        "Whether it is good, this shows: {}",
        command(common, &format!("phoenix list{} --words-file {}", found.flag(config), super::place::quoted(path)))
    );
    Ok(())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).owners_alone().open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The wrapped keys, without damaged ones: they open nothing, and are no reason to do nothing.
fn slots(repository: &Repository) -> Result<Vec<Slot>> {
    Ok(repository.vault.slots()?.iter().filter_map(|(_, bytes)| Slot::from_bytes(bytes).ok()).collect())
}

/// The wrapped key that this opens.
fn opened_by<'s>(slots: &'s [Slot], repository: &Repository, secret: &Secret) -> Option<&'s Slot> {
    slots.iter().find(|slot| slot.unwrap(secret, repository.vault.id).is_ok())
}

fn kind(secret: &Secret) -> &'static str {
    match secret {
        Secret::Passphrase(_) => "this passphrase",
        Secret::KeyFile(_) => "this key file",
        Secret::Words(_) => "these words",
    }
}

fn joined(ids: &[Uuid]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
