//! `jamey rules check [FILE…]`: everything that is wrong with the rules, each with its line and a caret under it.

use crate::{app, cli::Common};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// # Errors
/// With all that is wrong.
pub fn check(common: &Common, files: &[PathBuf]) -> anyhow::Result<()> {
    let config = common.counts()?;
    let mut rulings = app::rules::rulings(&config)?;
    let named = |path: &PathBuf| config.conscience.rules.contains(path) || config.conscience.shadow.as_ref() == Some(path);
    for path in files.iter().filter(|path| !named(path)) {
        rulings.live = rulings.live.with(app::rules::candidate(path)?);
    }
    let before: Vec<String> = if rulings.live.candidates.is_empty() { Vec::new() } else { ids(&app::rules::sets(&config)?) };
    let sets = app::rules::compile(&rulings, &config.signals)?;
    let (mut by_file, mut examples) = (BTreeMap::<&str, usize>::new(), 0);
    for rule in sets.live.rules() {
        *by_file.entry(rule.file.as_str()).or_default() += 1;
        examples += rule.examples.len();
    }
    let rules = sets.live.rules().count();
    let candidate = |file: &str| rulings.live.candidates.iter().any(|c| c.name == file);
    let laid: Vec<_> = sets.live.rules().filter(|r| candidate(&r.file)).collect();
    let replaced: Vec<&str> = laid.iter().filter(|r| before.contains(&r.id)).map(|r| r.id.as_str()).collect();
    if common.json {
        let value = json!({"v": 1, "status": "ok", "rules": rules, "examples": examples, "files": by_file, "replaced": replaced, "digest": rulings.live.digest()});
        crate::cli::line!("{value}");
        return Ok(());
    }
    crate::cli::line!("good: {rules} rules, {examples} examples behave");
    for (file, count) in &by_file {
        crate::cli::line!("  {file}: {count}");
    }
    if !replaced.is_empty() {
        crate::cli::line!("in place of rules of the same id: {}", replaced.join(", "));
    }
    if let Some(shadow) = &sets.shadow {
        crate::cli::line!("the shadow is good too: {} rules", shadow.rules().count());
    }
    Ok(())
}

fn ids(sets: &app::rules::Sets) -> Vec<String> {
    sets.live.rules().map(|r| r.id.clone()).collect()
}
