//! Whether the parts of the house that nobody asks still live: the mind's tick, doors, HTTP.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

#[derive(Debug, Default)]
pub struct Pulses {
    ticked_millis: AtomicU64,
    /// What is wrong with a part, by its name.
    wrong: Mutex<BTreeMap<String, String>>,
}

impl Pulses {
    /// The mind has taken a tick.
    pub fn tick(&self, up: Duration) {
        self.ticked_millis.store(u64::try_from(up.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// When it last did; at the start, the start.
    #[must_use]
    pub fn ticked(&self) -> Duration {
        Duration::from_millis(self.ticked_millis.load(Relaxed))
    }

    /// A part does not do what it is there for.
    pub fn ails(&self, part: &str, why: &str) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).insert(part.to_owned(), why.chars().take(200).collect());
    }

    pub fn is_well(&self, part: &str) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    #[must_use]
    pub fn ailing(&self) -> BTreeMap<String, String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
