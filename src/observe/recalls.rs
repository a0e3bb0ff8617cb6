//! How recall goes: questions answered and not, and how long the answers took.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper bounds of the time classes, in microseconds; above the last one there is one more.
const CLASSES_MICROS: [u64; 14] = [100, 200, 400, 700, 1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 25_000, 100_000, 500_000, 2_000_000];

#[derive(Debug, Default)]
pub struct Recalled {
    failed: AtomicU64,
    room: Mutex<RecallRoom>,
    took: [AtomicU64; CLASSES_MICROS.len() + 1],
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
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = CLASSES_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.took.get(class) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    #[must_use]
    pub fn now(&self) -> RecallFigures {
        let took: Vec<u64> = self.took.iter().map(|count| count.load(Relaxed)).collect();
        let answered: u64 = took.iter().sum();
        let quantile = |hundredths: u64| {
            let mut left = answered.saturating_mul(hundredths).div_ceil(100);
            let class = took.iter().position(|count| {
                let found = *count >= left;
                left = left.saturating_sub(*count);
                found
            })?;
            CLASSES_MICROS.get(class.min(CLASSES_MICROS.len() - 1)).copied().filter(|_| answered > 0)
        };
        RecallFigures { answered, failed: self.failed.load(Relaxed), p50_micros: quantile(50), p99_micros: quantile(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_classes() {
        let recalled = Recalled::default();
        assert_eq!(recalled.now(), RecallFigures::default());
        (0..98).for_each(|_| recalled.answered(Duration::from_micros(350)));
        (0..2).for_each(|_| recalled.answered(Duration::from_millis(5)));
        recalled.failed();
        let told = RecallFigures { answered: 100, failed: 1, p50_micros: Some(400), p99_micros: Some(6_000) };
        assert_eq!(recalled.now(), told);
        (0..1_000).for_each(|_| recalled.answered(Duration::from_secs(60)));
        assert_eq!(recalled.now().p99_micros, Some(2_000_000), "slower is not told apart");
    }
}
