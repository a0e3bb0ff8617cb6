//! `jamey rules list`.

use super::Common;
use crate::app;
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every rule with its duty, kind and weight.
    List,
}

/// # Errors
/// When config or rules are refused.
pub fn rules(common: &Common, action: &Action) -> anyhow::Result<()> {
    let Action::List = action;
    let set = app::rules(&common.load()?)?;
    if common.json {
        let rows: Vec<_> = set.rules().map(|r| json!({"id": r.id, "duty": r.duty, "kind": r.kind, "polarity": r.polarity, "weight": r.weight, "severity": r.severity, "when": r.when})).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "rules": rows}))?);
        return Ok(());
    }
    crate::cli::line!("{:<30} {:<9} {:<16} {:>7}  when", "rule", "kind", "duty", "weight");
    for rule in set.rules() {
        let signed = f64::from(rule.polarity) * rule.weight;
        crate::cli::line!(
            "{:<30} {:<9} {:<16} {signed:>7.1}  {}",
            rule.id,
            rule.kind.as_str(),
            rule.duty.as_str(),
            rule.when.replace('\n', " ")
        );
    }
    Ok(())
}
