//! Whether the house keeps up: how long its writes and its answers take, how full its inbox is, and how much memory it has taken. Pure.

use super::latch::Latch;
use crate::{config, domain::limits};
use std::{collections::VecDeque, time::Duration};

const MB: u64 = 1_000_000;
/// The window in which times are looked at, and between two readings of it.
const WINDOW: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_secs(5);
/// Fewer say nothing of a hundredth.
const LEAST: u64 = 20;

/// Times by class, as they are counted since the start: the upper bound in microseconds (None: without), and how many.
pub(super) type Classes = Vec<(Option<u64>, u64)>;

/// The slowest hundredth of the last minute, of times that are counted by class.
#[derive(Debug, Default)]
pub(super) struct Lately(VecDeque<(Duration, Classes)>);

impl Lately {
    /// Takes a reading; the bound of the class, in microseconds, below which 99 of 100 of the last minute were. None: too few.
    pub(super) fn p99(&mut self, up: Duration, now: Classes) -> Option<u64> {
        while self.0.get(1).is_some_and(|(at, _)| up.saturating_sub(*at) >= WINDOW) {
            self.0.pop_front();
        }
        let before = self.0.front().map(|(_, before)| before.clone()).unwrap_or_default();
        let since = |(place, (bound, count)): (usize, &(Option<u64>, u64))| {
            (*bound, count.saturating_sub(before.get(place).map_or(0, |(_, was)| *was)))
        };
        let counts: Classes = now.iter().enumerate().map(since).collect();
        if self.0.back().is_none_or(|(at, _)| up.saturating_sub(*at) >= STEP) {
            self.0.push_back((up, now));
        }
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let mut left = (total >= LEAST).then(|| total - total / 100)?;
        for (bound, count) in &counts {
            if *count >= left {
                return Some(bound.unwrap_or(u64::MAX));
            }
            left -= count;
        }
        None
    }
}

/// What was read at one look.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub writes: Classes,
    pub answers: Classes,
    /// Letters that wait.
    pub inbox: usize,
}

#[derive(Debug, Default)]
pub(super) struct Pace {
    writes: Lately,
    answers: Lately,
    slow_writes: Latch,
    slow_answers: Latch,
    full: Latch,
    big: Latch,
}

impl Pace {
    /// What is too slow: from its limit on, and until it is below half of it; the inbox from its half on, until it is below a quarter.
    pub(super) fn look(&mut self, up: Duration, reading: Reading, limits: &config::Alerts) -> Option<String> {
        let mut said = Vec::new();
        let slow = |latch: &mut Latch, p99: Option<u64>, millis: u32| {
            let limit = u64::from(millis) * 1_000;
            let at_least = |bound| millis > 0 && p99.is_some_and(|micros| micros > bound);
            latch.turn(at_least(limit), at_least(limit / 2))
        };
        if slow(&mut self.slow_writes, self.writes.p99(up, reading.writes), limits.write_millis) {
            said.push(format!("the slowest hundredth of writes takes longer than it may, which is {} ms", limits.write_millis));
        }
        if slow(&mut self.slow_answers, self.answers.p99(up, reading.answers), limits.answer_millis) {
            said.push(format!(
                "the slowest hundredth of messages waits longer for its answer than it may, which is {} ms",
                limits.answer_millis
            ));
        }
        let half = limits::INBOX_MESSAGES / 2;
        if self.full.turn(reading.inbox >= half, reading.inbox >= half / 2) {
            said.push("more waits for the mind than it takes: half of its inbox is full".to_owned());
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// More memory than it should need: until it is below nine tenths of that.
    pub(super) fn is_big(&mut self, resident: u64, limits: &config::Alerts) -> bool {
        let limit = u64::from(limits.memory_mb) * MB;
        self.big.turn(limit > 0 && resident > limit, limit > 0 && resident > limit / 10 * 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn classes(counts: [u64; 3]) -> Classes {
        [Some(1_000), Some(2_000_000), None].into_iter().zip(counts).collect()
    }

    #[test]
    fn the_slowest_hundredth_is_that_of_the_last_minute() {
        let mut lately = Lately::default();
        assert_eq!(lately.p99(secs(0), classes([19, 0, 0])), None, "too few");
        assert_eq!(lately.p99(secs(5), classes([119, 1, 0])), Some(1_000), "one in a hundred");
        assert_eq!(lately.p99(secs(10), classes([119, 3, 0])), Some(2_000_000));
        assert_eq!(lately.p99(secs(15), classes([119, 3, 50])), Some(u64::MAX));
        assert_eq!(lately.p99(secs(80), classes([219, 3, 50])), Some(1_000), "more than a minute ago");
    }

    #[test]
    fn it_is_slow_until_it_is_twice_as_fast() {
        let limits = config::Alerts::default();
        let (mut pace, mut n) = (Pace::default(), 0);
        let mut look = |bound: u64| {
            n += 1;
            let writes = vec![(Some(bound), n * 100)];
            let reading = Reading { writes, ..Reading::default() };
            pace.look(secs(100 * n), reading, &limits).is_some()
        };
        assert_eq!([1_000_000, 1_000_001, 600_000, 500_001, 500_000, 600_000].map(&mut look), [false, true, true, true, false, false]);
        let mut pace = Pace::default();
        let mut inbox = |inbox| pace.look(secs(0), Reading { inbox, ..Reading::default() }, &limits).is_some();
        let half = limits::INBOX_MESSAGES / 2;
        assert_eq!([half - 1, half, half / 2, half / 2 - 1].map(&mut inbox), [false, true, true, false]);
    }

    #[test]
    fn memory_is_too_much_until_a_tenth_of_it_is_given_back() {
        let (mut pace, limits) = (Pace::default(), config::Alerts { memory_mb: 100, ..config::Alerts::default() });
        assert_eq!([100, 101, 91, 90].map(|mb| pace.is_big(mb * MB, &limits)), [false, true, true, false]);
        assert!(!pace.is_big(u64::MAX, &config::Alerts { memory_mb: 0, ..limits }));
    }
}
