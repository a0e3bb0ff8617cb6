//! `jamey rules list`.

use crate::{app, cli::Common};
use serde_json::json;

/// # Errors
/// When config or rules are refused.
pub fn list(common: &Common) -> anyhow::Result<()> {
    let set = app::rules::sets(&common.counts()?)?.live;
    if common.json {
        let rows: Vec<_> = set.rules().map(app::rules::listed).collect();
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
