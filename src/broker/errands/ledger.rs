//! How errands stand that were handed in by HTTP, the newest of them: who asked comes back and looks. A restart ends them all.

use super::Errand;
use crate::domain::{Timestamp, limits};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// One errand, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: Uuid,
    pub errand: Errand,
    pub at: Timestamp,
    pub stage: Stage,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Waiting,
    Running,
    /// With what is told of it on `reply/{verb}`.
    Ended(Timestamp, Value),
}

#[derive(Debug, Default)]
pub struct Ledger(Mutex<VecDeque<Entry>>);

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest that ended makes room.
    pub(super) fn begin(&self, id: Uuid, errand: &Errand, at: Timestamp) {
        let mut entries = self.entries();
        if entries.len() >= limits::ERRANDS_KEPT {
            let ended = entries.iter().position(|entry| matches!(entry.stage, Stage::Ended(..)));
            entries.remove(ended.unwrap_or(0));
        }
        entries.push_back(Entry { id, errand: errand.clone(), at, stage: Stage::Waiting });
    }

    pub(super) fn withdraw(&self, id: Uuid) {
        self.entries().retain(|entry| entry.id != id);
    }

    /// It is on now, or came to its end. One that nobody can look for is let be.
    pub fn turn(&self, errand: &Errand, stage: Stage) {
        if let Some(entry) = self.entries().iter_mut().find(|entry| Some(entry.id) == errand.id) {
            entry.stage = stage;
        }
    }

    #[must_use]
    pub fn entry(&self, id: Uuid) -> Option<Entry> {
        self.entries().iter().find(|entry| entry.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Verb, *};

    #[test]
    fn the_newest_are_kept_and_one_that_still_waits_is_not_let_go_of() {
        let (ledger, at) = (Ledger::default(), Timestamp::from_micros(1));
        let errand = |n: u128| Errand { id: Some(Uuid::from_u128(n)), ..Errand::read(Verb::Snapshot, b"", "anna").unwrap() };
        let most = u128::try_from(limits::ERRANDS_KEPT).unwrap();
        for n in 0..most {
            ledger.begin(Uuid::from_u128(n), &errand(n), at);
            if n > 0 {
                ledger.turn(&errand(n), Stage::Ended(at, Value::Null));
            }
        }
        assert!((0..most).all(|n| ledger.entry(Uuid::from_u128(n)).is_some()), "so many are kept");
        ledger.begin(Uuid::from_u128(most), &errand(most), at);
        assert_eq!(ledger.entry(Uuid::from_u128(0)).map(|entry| entry.stage), Some(Stage::Waiting));
        assert!(ledger.entry(Uuid::from_u128(1)).is_none() && ledger.entry(Uuid::from_u128(most)).is_some(), "one past");
        ledger.turn(&errand(0), Stage::Running);
        assert_eq!(ledger.entry(Uuid::from_u128(0)).map(|entry| entry.stage), Some(Stage::Running));
        ledger.withdraw(Uuid::from_u128(0));
        assert!(ledger.entry(Uuid::from_u128(0)).is_none());
        ledger.turn(&errand(0), Stage::Running);
    }
}
