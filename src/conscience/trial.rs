//! A candidate tried on what was asked before: which verdicts would be others, and which rule it is.

use super::{RuleSet, turned_by};
use crate::domain::{Decision, Facts};
use std::collections::BTreeMap;

/// The rules as they are, a candidate, and what their differences came to.
pub struct Trial {
    live: RuleSet,
    candidate: RuleSet,
    pub judged: u64,
    /// From, to, and how often.
    pub changes: BTreeMap<(Decision, Decision), u64>,
    /// By rule; what no rule did is under an empty name.
    pub rules: BTreeMap<String, u64>,
    /// Verdicts that the rules as they are now would give otherwise too, by themselves, and as the candidate.
    pub already: u64,
}

/// One verdict that would be another.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    pub from: Decision,
    pub to: Decision,
    pub rule: Option<String>,
    pub reason: String,
}

impl Trial {
    #[must_use]
    pub fn new(live: RuleSet, candidate: RuleSet) -> Self {
        Self { live, candidate, judged: 0, changes: BTreeMap::new(), rules: BTreeMap::new(), already: 0 }
    }

    /// A recorded request with the decision on record.
    pub fn take(&mut self, facts: &Facts, decision: Decision) -> Option<Turned> {
        self.judged += 1;
        let fresh = self.candidate.judge(facts);
        if fresh.decision == decision {
            return None;
        }
        let now = self.live.judge(facts);
        if now.decision == fresh.decision {
            self.already += 1;
            return None;
        }
        let rule = turned_by(&now.contributions, &fresh.contributions).map(str::to_owned);
        *self.changes.entry((decision, fresh.decision)).or_default() += 1;
        *self.rules.entry(rule.clone().unwrap_or_default()).or_default() += 1;
        Some(Turned { from: decision, to: fresh.decision, rule, reason: fresh.reason })
    }

    #[must_use]
    pub fn changed(&self) -> u64 {
        self.changes.values().sum()
    }
}
