//! How recall goes: questions answered and not, and how long the answers took.

use crate::domain::{Taken, Times};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper bounds of the time classes, in microseconds.
static CLASSES_MICROS: [u64; 14] = [100, 200, 400, 700, 1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 25_000, 100_000, 500_000, 2_000_000];

#[derive(Debug)]
pub struct Recalled {
    failed: AtomicU64,
    room: Mutex<RecallRoom>,
    took: Times<14>,
}

impl Default for Recalled {
    fn default() -> Self {
        Self { failed: AtomicU64::new(0), room: Mutex::default(), took: Times::new(&CLASSES_MICROS) }
    }
}

/// The numbers at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecallFigures {
    pub answered: u64,
    /// The house's own mistakes; a question that makes no sense is answered.
    pub failed: u64,
    /// The upper bound of the class that the quantile falls in.
    pub p50_micros: Option<u64>,
    pub p99_micros: Option<u64>,
}

/// What is kept at hand: how often it was there, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecallRoom {
    pub hits: u64,
    pub misses: u64,
    pub bytes: u64,
    pub room_bytes: u64,
}

impl RecallRoom {
    /// Of all looks the share that were hits, in [0, 1]; None: nobody looked yet.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let looks = self.hits + self.misses;
        let part = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        (looks > 0).then(|| (part(self.hits) / part(looks) * 1_000.0).round() / 1_000.0)
    }
}

impl Recalled {
    pub fn working(&self, room: RecallRoom) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }

    #[must_use]
    pub fn room(&self) -> RecallRoom {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn answered(&self, took: Duration) {
        self.took.took(took);
    }

    pub fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// How long the answers took.
    #[must_use]
    pub fn took(&self) -> Taken {
        self.took.now()
    }

    #[must_use]
    pub fn now(&self) -> RecallFigures {
        let took = self.took();
        RecallFigures {
            answered: took.count(),
            failed: self.failed.load(Relaxed),
            p50_micros: took.quantile_micros(50),
            p99_micros: took.quantile_micros(99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_and_what_was_not_is_told() {
        let recalled = Recalled::default();
        assert_eq!(recalled.now(), RecallFigures::default());
        (0..98).for_each(|_| recalled.answered(Duration::from_micros(350)));
        (0..2).for_each(|_| recalled.answered(Duration::from_millis(5)));
        recalled.failed();
        let told = RecallFigures { answered: 100, failed: 1, p50_micros: Some(400), p99_micros: Some(6_000) };
        assert_eq!(recalled.now(), told);
    }
}
