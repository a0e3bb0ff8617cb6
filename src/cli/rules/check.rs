//! `jamey rules check [FILE…]`: everything that is wrong with the rules, each with its line and a caret under it.

use crate::{app, cli::Common};
use std::path::PathBuf;

/// # Errors
/// With all that is wrong.
pub fn check(common: &Common, files: &[PathBuf]) -> anyhow::Result<()> {
    let config = common.counts()?;
    let mut rulings = app::rules::rulings(&config)?;
    let before = app::rules::compile(&rulings, &config.signals);
    let named = |path: &PathBuf| config.conscience.rules.contains(path) || config.conscience.shadow.as_ref() == Some(path);
    let mut laid = Vec::new();
    for path in files.iter().filter(|path| !named(path)) {
        let candidate = app::rules::candidate(path)?;
        laid.push(candidate.name.clone());
        rulings.live = rulings.live.with(candidate);
    }
    // What is wrong without the files is wrong with them.
    let before = if laid.is_empty() { None } else { Some(before?) };
    let sets = app::rules::compile(&rulings, &config.signals)?;
    let checked = app::rules::check(before.as_ref(), &sets, &laid);
    if common.json {
        crate::cli::line!("{}", checked.json());
        return Ok(());
    }
    crate::cli::line!("good: {} rules, {} examples behave", checked.rules, checked.examples);
    for (file, count) in &checked.files {
        crate::cli::line!("  {file}: {count}");
    }
    if !checked.replaced.is_empty() {
        crate::cli::line!("in place of rules of the same id: {}", checked.replaced.join(", "));
    }
    if let Some(shadow) = &sets.shadow {
        crate::cli::line!("the shadow is good too: {} rules", shadow.rules().count());
    }
    Ok(())
}
