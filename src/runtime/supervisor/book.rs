//! What became of each part: how often it fell, why, and how long it is to rest. Pure.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// The rest after the first fall; four times as long after each other, up to the most.
const REST: Duration = Duration::from_millis(100);
const MOST_REST: Duration = Duration::from_secs(30);
/// What fell more often than that within the window does not get better by trying.
const MOST_FALLS: usize = 5;
const WINDOW: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) struct Book {
    /// A part that has not fallen for so long is well.
    well: Duration,
    parts: BTreeMap<Arc<str>, Entry>,
}

/// What is to follow from a fall: after how long it may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fall {
    Rest(Duration),
    /// It fell too often.
    Often(Duration),
}

impl Fall {
    pub const fn rest(self) -> Duration {
        match self {
            Self::Rest(rest) | Self::Often(rest) => rest,
        }
    }
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
    pub part: Arc<str>,
    pub cause: String,
    /// Falls within the last ten minutes.
    pub times: usize,
    /// They are more than a part may have that gets better by trying.
    pub often: bool,
}

/// A part, and how often it was started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: Arc<str>,
    pub restarts: u64,
}

impl Book {
    pub fn new(well: Duration) -> Self {
        Self { well, parts: BTreeMap::new() }
    }

    pub fn meet(&mut self, part: &str) {
        self.entry(part);
    }

    pub fn fell(&mut self, part: &str, cause: &str, up: Duration) -> Fall {
        let entry = self.entry(part);
        while entry.falls.front().is_some_and(|at| up.saturating_sub(*at) > WINDOW) {
            entry.falls.pop_front();
        }
        cause.clone_into(&mut entry.cause);
        let rest = (0..entry.falls.len()).fold(REST, |rest, _| rest.saturating_mul(4)).min(MOST_REST);
        entry.falls.push_back(up);
        entry.total += 1;
        if entry.falls.len() > MOST_FALLS { Fall::Often(rest) } else { Fall::Rest(rest) }
    }

    pub fn lately(&self, up: Duration) -> Vec<Fallen> {
        let one = |(part, entry): (&Arc<str>, &Entry)| {
            let times = entry.falls.iter().filter(|at| up.saturating_sub(**at) <= WINDOW).count();
            let (often, is_fresh) = (times > MOST_FALLS, entry.falls.back().is_some_and(|at| up.saturating_sub(*at) < self.well));
            (often || is_fresh).then(|| Fallen { part: Arc::clone(part), cause: entry.cause.clone(), times, often })
        };
        self.parts.iter().filter_map(one).collect()
    }

    pub fn all(&self) -> Vec<Part> {
        self.parts.iter().map(|(name, entry)| Part { name: Arc::clone(name), restarts: entry.total }).collect()
    }

    fn entry(&mut self, part: &str) -> &mut Entry {
        self.parts.entry(part.into()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_rests_longer_each_time_and_at_last_it_is_too_often() {
        let mut book = Book::new(at(60));
        let rests: Vec<_> = (0..7).map(|n| book.fell("index", "x", at(n))).collect();
        let millis = |n| Fall::Rest(Duration::from_millis(n));
        assert_eq!(rests[..5], [millis(100), millis(400), millis(1_600), millis(6_400), millis(25_600)]);
        assert_eq!(rests[5..], [Fall::Often(MOST_REST); 2]);
        assert_eq!(book.fell("webhook-phone", "y", at(9)), millis(100), "each by itself");
    }

    #[test]
    fn what_falls_too_often_is_told_of_while_that_lasts_however_long_it_rests() {
        let mut book = Book::new(at(60));
        (0..6).for_each(|n| {
            let _ = book.fell("recall", "x", at(n * 90));
        });
        let told = |up| book.lately(at(up)).first().map(|fallen| (fallen.times, fallen.often));
        assert_eq!((told(450), told(540), told(600)), (Some((6, true)), Some((6, true)), Some((6, true))));
        assert_eq!(told(601), None, "not so often any more");
    }

    #[test]
    fn who_was_well_for_long_begins_anew_and_what_it_did_stays_counted() {
        let mut book = Book::new(at(60));
        book.fell("index", "a", at(0));
        book.fell("index", "b", at(1));
        assert_eq!(book.lately(at(60)), [Fallen { part: "index".into(), cause: "b".into(), times: 2, often: false }]);
        assert_eq!(book.lately(at(61)), []);
        assert_eq!(book.fell("index", "c", at(602)), Fall::Rest(REST), "ten minutes later");
        assert_eq!(book.all(), [Part { name: "index".into(), restarts: 3 }]);
    }
}
