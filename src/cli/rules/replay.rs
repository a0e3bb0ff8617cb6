//! `jamey rules replay`: what a candidate would have said to everything that was asked.

use super::record::{progress, reader};
use crate::{
    app::{
        self,
        rules::{Order, Replayed, time},
    },
    cli::Common,
};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Options {
    /// From when on: 30d, 12h, 2026-03-01, 2026-03-01T08:00.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// The candidate: rules, weights, thresholds, `without`; laid over the rules of the config.
    #[arg(long, value_name = "FILE")]
    with: PathBuf,
    /// How many changed verdicts are shown, the newest.
    #[arg(long, default_value_t = 10, value_name = "N")]
    show: usize,
}

/// # Errors
/// When config, rules or candidate are refused, or there is no record.
pub fn replay(common: &Common, options: &Options) -> anyhow::Result<()> {
    let config = common.counts()?;
    let live = app::rules::sets(&config)?.live;
    let ruling = live.ruling().with(app::rules::candidate(&options.with)?);
    let candidate = crate::conscience::RuleSet::of(&ruling, &config.signals).map_err(app::rules::Refused)?;
    let reader = reader(&config)?;
    let time = time(&config, options.since.as_deref(), options.until.as_deref())?;
    let bar = progress(reader.recorded()?, common.json);
    let order = Order { live, candidate, time, show: options.show, most: u64::MAX };
    let replayed = app::rules::replay(reader, order, |many| {
        bar.inc(u64::try_from(many).unwrap_or(0));
        true
    })?;
    bar.finish_and_clear();
    replayed.map_or(Ok(()), |replayed| tell(common, options, &replayed))
}

fn tell(common: &Common, options: &Options, replayed: &Replayed) -> anyhow::Result<()> {
    let Replayed { trial, shown, seconds, .. } = replayed;
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&replayed.json())?);
        return Ok(());
    }
    let mut rules: Vec<(&str, u64)> = trial.rules.iter().map(|(rule, n)| (rule.as_str(), *n)).collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let with = options.with.display();
    crate::cli::line!("{} requests judged by the rules with {with} ({seconds:.1} s): {} verdicts change", trial.judged, trial.changed());
    for (change, n) in &replayed.changes() {
        crate::cli::line!("  {n:>9}  {change}");
    }
    if !rules.is_empty() {
        crate::cli::line!("by");
        for (rule, n) in &rules {
            crate::cli::line!("  {n:>9}  {}", named(rule));
        }
    }
    if trial.already > 0 {
        crate::cli::line!("{} more were decided otherwise than the rules of today would: not the candidate's doing", trial.already);
    }
    for (r, t) in shown.iter().rev() {
        crate::cli::line!(
            "{}  {} asks {} {}: {} to {} by {}",
            r.at,
            r.facts.req.client,
            r.facts.act.verb,
            r.facts.act.target,
            t.from.as_str(),
            t.to.as_str(),
            named(t.rule.as_deref().unwrap_or_default())
        );
        crate::cli::line!("    {}", t.reason);
    }
    Ok(())
}

/// A rule's name; what no rule did are the thresholds.
pub fn named(rule: &str) -> &str {
    if rule.is_empty() { "the thresholds" } else { rule }
}
