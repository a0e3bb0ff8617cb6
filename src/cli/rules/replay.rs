//! `jamey rules replay`: what a candidate would have said to everything that was asked.

use super::record::{progress, reader, time};
use crate::{
    app,
    cli::Common,
    conscience::{Trial, Turned},
    store::Recorded,
};
use clap::Args;
use serde_json::json;
use std::{collections::VecDeque, path::PathBuf};

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

/// Requests read ahead of the judging, in lots: a fixed bound on memory.
const LOT: usize = 512;
const LOTS: usize = 8;

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
    let mut trial = Trial::new(live, candidate);
    let mut shown: VecDeque<(Recorded, Turned)> = VecDeque::new();
    let from = std::time::Instant::now();
    // Reading and judging take about as long: each has a thread.
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let (send, lots) = std::sync::mpsc::sync_channel::<Vec<Recorded>>(LOTS);
        let reading = scope.spawn(move || {
            let mut lot = Vec::with_capacity(LOT);
            reader.each_judged(time, |recorded| {
                lot.push(recorded);
                if lot.len() == LOT {
                    // Nobody listens any more only when judging failed.
                    let _ = send.send(std::mem::replace(&mut lot, Vec::with_capacity(LOT)));
                }
            })?;
            let _ = send.send(lot);
            Ok::<_, crate::store::StoreError>(())
        });
        for lot in lots {
            bar.inc(u64::try_from(lot.len())?);
            for recorded in lot {
                if let Some(turned) = trial.take(&recorded.facts, recorded.decision) {
                    shown.push_back((recorded, turned));
                    if shown.len() > options.show {
                        shown.pop_front();
                    }
                }
            }
        }
        reading.join().map_err(|_| anyhow::anyhow!("reading the record failed"))??;
        Ok(())
    })?;
    bar.finish_and_clear();
    let seconds = from.elapsed().as_secs_f64();
    tell(common, options, &trial, &shown, seconds)
}

fn tell(common: &Common, options: &Options, trial: &Trial, shown: &VecDeque<(Recorded, Turned)>, seconds: f64) -> anyhow::Result<()> {
    let changes: Vec<(String, u64)> = trial.changes.iter().map(|((a, b), n)| (format!("{} to {}", a.as_str(), b.as_str()), *n)).collect();
    let mut rules: Vec<(&str, u64)> = trial.rules.iter().map(|(rule, n)| (rule.as_str(), *n)).collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    if common.json {
        let one = |(r, t): &(Recorded, Turned)| {
            json!({
                "percept": r.percept, "ordinal": r.ordinal, "at": r.at.to_string(), "requester": r.facts.req.client, "target": r.facts.act.target,
                "verb": r.facts.act.verb, "from": t.from, "to": t.to, "rule": t.rule, "reason": t.reason,
            })
        };
        let value = json!({
            "v": 1, "judged": trial.judged, "changed": trial.changed(), "already": trial.already, "seconds": seconds,
            "changes": changes.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "rules": trial.rules, "shown": shown.iter().map(one).collect::<Vec<_>>(),
        });
        crate::cli::line!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    let with = options.with.display();
    crate::cli::line!("{} requests judged by the rules with {with} ({seconds:.1} s): {} verdicts change", trial.judged, trial.changed());
    for (change, n) in &changes {
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
