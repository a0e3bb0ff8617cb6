//! Why an opinion is what it is: what moved its expectation, how often and how far, in words.

use super::{evidence::Evidence, opinion::SLOW};
use crate::domain::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// Causes kept for an entity. Three are told; the rest is room for one to grow into the first three.
pub const CAUSES: usize = 8;
const TOLD: usize = 3;

/// What can move an expectation.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Evidence(Evidence),
    Time,
}

/// The sum of all movements of P, by cause; old ones fade as the slow clock does.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Ledger(Vec<Entry>);

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Entry {
    cause: Cause,
    target: Option<EntityId>,
    moved: f64,
    times: u32,
    last: Timestamp,
}

impl Ledger {
    /// Notes a movement of P. Clean events are one cause whatever their target: nobody asks which reading was fine.
    pub fn note(&mut self, cause: Cause, target: Option<&EntityId>, moved: f64, at: Timestamp) {
        if matches!(cause, Cause::Evidence(_)) {
            for entry in &mut self.0 {
                entry.moved *= SLOW;
            }
        }
        let good = matches!(cause, Cause::Evidence(evidence) if evidence.weight() > 0.0);
        let target = target.filter(|_| !good && cause != Cause::Time);
        if let Some(entry) = self.0.iter_mut().find(|e| e.cause == cause && e.target.as_ref() == target) {
            entry.moved += moved;
            entry.times = entry.times.saturating_add(1);
            entry.last = at;
            return;
        }
        if self.0.len() >= CAUSES {
            let weakest = self.0.iter().enumerate().min_by(|(_, x), (_, y)| x.moved.abs().total_cmp(&y.moved.abs())).map(|(i, _)| i);
            if let Some(weakest) = weakest {
                self.0.remove(weakest);
            }
        }
        self.0.reserve_exact(1);
        self.0.push(Entry { cause, target: target.cloned(), moved, times: 1, last: at });
    }

    /// Forgets a target; what it moved stays, as something that was done to somebody. True when it was named.
    pub fn forget(&mut self, target: &EntityId) -> bool {
        let mut named = false;
        for entry in self.0.iter_mut().filter(|entry| entry.target.as_ref() == Some(target)) {
            entry.target = None;
            named = true;
        }
        named
    }

    /// The three causes that moved P most, furthest first; one too small to be written in two decimals is left out.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut entries: Vec<&Entry> = self.0.iter().filter(|e| e.moved.abs() >= 0.005).collect();
        entries.sort_by(|x, y| y.moved.abs().total_cmp(&x.moved.abs()));
        entries.into_iter().take(TOLD).map(Entry::words).collect()
    }

    /// What moved P last, of what moved it far enough to be told.
    #[must_use]
    pub fn lately(&self) -> Option<String> {
        let told = self.0.iter().filter(|e| e.moved.abs() >= 0.005);
        told.max_by_key(|e| (e.last, e.cause != Cause::Time)).map(Entry::words)
    }

    /// Whether a stored ledger can be one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= CAUSES && self.0.iter().all(|e| e.moved.is_finite())
    }
}

impl Entry {
    fn words(&self) -> String {
        let times = self.times;
        let many = |one: &str, more: &str| if times == 1 { format!("1 {one}") } else { format!("{times} {more}") };
        let of = |preposition: &str| self.target.as_ref().map(|t| format!(" {preposition} {t}")).unwrap_or_default();
        let what = match self.cause {
            Cause::Evidence(Evidence::Clean) => many("allowed request", "allowed requests"),
            Cause::Evidence(Evidence::Denied) => many("denied request", "denied requests") + &of("for"),
            Cause::Evidence(Evidence::Impersonation) => many("message", "messages") + " in another's name" + &of("to"),
            Cause::Evidence(Evidence::Replay) => many("message", "messages") + " sent before and sent again",
            Cause::Evidence(Evidence::Acknowledged) => many("command", "commands") + " it obeyed",
            Cause::Evidence(Evidence::TimedOut) => many("command", "commands") + " its state did not follow",
            Cause::Evidence(Evidence::OnTime) => many("word", "words") + " in its rhythm",
            Cause::Evidence(Evidence::Silence) => many("expected word", "expected words") + " that did not come",
            Cause::Evidence(Evidence::BatteryLow) => "a battery that is nearly empty".to_owned(),
            Cause::Evidence(Evidence::WeakLink) => "a radio that hardly reaches the house".to_owned(),
            Cause::Evidence(Evidence::Plausible) => many("plausible reading", "plausible readings"),
            Cause::Evidence(Evidence::Anomaly) => many("reading", "readings") + " that nobody else saw",
            Cause::Evidence(Evidence::OwnerWord(true)) => "the owner's word for it".to_owned(),
            Cause::Evidence(Evidence::OwnerWord(false)) => "the owner's word against it".to_owned(),
            Cause::Time => "time without evidence".to_owned(),
        };
        let way = if self.moved > 0.0 { "raised" } else { "lowered" };
        format!("{what} {way} it by {:.2}, last {:.10}", self.moved.abs(), self.last.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_greatest_movements_are_told_in_words() {
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        let door = EntityId::new("front_door").unwrap();
        let mut ledger = Ledger::default();
        ledger.note(Cause::Evidence(Evidence::Clean), Some(&door), 0.1, at);
        ledger.note(Cause::Evidence(Evidence::Clean), None, 0.1, at);
        ledger.note(Cause::Evidence(Evidence::Denied), Some(&door), -0.3, at);
        ledger.note(Cause::Time, None, -0.01, at);
        ledger.note(Cause::Evidence(Evidence::OwnerWord(true)), None, 0.05, at);
        assert_eq!(
            ledger.reasons(),
            [
                "1 denied request for front_door lowered it by 0.30, last 2026-11-18",
                "2 allowed requests raised it by 0.20, last 2026-11-18",
                "the owner's word for it raised it by 0.05, last 2026-11-18",
            ]
        );
    }

    #[test]
    fn one_cause_past_the_limit_takes_the_place_of_the_weakest() {
        let mut ledger = Ledger::default();
        let at = Timestamp::default();
        let target = |n: usize| EntityId::new(&format!("t{n}")).unwrap();
        for n in 0..=CAUSES {
            ledger.note(Cause::Evidence(Evidence::Denied), Some(&target(n)), -0.1 - 0.01 * f64::from(u32::try_from(n).unwrap()), at);
        }
        assert_eq!(ledger.0.len(), CAUSES);
        assert!(ledger.is_sound());
        assert!(!ledger.0.iter().any(|e| e.target == Some(target(0))), "the weakest went");
    }
}
