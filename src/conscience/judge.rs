//! From the rules that fire to a verdict: score, thresholds, decision.

use super::facts::{Known, View};
use super::rule::{AtExpiry, Kind};
use super::ternary::evaluate;
use super::value::Val;
use super::{Set, explain};
use crate::domain::{Contribution, Decision, Facts, Unit01, Verdict};

/// K: what a single rule must outweigh; our choice, so that one rule of weight 2 has a share of one half.
pub(super) const K: f64 = 2.0;
/// The risk from which a request needs trust even where no rule speaks.
pub(super) const CRITICAL_RISK: f64 = 0.6;

/// The two bars of the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// θ_allow in [-0.4, 0.6].
    pub allow: f64,
    /// θ_deny in [-1.15, 0.35], always at least 0.25 below the other.
    pub deny: f64,
}

impl Thresholds {
    /// A profile's caution, in [0, 0.3], raises both.
    #[must_use]
    pub fn with_caution(self, caution: f64) -> Self {
        Self { allow: self.allow + caution, deny: self.deny + caution }
    }
}

/// θ_allow = clamp(−0.05 + r(0.5−t) + 0.5ru + 0.2rm, −0.4, 0.6) and θ_deny = θ_allow − (0.25 + 0.5u);
/// risk r, trust t, uncertainty u and stress m in [0, 1].
#[must_use]
pub fn thresholds(risk: Unit01, trust: Unit01, uncertainty: Unit01, stress: Unit01) -> Thresholds {
    let (r, t, u, m) = (risk.get(), trust.get(), uncertainty.get(), stress.get());
    let allow = (-0.05 + r * (0.5 - t) + 0.5 * r * u + 0.2 * r * m).clamp(-0.4, 0.6);
    Thresholds { allow, deny: allow - (0.25 + 0.5 * u) }
}

/// The rules that can matter for a target and verb, and the signals they touch.
#[derive(Debug)]
pub(super) struct Applicable {
    /// Each with the signals that its value can still depend on.
    pub rules: Vec<(usize, Vec<usize>)>,
    /// Those of all of them.
    pub signals: Vec<usize>,
}

/// What the rules said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Rule and c = p·w·s·x.
    pub fired: Vec<(usize, f64)>,
    /// Vetoes that may be due.
    pub doubts: Vec<(usize, Doubt)>,
    /// Other rules, or degrees, that could not be evaluated.
    pub erred: Vec<(usize, &'static str)>,
    /// Signals that count and are missing or stale.
    pub missing: Vec<usize>,
}

/// Why it cannot be told whether a veto fires.
#[derive(Debug)]
pub(super) enum Doubt {
    /// It could not be evaluated, and why.
    Erred(&'static str),
    /// These signals have a source and were not heard.
    Unheard(Vec<usize>),
}

pub(super) fn judge(set: &Set, applicable: &Applicable, facts: &Facts) -> Verdict {
    let said = listen(set, applicable, facts);
    let (mut good, mut harm) = (0.0, 0.0);
    for (_, c) in &said.fired {
        if *c > 0.0 {
            good += c;
        } else {
            harm -= c;
        }
    }
    let whole = good + harm + K;
    let score = (good - harm) / whole;
    let uncertainty = match (said.missing.len(), applicable.signals.len()) {
        _ if !said.erred.is_empty() => 1.0,
        (0, _) | (_, 0) => 0.0,
        (missing, touched) => share(missing, touched),
    };
    let uncertainty = Unit01::clamped(uncertainty);
    let bars = thresholds(facts.dev.risk, facts.req.trust, uncertainty, facts.stress).with_caution(set.tuning.caution);
    let has = |kind: Kind| said.fired.iter().any(|(at, _)| set.rules.get(*at).is_some_and(|r| r.kind == kind));
    let (vetoed, asks, weighs) = (has(Kind::Veto), has(Kind::Escalate), has(Kind::Weigh));
    let decision = if vetoed {
        Decision::Deny
    } else {
        let by_score = if !asks && !weighs && facts.dev.risk.get() < set.tuning.trust_from {
            Decision::Allow
        } else if score >= bars.allow {
            if asks { Decision::Escalate } else { Decision::Allow }
        } else if score < bars.deny {
            Decision::Deny
        } else {
            Decision::Escalate
        };
        if said.doubts.is_empty() { by_score } else { by_score.max(Decision::Escalate) }
    };
    let contributions = contributions(set, &said, whole);
    let mut verdict =
        Verdict { decision, score, theta_allow: bars.allow, theta_deny: bars.deny, uncertainty, contributions, reason: String::new() };
    verdict.reason = explain::reason(set, applicable, facts, &said, &verdict);
    verdict
}

/// Whether what is left to a person may go on when nobody answers: only rules that say so ask, the score would allow it, and nothing
/// else is in doubt.
pub(super) fn expires_to_allow(set: &Set, applicable: &Applicable, facts: &Facts) -> bool {
    let (said, verdict) = (listen(set, applicable, facts), judge(set, applicable, facts));
    let asking = said.fired.iter().filter_map(|(at, _)| set.rules.get(*at)).filter(|r| r.kind == Kind::Escalate);
    let all = asking.map(|r| r.at_expiry == AtExpiry::Allow).reduce(|a, b| a && b);
    let clear = said.doubts.is_empty() && said.erred.is_empty() && verdict.score >= verdict.theta_allow;
    all == Some(true) && clear && verdict.decision == Decision::Escalate
}

/// Asks each rule that can matter. They come with the overriding before the overridden, so one that is silenced silences nobody.
fn listen(set: &Set, applicable: &Applicable, facts: &Facts) -> Said {
    let view = View { facts, signals: &set.signals, figures: None, known: Known::All };
    let heard = View { known: Known::Heard, ..view };
    let mut said = Said {
        missing: applicable.signals.iter().copied().filter(|at| set.signals.get(*at).is_some_and(|s| view.missing(s))).collect(),
        ..Said::default()
    };
    let sourced = |at: usize| set.signals.get(at).is_some_and(|s| s.sourced);
    let mut silenced: Vec<usize> = Vec::new();
    for (at, touches) in &applicable.rules {
        let (Some(rule), Some(terms)) = (set.rules.get(*at), set.terms.get(*at)) else { continue };
        if silenced.contains(at) {
            continue;
        }
        match evaluate(&terms.when, &view) {
            Val::Bool(true) => {
                let degree = match terms.degree.as_ref().map(|d| evaluate(d, &view)) {
                    None => 1.0,
                    Some(Val::Double(x)) if !x.is_nan() => x.clamp(0.0, 1.0),
                    Some(Val::Int(x)) => {
                        if x > 0 {
                            1.0
                        } else {
                            0.0
                        }
                    }
                    // How far it applies cannot be told: it counts in full, and the uncertainty is whole.
                    Some(other) => {
                        said.erred.push((*at, why(&other)));
                        1.0
                    }
                };
                said.fired.push((*at, f64::from(rule.polarity) * rule.weight * rule.severity * degree));
                silenced.extend(&terms.overrides);
            }
            Val::Bool(false) if rule.kind == Kind::Veto => {
                let gone: Vec<usize> = touches.iter().copied().filter(|s| said.missing.contains(s) && sourced(*s)).collect();
                if !gone.is_empty() && !matches!(evaluate(&terms.when, &heard), Val::Bool(false)) {
                    said.doubts.push((*at, Doubt::Unheard(gone)));
                }
            }
            Val::Bool(false) => {}
            other if rule.kind == Kind::Veto => said.doubts.push((*at, Doubt::Erred(why(&other)))),
            other => said.erred.push((*at, why(&other))),
        }
    }
    said
}

fn why(value: &Val<'_>) -> &'static str {
    match value {
        Val::Error(why) => why,
        _ => "it gave no answer of the right kind",
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let of = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
    of(part) / of(whole)
}

fn contributions(set: &Set, said: &Said, whole: f64) -> Vec<Contribution> {
    let mut all: Vec<Contribution> = said
        .fired
        .iter()
        .filter_map(|(at, c)| {
            let rule = set.rules.get(*at)?;
            let (kind, duty) = (rule.kind.as_str().to_owned(), rule.duty.as_str().to_owned());
            Some(Contribution { rule: rule.id.clone(), kind, share: c / whole, duty })
        })
        .collect();
    all.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()).then_with(|| a.rule.cmp(&b.rule)));
    all
}
