//! `jamey phoenix diff`: what became other between two snapshots.

use super::{At, about, pick::Pick, put_json};
use crate::{
    cli::{
        Common,
        paint::{Screen, plain, size},
        recall::when,
    },
    config::Config,
    phoenix::{Component, Difference, Manifest, Standing},
};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Args)]
pub struct Asked {
    /// The one to compare with: its number, `latest~1` for the last but one.
    #[arg(value_name = "BEFORE", default_value = "latest~1")]
    before: Pick,
    /// The other one.
    #[arg(value_name = "AFTER", default_value = "latest")]
    after: Pick,
    #[command(flatten)]
    at: At,
}

pub(super) fn diff(common: &Common, config: &Config, asked: &Asked) -> Result<()> {
    let (found, repository) = asked.at.open(config)?;
    let before = repository.manifest(asked.before.of(&repository.vault)?)?;
    let after = repository.manifest(asked.after.of(&repository.vault)?)?;
    let all = repository.diff(before.sequence, after.sequence)?;
    let counted = counted(&before, &after);
    let new_bytes: u64 = all.iter().map(|one| one.new_bytes).sum();
    if common.json {
        let counts: Vec<Value> = counted
            .iter()
            .map(|(component, what, from, to)| json!({"component": component.name(), "what": what, "before": from, "after": to}))
            .collect();
        return put_json(&json!({
            "v": 1, "repository": about(&found, &repository), "before": before.sequence, "after": after.sequence, "new_bytes": new_bytes,
            "files": all.iter().map(row).collect::<Vec<_>>(), "counts": counts,
        }));
    }
    let (screen, zone) = (Screen::here(), config.zone());
    let said = |one: &Manifest| format!("{} ({})", one.sequence, when(one.taken_at, &zone));
    crate::cli::line!("{}", screen.bold(&format!("{}: from {} to {}", found.name(), said(&before), said(&after))));
    for one in &all {
        tell(screen, one);
    }
    for (component, what, from, to) in &counted {
        crate::cli::line!("  {:<12}  {}: {from} → {to}", component.name(), plain(what).replace('_', " "));
    }
    let [added, removed, changed] = tally(&all);
    match all.len() {
        0 => crate::cli::line!("nothing became other"),
        _ => crate::cli::line!("{added} added, {removed} removed, {changed} changed; {} new", size(new_bytes)),
    }
    Ok(())
}

fn tell(screen: Screen, one: &Difference) {
    let name = format!("{:<12}  {}", one.component.name(), plain(&one.path));
    match one.standing {
        Standing::Added => crate::cli::line!("{}", screen.good(&format!("+ {name}  {}", size(one.bytes_after)))),
        Standing::Removed => crate::cli::line!("{}", screen.bad(&format!("- {name}  {}", size(one.bytes_before)))),
        Standing::Changed { .. } => {
            let sizes = match (one.bytes_before, one.bytes_after) {
                (before, after) if before == after => size(after),
                (before, after) => format!("{} → {}", size(before), size(after)),
            };
            crate::cli::line!("{}  {sizes}, {} new", screen.warning(&format!("~ {name}")), size(one.new_bytes));
        }
    }
}

fn tally(all: &[Difference]) -> [usize; 3] {
    let many = |is: fn(&Standing) -> bool| all.iter().filter(|one| is(&one.standing)).count();
    [
        many(|standing| *standing == Standing::Added),
        many(|standing| *standing == Standing::Removed),
        many(|standing| matches!(standing, Standing::Changed { .. })),
    ]
}

/// The counts that are not the same in both, of the components that both have.
fn counted(before: &Manifest, after: &Manifest) -> Vec<(Component, String, u64, u64)> {
    let mut all = Vec::new();
    for part in &after.parts {
        let Some(old) = before.part(part.component) else { continue };
        let of = |counts: &BTreeMap<String, u64>, what: &str| counts.get(what).copied().unwrap_or(0);
        let names: BTreeSet<&String> = old.counts.keys().chain(part.counts.keys()).collect();
        for what in names {
            let (from, to) = (of(&old.counts, what), of(&part.counts, what));
            if from != to {
                all.push((part.component, what.clone(), from, to));
            }
        }
    }
    all
}

fn row(one: &Difference) -> Value {
    let mut row = json!({
        "component": one.component.name(), "path": one.path, "bytes_before": one.bytes_before, "bytes_after": one.bytes_after,
        "new_bytes": one.new_bytes,
    });
    let (word, hashes) = match one.standing {
        Standing::Added => ("added", None),
        Standing::Removed => ("removed", None),
        Standing::Changed { from, to } => ("changed", Some((from, to))),
    };
    if let Some(row) = row.as_object_mut() {
        row.insert("change".into(), word.into());
        if let Some((from, to)) = hashes {
            row.insert("hash_before".into(), from.to_string().into());
            row.insert("hash_after".into(), to.to_string().into());
        }
    }
    row
}
