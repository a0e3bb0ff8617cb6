//! `jamey phoenix restore`: a snapshot, or some of it, to a new folder; never into what lives.

use super::{
    At, about,
    bar::Bar,
    now,
    pick::{Moment, Pick},
    place::quoted,
    put_json, show,
};
use crate::{
    app::phoenix::{Settled, settle},
    cli::{
        Common,
        paint::{Screen, plain, size, span},
        recall::when,
    },
    config::Config,
    phoenix::{Choice, Component, Repository, Restored, Sequence},
};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub struct Asked {
    /// Its number, `latest`, or `latest~1` for the one before.
    #[arg(value_name = "SNAPSHOT", required_unless_present = "before", conflicts_with = "before")]
    which: Option<Pick>,
    /// The newest that was taken before this time, on the clock of the house: 2026-11-25T03:00.
    #[arg(long, value_name = "TIME")]
    before: Option<Moment>,
    /// Where to: a folder that is new or empty.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Some of it only: database, broker, config, rules, access, certificates, index.
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',', value_parser = component)]
    components: Vec<Component>,
    /// Read, open and compare everything, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Refuse a repository whose newest snapshot has a smaller number: somebody put an older state of it there.
    #[arg(long, value_name = "NUMBER")]
    expect_at_least: Option<Sequence>,
    /// Say what to type next, on a host that has nothing yet.
    #[arg(long)]
    onto_fresh_host: bool,
    #[command(flatten)]
    at: At,
}

fn component(name: &str) -> Result<Component, String> {
    let all = || Component::ALL.map(Component::name).join(", ");
    Component::named(name).ok_or_else(|| format!("there are {}", all()))
}

pub(super) fn restore(common: &Common, config: &Config, asked: &Asked) -> Result<()> {
    let into = super::place::whole(&asked.into);
    if let Ok(leads_to) = std::fs::read_link(&into) {
        bail!(
            "{} is a link to {}: a restore puts a new folder in its place; name another, or where that leads",
            into.display(),
            leads_to.display()
        );
    }
    is_free(&into)?;
    let (found, repository) = asked.at.open(config)?;
    if into.starts_with(&found.folder) {
        bail!("{} lies in the repository: restore to another place", into.display());
    }
    let zone = config.zone();
    if let Some(least) = asked.expect_at_least {
        let newest = repository.newest()?.unwrap_or(0);
        if newest < least {
            bail!(
                "{}: the newest snapshot is {newest}, and you expect at least {least}: an older state of the repository lies there, or the wrong one",
                found.folder.display()
            );
        }
    }
    let sequence = match (asked.which, asked.before) {
        (_, Some(before)) => before.newest_before(&repository.list()?, &zone)?,
        (Some(which), None) => which.of(&repository.vault)?,
        (None, None) => bail!("say which snapshot: its number, `latest`, or --before TIME"),
    };
    let manifest = repository.manifest(sequence).with_context(|| advice(&repository, sequence))?;
    let components: BTreeSet<Component> = asked.components.iter().copied().collect();
    let choice = Choice { components: (!components.is_empty()).then_some(components), dry_run: asked.dry_run, ..Choice::default() };
    let mut bar = Bar::new(if asked.dry_run { "read" } else { "restored" }, common.json);
    let finish = |at: &Path| if asked.dry_run { Ok(Settled::default()) } else { settle(at, &into, &manifest) };
    let (restored, settled) = repository
        .restore_and(sequence, &choice, &into, &mut |step| bar.step(step), finish)
        .with_context(|| advice(&repository, sequence))?;
    drop(bar);
    if common.json {
        let parts: serde_json::Map<_, _> = restored
            .parts
            .iter()
            .map(|(component, (schema, counts))| (component.name().to_owned(), json!({"schema": schema, "counts": counts})))
            .collect();
        let named =
            |all: &[(String, PathBuf)]| all.iter().map(|(option, path)| json!({"option": option, "path": path})).collect::<Vec<_>>();
        return put_json(&json!({
            "v": 1, "repository": about(&found, &repository), "sequence": sequence, "taken_at": manifest.taken_at.to_string(), "into": into,
            "dry_run": asked.dry_run, "bytes": restored.bytes, "files": restored.files, "components": parts, "config": settled.config,
            "missing": named(&settled.missing), "next": if asked.dry_run { Vec::new() } else { next(&settled, &into).to_vec() },
        }));
    }
    let ago = span(now().seconds_since(manifest.taken_at));
    let of = format!("snapshot {sequence} of {} ({ago} ago)", when(manifest.taken_at, &zone));
    tell(&restored, &of, &into, asked.dry_run);
    if !asked.dry_run {
        tell_settled(&settled, &into, asked.onto_fresh_host);
    }
    Ok(())
}

fn tell(restored: &Restored, of: &str, into: &Path, dry_run: bool) {
    let screen = Screen::here();
    let much = format!("{} in {}", size(restored.bytes), show::files(usize::try_from(restored.files).unwrap_or(usize::MAX)));
    match dry_run {
        true => crate::cli::line!("{}: {of} can be restored: {much}; nothing was written", screen.good("whole")),
        false => crate::cli::line!("{}: {of} is in {}: {much}", screen.good("restored"), into.display()),
    }
    for (component, (schema, counts)) in &restored.parts {
        let counts = Some(show::counts(counts)).filter(|some| !some.is_empty()).map_or_else(String::new, |some| format!(": {some}"));
        crate::cli::line!("{}", screen.wrapped(&format!("  {:<12}  ", component.name()), &format!("schema {schema}{counts}")));
    }
}

/// What a person has to know of it before it is started.
fn tell_settled(settled: &Settled, into: &Path, onto_fresh_host: bool) {
    let screen = Screen::here();
    if let Some((before, after)) = settled.schema.filter(|(before, after)| before != after) {
        crate::cli::line!("the database was brought from schema {before} to {after}");
    }
    if !settled.missing.is_empty() {
        crate::cli::line!(
            "{}",
            screen.warning("The config names these files, and they are in no snapshot; put them there before the start:")
        );
        for (option, path) in &settled.missing {
            let lost = if option.ends_with(".key_file") {
                format!(" (lost? `jamey phoenix key add --new-key-file {}` makes one)", quoted(path))
            } else {
                String::new()
            };
            crate::cli::line!("  {option}: {}{}", plain(&path.display().to_string()), plain(&lost));
        }
    }
    if onto_fresh_host {
        crate::cli::line!("\n{}", screen.bold("Type these three, as the user who is to run it:"));
        for command in next(settled, into) {
            crate::cli::line!("  {command}");
        }
    }
    crate::cli::line!("{} says what is in it, and how to start it", into.join("RESTORED.txt").display());
}

/// Look whether it is good, start it, and ask from another terminal whether it is ready.
fn next(settled: &Settled, into: &Path) -> [String; 3] {
    let [check, run] = settled.commands(into);
    let health = check.replacen("jamey check", "jamey health", 1);
    [check, run, health]
}

/// Not in a folder that a Jamey lives in, nor over anything.
fn is_free(into: &Path) -> Result<()> {
    let lives = |folder: &&Path| folder.join("jamey.db").exists();
    if let Some(data) = into.ancestors().find(lives) {
        bail!("{} is or lies in the data folder {}: restore to a new folder, and start Jamey there", into.display(), data.display());
    }
    match std::fs::read_dir(into).map(|mut all| all.next().is_some()) {
        Ok(true) => Err(crate::phoenix::PhoenixError::NotEmpty { path: into.to_owned() }.into()),
        _ => Ok(()),
    }
}

/// What else there is, where this one cannot be restored.
fn advice(repository: &Repository, sequence: Sequence) -> String {
    let readable = |list: Vec<crate::phoenix::Listed>| {
        list.into_iter().rev().find(|one| one.sequence < sequence && one.manifest.is_ok()).map(|one| one.sequence)
    };
    let other = repository.list().ok().and_then(readable);
    let other =
        other.map_or_else(String::new, |other| format!("; snapshot {other} is the one before, and --components restores some of this one"));
    format!("snapshot {sequence} was not restored, and nothing was written{other}")
}
