//! What became of each part: how often it fell, why, and how long it is to rest. Pure.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// The rest after the first fall; four times as long after each other, up to the most.
const REST: Duration = Duration::from_millis(100);
const MOST_REST: Duration = Duration::from_secs(30);
/// What fell so often within the window does not get better by trying: the process starts anew, with everything.
const MOST_FALLS: usize = 5;
const WINDOW: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) struct Book {
    /// A part that has not fallen for so long is well.
    well: Duration,
    parts: BTreeMap<&'static str, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    total: u64,
    falls: VecDeque<Duration>,
    cause: String,
}

/// A part that fell lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    pub part: &'static str,
    pub cause: String,
    /// Falls within the last ten minutes.
    pub times: usize,
}

/// A part, and how often it was started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub restarts: u64,
}

impl Book {
    pub fn new(well: Duration) -> Self {
        Self { well, parts: BTreeMap::new() }
    }

    pub fn meet(&mut self, part: &'static str) {
        self.parts.entry(part).or_default();
    }

    /// How long it is to rest; None: it fell too often.
    pub fn fell(&mut self, part: &'static str, cause: &str, up: Duration) -> Option<Duration> {
        let entry = self.parts.entry(part).or_default();
        while entry.falls.front().is_some_and(|at| up.saturating_sub(*at) > WINDOW) {
            entry.falls.pop_front();
        }
        cause.clone_into(&mut entry.cause);
        if entry.falls.len() >= MOST_FALLS {
            return None;
        }
        let rest = (0..entry.falls.len()).fold(REST, |rest, _| rest.saturating_mul(4)).min(MOST_REST);
        entry.falls.push_back(up);
        entry.total += 1;
        Some(rest)
    }

    pub fn lately(&self, up: Duration) -> Vec<Fallen> {
        let is_ill = |entry: &Entry| entry.falls.back().is_some_and(|at| up.saturating_sub(*at) < self.well);
        let within = |entry: &Entry| entry.falls.iter().filter(|at| up.saturating_sub(**at) <= WINDOW).count();
        let one = |(part, entry): (&&'static str, &Entry)| Fallen { part, cause: entry.cause.clone(), times: within(entry) };
        self.parts.iter().filter(|(_, entry)| is_ill(entry)).map(one).collect()
    }

    pub fn all(&self) -> Vec<Part> {
        self.parts.iter().map(|(name, entry)| Part { name, restarts: entry.total }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_rests_longer_each_time_and_at_last_is_not_tried_again() {
        let mut book = Book::new(at(60));
        let rests: Vec<_> = (0..6).map(|n| book.fell("index", "x", at(n))).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(rests, [millis(100), millis(400), millis(1_600), millis(6_400), millis(25_600), None]);
        assert_eq!(book.fell("speaker", "y", at(9)), millis(100), "each by itself");
    }

    #[test]
    fn who_was_well_for_long_begins_anew_and_what_it_did_stays_counted() {
        let mut book = Book::new(at(60));
        book.fell("index", "a", at(0));
        book.fell("index", "b", at(1));
        assert_eq!(book.lately(at(60)), [Fallen { part: "index", cause: "b".into(), times: 2 }]);
        assert_eq!(book.lately(at(61)), []);
        assert_eq!(book.fell("index", "c", at(602)), Some(REST), "ten minutes later");
        assert_eq!(book.all(), [Part { name: "index", restarts: 3 }]);
    }
}
