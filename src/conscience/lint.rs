//! What a long record says of the rules: which never speak, which always do, which are never heard, and which weights change nothing.

use super::parts::Parts;
use super::rule::Kind;
use super::{RuleSet, Set, term::Term};
use crate::domain::{Decision, Facts};
use std::collections::{BTreeMap, BTreeSet};

/// Counts of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests on which it could have spoken: its class, verb, tags and so on.
    pub applied: u64,
    pub fired: u64,
    /// Verdicts that would be others without it, and with twice its weight.
    pub decided: u64,
    pub doubled: u64,
    /// Times when another rule's veto decided anyway.
    pub beside_veto: u64,
}

/// What is said of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub rule: String,
    pub code: &'static str,
    pub text: String,
}

/// Gathers over the record.
pub struct Lint {
    rules: RuleSet,
    pub judged: u64,
    counts: BTreeMap<String, Counts>,
}

impl Lint {
    #[must_use]
    pub fn new(rules: RuleSet) -> Self {
        let counts = rules.rules().map(|r| (r.id.clone(), Counts::default())).collect();
        Self { rules, judged: 0, counts }
    }

    pub fn take(&mut self, facts: &Facts) {
        self.judged += 1;
        let applicable = self.rules.applicable(facts);
        for (at, _) in &applicable.rules {
            if let Some(counts) = self.rules.set.rules.get(*at).and_then(|r| self.counts.get_mut(&r.id)) {
                counts.applied += 1;
            }
        }
        let verdict = self.rules.judge(facts);
        let parts = Parts::of(&verdict, facts, self.rules.tuning());
        for (rule, kind, _) in &parts.added {
            let Some(counts) = self.counts.get_mut(*rule) else { continue };
            counts.fired += 1;
            counts.decided += u64::from(parts.without(rule) != verdict.decision);
            counts.doubled += u64::from(parts.times(rule, 2.0) != verdict.decision);
            let other_veto = parts.added.iter().any(|(other, of, _)| other != rule && *of == "veto");
            counts.beside_veto += u64::from(other_veto && *kind != "veto" && verdict.decision == Decision::Deny);
        }
    }

    #[must_use]
    pub fn counts(&self) -> &BTreeMap<String, Counts> {
        &self.counts
    }

    /// What is worth a look, rule by rule in the order of the files.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let mut all = Vec::new();
        for rule in self.rules.rules() {
            let mut say = |code, text: String| all.push(Remark { rule: rule.id.clone(), code, text });
            let c = self.counts.get(&rule.id).copied().unwrap_or_default();
            let signals = self.rules.set.unsourced(&rule.id);
            if !signals.is_empty() {
                let list = signals.join(", ");
                say("no-source", format!("asks for {list}, of which nothing in this house tells: they keep their defaults"));
            }
            if rule.kind != Kind::Veto && rule.weight == 0.0 {
                say("off", "weighs 0: it is switched off".into());
            } else if c.applied == 0 {
                say("never-asked", "nothing on record was for it: no such class, tag or verb".into());
            } else if c.fired == 0 {
                say("never-fires", format!("never fired in {} requests that could have been for it", c.applied));
            } else if c.fired == c.applied && self.rules.set.asks_more(&rule.id) {
                say(
                    "always-fires",
                    format!("fired on every one of {} requests that it could be for: its other conditions never mattered", c.fired),
                );
            }
            if c.fired > 0 && c.beside_veto == c.fired {
                say("shadowed", format!("each of the {} times that it fired, another rule's veto decided", c.fired));
            } else if c.fired > 0 && c.decided == 0 && c.doubled == 0 && rule.kind != Kind::Veto {
                say("no-effect", format!("fired {} times, and no verdict would be another without it, or with twice its weight", c.fired));
            } else if c.fired > 0 && c.decided == 0 && rule.kind == Kind::Veto {
                say("shadowed", format!("each of the {} times that it fired, the others would have denied as well", c.fired));
            }
        }
        all
    }
}

impl Set {
    /// Whether a rule asks for more than what is commanded, and how.
    fn asks_more(&self, id: &str) -> bool {
        fn more(term: &Term) -> bool {
            match term {
                Term::Field(field) => !field.of_the_target(),
                Term::Signal(_) => true,
                other => other.children().into_iter().any(more),
            }
        }
        self.rules.iter().position(|r| r.id == id).and_then(|at| self.terms.get(at)).is_some_and(|terms| more(&terms.when))
    }

    /// The signals without a source that a rule asks for.
    fn unsourced(&self, id: &str) -> Vec<&str> {
        let Some(terms) = self.rules.iter().position(|r| r.id == id).and_then(|at| self.terms.get(at)) else { return Vec::new() };
        let mut asked = BTreeSet::new();
        gather(&terms.when, &mut asked);
        terms.degree.iter().for_each(|d| gather(d, &mut asked));
        asked.into_iter().filter_map(|at| self.signals.get(at)).filter(|s| !s.sourced).map(|s| s.name.as_str()).collect()
    }
}

fn gather(term: &Term, into: &mut BTreeSet<usize>) {
    if let Term::Signal(at) = term {
        into.insert(*at);
    }
    term.children().into_iter().for_each(|t| gather(t, into));
}
