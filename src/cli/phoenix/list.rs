//! `jamey phoenix list`: the snapshots of a repository, newest first; damaged ones are named.

use super::{At, about, now, put_json};
use crate::{
    app,
    cli::{
        Common,
        paint::{Screen, plain, size, span},
        recall::when,
    },
    config::Config,
    phoenix::{Drilled, Manifest},
};
use anyhow::Result;
use serde_json::{Value, json};

pub(super) fn list(common: &Common, config: &Config, at: &At) -> Result<()> {
    let (found, repository) = at.open(config)?;
    let mut all = repository.list()?;
    all.reverse();
    let bytes: u64 = repository.vault.packs()?.iter().map(|(_, bytes)| bytes).sum();
    if common.json {
        let rows: Vec<Value> = all.iter().map(app::phoenix::listed).collect();
        return put_json(&json!({"v": 1, "repository": about(&found, &repository), "bytes": bytes, "snapshots": rows}));
    }
    if all.is_empty() {
        crate::cli::line!("{}: no snapshot yet: `jamey phoenix snapshot` takes the first", found.name());
        return Ok(());
    }
    let (screen, zone, now) = (Screen::here(), config.zone(), now());
    let head = format!("{:>6}  {:<19}  {:<12} {:<10} {:>10}  {:<8} components", "number", "taken", "", "reason", "size", "drilled");
    crate::cli::line!("{}", screen.bold(&head));
    for one in &all {
        match &one.manifest {
            Ok(manifest) => {
                let ago = format!("{} ago", span(now.seconds_since(manifest.taken_at)));
                let first = format!(
                    "{:>6}  {}  {ago:<12} {:<10} {:>10}  {} ",
                    one.sequence,
                    when(manifest.taken_at, &zone),
                    plain(&manifest.reason),
                    size(manifest.bytes()),
                    drilled(screen, one.drilled),
                );
                crate::cli::line!("{first}{}", components(manifest));
            }
            Err(why) => crate::cli::line!("{}", screen.bad(&format!("{:>6}  damaged: {}", one.sequence, plain(why)))),
        }
    }
    let damaged = all.iter().filter(|one| one.manifest.is_err()).count();
    let but = if damaged > 0 { format!(", {damaged} of them damaged: `jamey phoenix verify` says what to do") } else { String::new() };
    let few = if all.len() == 1 { "1 snapshot" } else { &format!("{} snapshots", all.len()) };
    crate::cli::line!("{}: {few} in {}{but}", found.name(), size(bytes));
    Ok(())
}

fn drilled(screen: Screen, drilled: Option<Drilled>) -> String {
    match drilled {
        None => screen.faint(&format!("{:<8}", "not yet")),
        Some(Drilled { passed: true, .. }) => screen.good(&format!("{:<8}", "passed")),
        Some(Drilled { passed: false, .. }) => screen.bad(&format!("{:<8}", "failed")),
    }
}

fn components(manifest: &Manifest) -> String {
    manifest.parts.iter().map(|part| part.component.name()).collect::<Vec<_>>().join(", ")
}
