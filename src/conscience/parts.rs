//! A verdict taken apart again: its shares give back what each rule added, and so what it would have been without one, or with more of one.

use super::Tuning;
use super::judge::K;
use crate::domain::{Decision, Facts, Verdict};

/// What each rule added to one verdict, and all else that decided.
#[derive(Debug, Clone)]
pub struct Parts<'v> {
    /// Rule, kind, and c = p·w·s·x.
    pub added: Vec<(&'v str, &'v str, f64)>,
    pub theta_allow: f64,
    pub theta_deny: f64,
    risk: f64,
    trust_from: f64,
    /// A veto that may be due held it open.
    doubted: bool,
}

impl<'v> Parts<'v> {
    #[must_use]
    pub fn of(verdict: &'v Verdict, facts: &Facts, tuning: Tuning) -> Self {
        // Shares are c/(Σ|c| + K): what is missing to one is K's.
        let rest = 1.0 - verdict.contributions.iter().map(|c| c.share.abs()).sum::<f64>();
        let whole = if rest > 0.0 { K / rest } else { f64::MAX };
        let added = verdict.contributions.iter().map(|c| (c.rule.as_str(), c.kind.as_str(), c.share * whole)).collect();
        let mut parts = Self {
            added,
            theta_allow: verdict.theta_allow,
            theta_deny: verdict.theta_deny,
            risk: facts.dev.risk.get(),
            trust_from: tuning.trust_from,
            doubted: false,
        };
        parts.doubted = parts.decision(|_, c| Some(c)) != verdict.decision;
        parts
    }

    /// The score when each rule adds what `change` makes of it; None: it is not there.
    #[must_use]
    pub fn score(&self, change: impl Fn(&str, f64) -> Option<f64>) -> f64 {
        let added = self.added.iter().filter_map(|(rule, _, c)| change(rule, *c));
        let (sum, size) = added.fold((0.0, K), |(sum, size), c| (sum + c, size + c.abs()));
        sum / size
    }

    /// The decision then. Overrides are left as they were: what a rule silenced stays silent without it.
    #[must_use]
    pub fn decision(&self, change: impl Fn(&str, f64) -> Option<f64>) -> Decision {
        let has = |kind: &str| self.added.iter().any(|(rule, of, c)| *of == kind && change(rule, *c).is_some());
        if has("veto") {
            return Decision::Deny;
        }
        let (asks, weighs, score) = (has("escalate"), has("weigh"), self.score(&change));
        let by_score = if !asks && !weighs && self.risk < self.trust_from {
            Decision::Allow
        } else if score >= self.theta_allow {
            if asks { Decision::Escalate } else { Decision::Allow }
        } else if score < self.theta_deny {
            Decision::Deny
        } else {
            Decision::Escalate
        };
        if self.doubted { by_score.max(Decision::Escalate) } else { by_score }
    }

    /// The decision without one rule.
    #[must_use]
    pub fn without(&self, rule: &str) -> Decision {
        self.decision(|id, c| (id != rule).then_some(c))
    }

    /// The decision with one rule's weight multiplied.
    #[must_use]
    pub fn times(&self, rule: &str, factor: f64) -> Decision {
        self.decision(|id, c| Some(if id == rule { c * factor } else { c }))
    }
}
