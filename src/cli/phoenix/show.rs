//! `jamey phoenix show`: what one snapshot holds, component by component and file by file.

use super::{At, about, now, pick::Pick, put_json};
use crate::{
    app,
    cli::{
        Common,
        paint::{Screen, plain, size, span},
        recall::when,
    },
    config::Config,
    phoenix::{Drilled, Id, Manifest, Part},
};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Args)]
pub struct Asked {
    /// Its number, `latest`, or `latest~1` for the one before.
    #[arg(value_name = "SNAPSHOT", default_value = "latest")]
    which: Pick,
    #[command(flatten)]
    at: At,
}

/// As many digits of a hash as a person compares.
const DIGITS: usize = 16;

pub(super) fn show(common: &Common, config: &Config, asked: &Asked) -> Result<()> {
    let (found, repository) = asked.at.open(config)?;
    let sequence = asked.which.of(&repository.vault)?;
    let manifest = repository.manifest(sequence)?;
    let hash = Id::of(&repository.vault.snapshot(sequence)?);
    let drilled = repository.list()?.into_iter().find(|one| one.sequence == sequence).and_then(|one| one.drilled);
    if common.json {
        let parts: Vec<Value> = manifest.parts.iter().map(part).collect();
        return put_json(&json!({
            "v": 1, "repository": about(&found, &repository), "sequence": sequence, "taken_at": manifest.taken_at.to_string(),
            "reason": manifest.reason, "node": manifest.node, "version": manifest.version, "hash": hash.to_string(),
            "previous": manifest.previous.map(|id| id.to_string()), "bytes": manifest.bytes(), "drilled": app::phoenix::drilled(drilled), "components": parts,
        }));
    }
    let (screen, zone) = (Screen::here(), config.zone());
    let ago = span(now().seconds_since(manifest.taken_at));
    crate::cli::line!(
        "{}",
        screen.bold(&format!("snapshot {sequence} of {}, {} ({ago} ago)", found.name(), when(manifest.taken_at, &zone)))
    );
    crate::cli::line!("  taken     by jamey {} on {}, {}", plain(&manifest.version), plain(&manifest.node), plain(&manifest.reason));
    crate::cli::line!("  size      {} in {}", size(manifest.bytes()), files(manifest.parts.iter().map(|part| part.items.len()).sum()));
    crate::cli::line!("  hash      {hash}");
    if let Some(previous) = manifest.previous {
        crate::cli::line!("  after     {previous}");
    }
    crate::cli::line!(
        "  drilled   {}",
        match drilled {
            None => "not yet: `jamey phoenix drill` does".to_owned(),
            Some(Drilled { at, passed: true, .. }) => screen.good(&format!("passed, {}", when(at, &zone))),
            Some(Drilled { at, passed: false, .. }) =>
                screen.bad(&format!("failed, {}: `jamey phoenix verify` says more", when(at, &zone))),
        }
    );
    for one in &manifest.parts {
        tell(screen, &manifest, one);
    }
    Ok(())
}

fn tell(screen: Screen, manifest: &Manifest, part: &Part) {
    let bytes = part.bytes();
    let head = format!("{:<12}  schema {}, {} in {}", part.component.name(), part.schema, size(bytes), files(part.items.len()));
    crate::cli::line!("\n{}{}", screen.bold(&head), bar(screen, bytes, manifest.bytes()));
    let counts = counts(&part.counts);
    if !counts.is_empty() {
        crate::cli::line!("{}", screen.wrapped("  ", &counts));
    }
    for item in &part.items {
        let hash: String = item.hash.to_string().chars().take(DIGITS).collect();
        crate::cli::line!("  {:>10}  {:04o}  {}  {}", size(item.bytes), item.mode & 0o7777, screen.faint(&hash), plain(&item.path));
    }
    crate::cli::line!("  {}", screen.faint(&format!("BLAKE3 of the whole: {}", part.hash())));
}

/// How much of the snapshot it is, where the screen can show that.
fn bar(screen: Screen, bytes: u64, of: u64) -> String {
    const CELLS: u64 = 20;
    if !screen.bars || of == 0 {
        return String::new();
    }
    let full = usize::try_from(bytes.saturating_mul(CELLS).div_ceil(of)).unwrap_or_default();
    format!("  {}", "█".repeat(full))
}

/// `12034 records, 20 verdicts`, without what there is none of.
pub(super) fn counts(counts: &BTreeMap<String, u64>) -> String {
    let some = counts.iter().filter(|(_, many)| **many > 0);
    some.map(|(what, many)| format!("{many} {}", plain(what).replace('_', " "))).collect::<Vec<_>>().join(", ")
}

pub(super) fn files(many: usize) -> String {
    if many == 1 { "1 file".to_owned() } else { format!("{many} files") }
}

fn part(part: &Part) -> Value {
    let items: Vec<Value> = part
        .items
        .iter()
        .map(|item| json!({"path": item.path, "mode": format!("{:04o}", item.mode & 0o7777), "bytes": item.bytes, "hash": item.hash.to_string()}))
        .collect();
    json!({
        "component": part.component.name(), "schema": part.schema, "counts": part.counts, "bytes": part.bytes(),
        "hash": part.hash().to_string(), "files": items,
    })
}
