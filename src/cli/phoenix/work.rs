//! `jamey phoenix snapshot`, `drill` and `prune`: by the running Jamey, or by this process where none runs.

use super::{
    At,
    bar::Bar,
    place::{Found, command},
    put_json, show,
};
use crate::{
    app::phoenix::{Came, ForOnce, Snapped, Swept, Trial, Which, drill_now, prune_now, snapshot_now},
    cli::{
        Common,
        paint::{Screen, plain, size, span},
    },
    config::{Config, Extra},
    phoenix::Sequence,
};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Snapshot {
    #[command(flatten)]
    at: At,
    /// Take this in too, whatever the config says.
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    include: Vec<Included>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Included {
    Certificates,
    Index,
}

#[derive(Debug, Args)]
pub struct Drill {
    /// Which snapshot; without it, the newest.
    #[arg(value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    number: Option<Sequence>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    at: At,
    /// Say what would go, and let nothing go.
    #[arg(long)]
    dry_run: bool,
    /// How many of the last ones stay, whatever the config says.
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,
    /// For how many days the newest of the day stays.
    #[arg(long, value_name = "N")]
    keep_daily: Option<u32>,
    /// For how many weeks the newest of the week stays.
    #[arg(long, value_name = "N")]
    keep_weekly: Option<u32>,
    /// For how many months the newest of the month stays.
    #[arg(long, value_name = "N")]
    keep_monthly: Option<u32>,
}

pub(super) fn snapshot(common: &Common, config: &Config, asked: &Snapshot) -> Result<()> {
    let include = asked.include.iter().map(|one| match one {
        Included::Certificates => Extra::Certificates,
        Included::Index => Extra::Index,
    });
    let once = ForOnce { include: include.collect(), ..ForOnce::default() };
    let mut bar = Bar::new("saved", common.json);
    let came = which(config, &asked.at, |which| snapshot_now(config, which, &once, &mut |step| bar.step(step)))?;
    drop(bar);
    report(common, &came, |screen, one: &Snapped| {
        let left_out: String =
            one.left_out.iter().map(|what| format!("\n  {}", screen.warning(&format!("left out: {}", plain(what))))).collect();
        format!(
            "snapshot {}: {}, of that {} new ({} of {} chunks), in {}{left_out}",
            one.sequence,
            size(one.bytes),
            size(one.written),
            one.new_chunks,
            one.chunks,
            took(one.took_millis)
        )
    })
}

pub(super) fn drill(common: &Common, config: &Config, asked: &Drill) -> Result<()> {
    if asked.number.is_some() && asked.at.place.repository.is_none() && config.phoenix.repositories.len() > 1 {
        bail!("snapshot numbers are of one repository: say which, with --repository");
    }
    let mut bar = Bar::new("restored for trial", common.json);
    let came = which(config, &asked.at, |which| drill_now(config, which, asked.number, &mut |step| bar.step(step)))?;
    drop(bar);
    report(common, &came, |screen, one: &Trial| {
        let read = format!(
            "{} in {}, in {}",
            size(one.bytes),
            show::files(usize::try_from(one.files).unwrap_or(usize::MAX)),
            took(one.took_millis)
        );
        match one.passed {
            true => format!("snapshot {}: {}: {read}", one.sequence, screen.good("passed")),
            false => {
                let wrong: String = one.wrong.iter().map(|what| format!("\n  {}", plain(what))).collect();
                format!("snapshot {}: {}: {read}{wrong}", one.sequence, screen.bad("failed"))
            }
        }
    })?;
    let failed: Vec<&str> =
        came.iter().filter(|one| one.came.as_ref().is_ok_and(|trial| !trial.passed)).map(|one| one.repository.as_str()).collect();
    if !failed.is_empty() {
        bail!("the drill failed in {}: `{}` says what is damaged", failed.join(", "), command(common, "phoenix verify --everything"));
    }
    Ok(())
}

pub(super) fn prune(common: &Common, config: &Config, asked: &Prune) -> Result<()> {
    let Prune { keep_last, keep_daily, keep_weekly, keep_monthly, .. } = *asked;
    let once = ForOnce { keep_last, keep_daily, keep_weekly, keep_monthly, ..ForOnce::default() };
    let mut bar = Bar::new("written anew", common.json);
    let came = which(config, &asked.at, |which| prune_now(config, which, &once, asked.dry_run, &mut |step| bar.step(step)))?;
    drop(bar);
    report(common, &came, |screen, one: &Swept| {
        let (go, stay) = if one.dry_run { ("would go", "would stay") } else { ("are gone", "stay") };
        let gone = match one.removed.as_slice() {
            [] => String::new(),
            some => format!(" ({})", some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
        let lost = |(sequence, chunks): (&Sequence, &u64)| {
            let what = format!(
                "snapshot {sequence} stays and is not whole: {chunks} of its chunks are lost; `jamey phoenix verify` says where they were"
            );
            format!("\n  {}", screen.warning(&what))
        };
        let lost: String = one.lost.iter().map(lost).collect();
        format!(
            "{} snapshots {go}{gone}, {} {stay}; {} → {}, in {}{lost}",
            one.removed.len(),
            one.kept.len(),
            size(one.bytes_before),
            size(one.bytes_after),
            took(one.took_millis)
        )
    })
}

/// Each of the config, or the one that is named; with a secret of one's own it is as if no config named it.
fn which<T>(config: &Config, at: &At, work: impl FnOnce(Which) -> Result<T>) -> Result<T> {
    if at.place.repository.is_none() && !at.opens.is_given() && !config.phoenix.repositories.is_empty() {
        return work(Which::All);
    }
    let found: Found = at.place.find(config)?;
    match found.entry {
        Some(entry) if !at.opens.is_given() => work(Which::Named(&entry.name)),
        _ => {
            let (found, opening) = at.opening(config)?;
            work(Which::Other { folder: &found.folder, secret: &opening.secret })
                .with_context(|| format!("{}, opened with {}", found.folder.display(), opening.from))
        }
    }
}

/// What came of it in each, and a failure where it went wrong in one.
fn report<T: Serialize>(common: &Common, came: &[Came<T>], words: impl Fn(Screen, &T) -> String) -> Result<()> {
    let failed = came.iter().filter(|one| one.came.is_err()).count();
    if common.json {
        let rows: Vec<_> = came
            .iter()
            .map(|one| match &one.came {
                Ok(done) => json!({"repository": one.repository, "path": one.path, "done": done}),
                Err(why) => json!({"repository": one.repository, "path": one.path, "error": why}),
            })
            .collect();
        put_json(&json!({"v": 1, "repositories": rows}))?;
    } else {
        let screen = Screen::here();
        for one in came {
            match &one.came {
                Ok(done) => crate::cli::line!("{}: {}", one.repository, words(screen, done)),
                Err(why) => eprintln!("{}: {}", one.repository, screen.bad(&plain(why))),
            }
        }
    }
    if failed > 0 {
        let of = came.len();
        bail!("it went wrong in {failed} of {of} repositories");
    }
    Ok(())
}

fn took(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => span(Duration::from_millis(millis).as_secs_f64()),
    }
}
