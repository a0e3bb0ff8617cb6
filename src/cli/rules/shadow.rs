//! `jamey rules shadow`: what the candidate that judges beside the rules came to.

use super::{record::reader, replay::named};
use crate::{app::view, cli::Common, domain::Disagreement};
use serde_json::json;

/// # Errors
/// When there is no store.
pub fn shadow(common: &Common, show: u32) -> anyhow::Result<()> {
    let config = common.load()?;
    let reader = reader(&config)?;
    let (tally, newest) = (reader.shadow()?, reader.disagreements(show)?);
    if common.json {
        let one = |d: &Disagreement| {
            json!({
                "percept": d.percept, "ordinal": d.ordinal, "at": d.at.to_string(), "requester": d.requester, "target": d.target, "verb": d.verb,
                "live": d.live, "shadow": d.shadow, "rule": d.rule, "reason": d.reason,
            })
        };
        let value = json!({"v": 1, "shadow": tally.as_ref().map(view::shadow), "newest": newest.iter().map(one).collect::<Vec<_>>()});
        crate::cli::line!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    let Some(tally) = tally else {
        crate::cli::line!(
            "no candidate has judged beside the rules yet: name one in the config, `[conscience] shadow = \"candidate.toml\"`"
        );
        return Ok(());
    };
    if config.conscience.shadow.is_none() {
        crate::cli::line!("no candidate judges now; this is what the last one came to");
    }
    crate::cli::line!(
        "{} judges beside the rules since {}: {} requests, {} disagreements",
        tally.candidate,
        tally.since,
        tally.judged,
        tally.disagreed
    );
    for (change, n) in &tally.changes {
        crate::cli::line!("  {n:>9}  {change}");
    }
    let mut rules: Vec<_> = tally.rules.iter().collect();
    rules.sort_by(|a, b| b.1.cmp(a.1));
    for (rule, n) in rules {
        crate::cli::line!("  {n:>9}  by {}", named(rule));
    }
    for d in &newest {
        let rule = named(d.rule.as_deref().unwrap_or_default());
        crate::cli::line!(
            "{}  {} asks {} {}: {}, the candidate says {} by {rule}",
            d.at,
            d.requester,
            d.verb,
            d.target,
            d.live.as_str(),
            d.shadow.as_str()
        );
        crate::cli::line!("    {}", d.reason);
    }
    Ok(())
}
