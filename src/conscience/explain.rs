//! The reason of a verdict: one plain sentence for a person, with the numbers that decided.

use super::Set;
use super::judge::{Doubt, Said};
use super::rule::{Kind, Rule};
use crate::domain::{Contribution, Decision, DeviceClass, Facts, Verdict};

pub(super) fn reason(set: &Set, facts: &Facts, said: &Said, verdict: &Verdict) -> String {
    let mut text = match verdict.decision {
        Decision::Deny => denied(facts, set, said, verdict),
        Decision::Allow => allowed(facts, verdict),
        Decision::Escalate => asked(facts, set, said, verdict),
    };
    if let Some((rule, why)) = said.erred.first().and_then(|(at, why)| Some((set.rules.get(*at)?, why))) {
        text.push_str(&format!("; {} could not be evaluated ({why})", rule.id));
    }
    text
}

fn denied(facts: &Facts, set: &Set, said: &Said, verdict: &Verdict) -> String {
    let vetoes: Vec<String> = verdict.contributions.iter().filter(|c| c.kind == "veto").map(named).collect();
    let (score, bar) = beside(verdict.score, verdict.theta_deny);
    match (vetoes.len(), against(verdict)) {
        (0, Some(worst)) if verdict.theta_deny > 0.0 => {
            let because = because(facts, set, said);
            format!("denied: {because}, and {} weighs {}; the score {score} is below {bar}", named(worst), number(worst.share))
        }
        (0, Some(worst)) => {
            format!("denied: {} weighs {}; the score {score} is below {bar}", named(worst), number(worst.share))
        }
        (0, None) => {
            let because = because(facts, set, said);
            format!("denied: {because}; the score {score} is below {bar}")
        }
        (1, _) => format!("denied: {} forbids it", listed(&vetoes)),
        _ => format!("denied: {} forbid it", listed(&vetoes)),
    }
}

fn allowed(facts: &Facts, verdict: &Verdict) -> String {
    if let Some(worst) = against(verdict) {
        let (score, bar) = (number(verdict.score), number(verdict.theta_allow));
        return format!("allowed: {} weighs {}, but the score {score} reaches {bar}", named(worst), number(worst.share));
    }
    match verdict.contributions.first() {
        Some(best) => format!("allowed: {} speaks for it and no rule objects", named(best)),
        None if facts.dev.risk.get() >= 0.6 => {
            format!("allowed: no rule objects, and {} is trusted ({})", facts.req.client, number(facts.req.trust.get()))
        }
        None => "allowed: no rule objects".to_owned(),
    }
}

fn asked(facts: &Facts, set: &Set, said: &Said, verdict: &Verdict) -> String {
    match said.doubts.first().and_then(|(at, doubt)| Some((titled(set.rules.get(*at)?), doubt))) {
        Some((rule, Doubt::Erred(why))) => return format!("asked back: {rule} could not be evaluated ({why}), and it is a veto"),
        Some((rule, Doubt::Unheard(signals))) => {
            return format!("asked back: {rule} may forbid it, and {} not known now", told(set, signals));
        }
        None => {}
    }
    let asking = verdict.contributions.iter().find(|c| c.kind == Kind::Escalate.as_str());
    if let Some(asking) = asking {
        return format!("asked back: {} wants a person's word", named(asking));
    }
    let bars = |v: &Verdict| format!("{} lies between {} and {}", number(v.score), number(v.theta_deny), number(v.theta_allow));
    match against(verdict) {
        Some(worst) => format!("asked back: {} weighs {}; the score {}", named(worst), number(worst.share), bars(verdict)),
        None => {
            let because = because(facts, set, said);
            format!("asked back: nothing speaks against it, but {because}")
        }
    }
}

/// What raised the bar where no rule speaks against a request.
fn because(facts: &Facts, set: &Set, said: &Said) -> String {
    let mut parts = vec![format!("{} is risky ({})", with_article(facts.dev.class), number(facts.dev.risk.get()))];
    if facts.req.trust.get() < 0.5 {
        parts.push(format!("{} is not yet trusted ({})", facts.req.client, number(facts.req.trust.get())));
    }
    if !said.missing.is_empty() {
        parts.push(format!("{} not known", told(set, &said.missing)));
    }
    if facts.stress.get() >= 0.2 {
        parts.push(format!("recent events call for caution ({})", number(facts.stress.get())));
    }
    listed(&parts)
}

fn against(verdict: &Verdict) -> Option<&Contribution> {
    verdict.contributions.iter().find(|c| c.share < 0.0)
}

fn named(c: &Contribution) -> String {
    format!("{} ({})", c.rule, c.duty)
}

fn titled(rule: &Rule) -> String {
    format!("{} ({})", rule.id, rule.duty.as_str())
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The names of at most four signals, with `is` or `are`.
fn told(set: &Set, at: &[usize]) -> String {
    let mut names: Vec<String> = at.iter().take(4).filter_map(|s| set.signals.get(*s)).map(|s| s.name.clone()).collect();
    if at.len() > 4 {
        names.push(format!("{} more", at.len() - 4));
    }
    format!("{} {}", listed(&names), if names.len() == 1 { "is" } else { "are" })
}

/// At most two digits after the point, no trailing zeros, no minus zero.
fn number(value: f64) -> String {
    digits(value, 2)
}

fn digits(value: f64, after_point: usize) -> String {
    let text = format!("{value:.after_point$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The score and the bar it missed or reached, with as many digits as it takes to tell them apart.
fn beside(score: f64, bar: f64) -> (String, String) {
    let written = |n| (digits(score, n), digits(bar, n));
    (2..=6).map(written).find(|(a, b)| a != b).unwrap_or_else(|| written(2))
}

fn with_article(class: DeviceClass) -> String {
    match class {
        DeviceClass::Unknown => "a device of unknown kind".to_owned(),
        DeviceClass::Media => "a media player".to_owned(),
        DeviceClass::Climate => "a heating control".to_owned(),
        DeviceClass::Medical => "a medical device".to_owned(),
        DeviceClass::CoAlarm => "a CO alarm".to_owned(),
        DeviceClass::AlarmPanel | DeviceClass::Interlock => format!("an {}", class.as_str().replace('_', " ")),
        _ => format!("a {}", class.as_str().replace('_', " ")),
    }
}
