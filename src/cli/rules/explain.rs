//! `jamey rules explain ID|PERCEPT`: a rule in words, or a stored verdict taken apart: what it was given on, and what would have changed it.

use super::record::reader;
use crate::{
    app::{self, rules::told_rule as as_told},
    cli::Common,
    config::Config,
    conscience::{Rule, RuleSet, would_change},
    domain::SignalValue,
    store::VerdictRow,
};
use anyhow::bail;
use serde_json::{Value, json};
use uuid::Uuid;

/// # Errors
/// When there is no such rule, and no such verdict.
pub fn explain(common: &Common, what: &str) -> anyhow::Result<()> {
    let config = common.counts()?;
    let mut set = app::rules::sets(&config)?.live;
    if let Some(rule) = set.rules().find(|r| r.id == what).cloned() {
        return told_rule(common, &config, &rule);
    }
    let Ok(percept) = what.parse::<Uuid>() else {
        let like: Vec<&str> = set.rules().map(|r| r.id.as_str()).filter(|id| id.to_lowercase().contains(&what.to_lowercase())).collect();
        let hint = if like.is_empty() { "`jamey rules list` shows all".to_owned() } else { format!("is it one of {}?", like.join(", ")) };
        bail!("`{what}` is no rule, and no percept's id; {hint}");
    };
    let rows = reader(&config)?.verdict(percept)?;
    if rows.is_empty() {
        bail!("no verdict on {percept} is on record (refusals beyond 100 a client and hour are only counted)");
    }
    if common.json {
        let value: Vec<Value> = rows.iter().map(|row| app::rules::explained(&mut set, row)).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "percept": percept, "verdicts": value}))?);
        return Ok(());
    }
    rows.iter().for_each(|row| told_verdict(&mut set, row));
    Ok(())
}

fn told_rule(common: &Common, config: &Config, rule: &Rule) -> anyhow::Result<()> {
    let fired = reader(config).and_then(|r| Ok(r.fired(&rule.id)?)).ok();
    let signed = f64::from(rule.polarity) * rule.weight;
    let by =
        rule.weighed_by.as_ref().map_or_else(|| "its own file".to_owned(), |by| format!("{by}; its own file says {}", rule.own_weight));
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&as_told(rule, fired.as_ref()))?);
        return Ok(());
    }
    crate::cli::line!("{} ({}, {})", rule.id, rule.duty.as_str(), rule.file);
    if let Some(says) = &rule.says {
        crate::cli::line!("  {says}");
    }
    if let Some(source) = &rule.source {
        crate::cli::line!("  from: {source}");
    }
    let kind = match rule.kind.as_str() {
        "veto" => "denies, whatever speaks for the request",
        "escalate" => "asks a person where the score would allow",
        _ if rule.polarity > 0 => "speaks for the request",
        _ => "speaks against the request",
    };
    crate::cli::line!("  {kind}, when");
    rule.when.trim().lines().for_each(|line| crate::cli::line!("      {}", line.trim()));
    if let Some(degree) = &rule.degree {
        crate::cli::line!("  as far as {}", degree.trim());
    }
    crate::cli::line!(
        "  weight {signed} of 10 (from {by}), severity {}: alone it moves the score to {:+.2}",
        rule.severity,
        alone(signed * rule.severity)
    );
    if !rule.overrides.is_empty() {
        crate::cli::line!("  then these are silent: {}", rule.overrides.join(", "));
    }
    if rule.kind.as_str() != "veto" {
        crate::cli::line!(
            "  its weight {}",
            if rule.learnable { "may be learned from answers (`jamey rules learn`)" } else { "is never learned" }
        );
    }
    for example in &rule.examples {
        crate::cli::line!("  {} {}", if example.fires { "fires on: " } else { "silent on:" }, example.name);
    }
    match fired {
        Some(f) if f.times > 0 => {
            let last = f.last_at.map_or_else(String::new, |at| format!(", last at {at}"));
            crate::cli::line!("  fired {} times on the record{last}", f.times);
        }
        Some(_) => crate::cli::line!("  never fired on the record"),
        None => crate::cli::line!("  there is no record here yet"),
    }
    Ok(())
}

/// The score of one rule that speaks alone.
fn alone(c: f64) -> f64 {
    c / (c.abs() + 2.0)
}

fn told_verdict(set: &mut RuleSet, row: &VerdictRow) {
    let (v, f) = (&row.verdict, &row.facts);
    let on = if row.forwarded_at.is_some() { "it was let on" } else { "it was not let on" };
    crate::cli::line!("{}: {} asked {} {} ({})", row.at, row.requester, f.act.verb, f.act.target, row.topic);
    crate::cli::line!("  {}, {on}", v.reason);
    crate::cli::line!(
        "  who: {}, trust {:.2}{}{}",
        f.req.client,
        f.req.trust.get(),
        if f.req.human { ", a person" } else { "" },
        if f.req.role.is_empty() { String::new() } else { format!(", role {}", f.req.role) }
    );
    let tags: Vec<&str> = f.dev.tags.iter().map(String::as_str).collect();
    let tagged = if tags.is_empty() { String::new() } else { format!(", tagged {}", tags.join(", ")) };
    crate::cli::line!(
        "  what: {}, risk {:.2}{tagged}, {} commands in the minute before",
        f.dev.class.as_str(),
        f.dev.risk.get(),
        f.dev.cmds_60s
    );
    let signals: Vec<String> = f
        .ctx
        .0
        .iter()
        .map(|(name, (value, heard))| format!("{name} {}{}", shown(*value), if *heard { "" } else { " (not heard)" }))
        .collect();
    crate::cli::line!("  when: {}; stress {:.2}", signals.join(", "), f.stress.get());
    for c in &v.contributions {
        crate::cli::line!("  {:+.3}  {} ({}, {})", c.share, c.rule, c.kind, c.duty);
    }
    crate::cli::line!(
        "  {:+.3}  is the score: allowed from {:+.3} on, denied below {:+.3}; uncertainty {:.2}",
        v.score,
        v.theta_allow,
        v.theta_deny,
        v.uncertainty.get()
    );
    let now = set.judge(f);
    if now.decision != v.decision {
        crate::cli::line!("  the rules of today would say {}: {}", now.decision.as_str(), now.reason);
    }
    match &would_change(set, f)[..] {
        [] => crate::cli::line!("  no single thing would have changed it"),
        would => would.iter().for_each(|one| crate::cli::line!("  it would have been {one}")),
    }
}

fn shown(value: SignalValue) -> String {
    match value {
        SignalValue::Bool(b) => b.to_string(),
        SignalValue::Number(n) => n.to_string(),
    }
}
