//! Which snapshots stay: the last ones, and of each day, week and month the newest. Never gone: the newest, and the newest that was drilled.

use super::id::Sequence;
use crate::domain::Timestamp;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Serialize;
use std::collections::BTreeSet;

/// How many stay; zero of all but the newest is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retention {
    pub last: u32,
    /// Days that have a snapshot, counted from the newest; likewise weeks, from Monday on, and months.
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { last: 3, daily: 7, weekly: 4, monthly: 6 }
    }
}

impl Retention {
    /// Those that stay. `drilled`: the newest that passed a drill.
    #[must_use]
    pub fn keep(&self, all: &[(Sequence, Timestamp)], drilled: Option<Sequence>, zone: &TimeZone) -> BTreeSet<Sequence> {
        // By number and not by time: a clock that was wrong once must not make the newest an old one.
        let mut newest_first = all.to_vec();
        newest_first.sort_unstable_by_key(|(sequence, _)| std::cmp::Reverse(*sequence));
        let mut keep: BTreeSet<Sequence> = newest_first.iter().take((self.last as usize).max(1)).map(|(sequence, _)| *sequence).collect();
        keep.extend(drilled.filter(|drilled| all.iter().any(|(sequence, _)| sequence == drilled)));
        for (most, begin) in [(self.daily, day as Begin), (self.weekly, week), (self.monthly, Date::first_of_month)] {
            let mut seen = BTreeSet::new();
            for (sequence, at) in &newest_first {
                if seen.len() >= most as usize {
                    break;
                }
                if seen.insert(begin(at.date(zone))) {
                    keep.insert(*sequence);
                }
            }
        }
        keep
    }
}

/// The first day of the span that a day lies in.
type Begin = fn(Date) -> Date;

fn day(date: Date) -> Date {
    date
}

fn week(date: Date) -> Date {
    date.saturating_sub(date.weekday().to_monday_zero_offset().days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;
    const NONE: Retention = Retention { last: 0, daily: 0, weekly: 0, monthly: 0 };

    /// One a day at 03:00 UTC, from Wednesday 2025-01-01 on.
    fn days(n: i64) -> Vec<(Sequence, Timestamp)> {
        let first = Timestamp::read("2025-01-01T03:00:00Z").unwrap();
        (0..n).map(|day| (u64::try_from(day).unwrap() + 1, first.plus_seconds(day * DAY))).collect()
    }

    #[test]
    fn a_year_of_days_leaves_exactly_these() {
        // 2025-12-31 is a Wednesday, and number 365.
        let kept = Retention::default().keep(&days(365), None, &TimeZone::UTC);
        // The last seven days; Sundays 28, 21 and 14 December for three weeks, and this week's newest; the ends of November to July.
        let expected = [212, 243, 273, 304, 334, 348, 355, 359, 360, 361, 362, 363, 364, 365];
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_newest_and_the_newest_drilled_stay_whatever_is_set() {
        assert_eq!(NONE.keep(&days(10), Some(4), &TimeZone::UTC), BTreeSet::from([4, 10]));
        assert_eq!(NONE.keep(&days(10), Some(40), &TimeZone::UTC), BTreeSet::from([10]));
        assert_eq!(NONE.keep(&[], None, &TimeZone::UTC), BTreeSet::new());
    }

    #[test]
    fn a_clock_that_was_wrong_does_not_make_the_newest_an_old_one() {
        let mut all = days(5);
        all[2].1 = all[2].1.plus_seconds(400 * DAY);
        let kept = Retention { last: 1, ..NONE }.keep(&all, None, &TimeZone::UTC);
        assert_eq!(kept, BTreeSet::from([5]));
    }

    #[test]
    fn a_day_is_one_of_the_house() {
        let at = |text| Timestamp::read(text).unwrap();
        let all = [(1, at("2025-06-01T21:30:00Z")), (2, at("2025-06-01T22:30:00Z"))];
        let two = Retention { daily: 2, ..NONE };
        assert_eq!(two.keep(&all, None, &TimeZone::UTC), BTreeSet::from([2]));
        let berlin = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        assert_eq!(two.keep(&all, None, &berlin), BTreeSet::from([1, 2]));
    }

    proptest! {
        #[test]
        fn none_is_kept_twice_over_and_pruning_again_removes_nothing(n in 0i64..400, last in 0u32..5, daily in 0u32..9, weekly in 0u32..6, monthly in 0u32..9) {
            let retention = Retention { last, daily, weekly, monthly };
            let all = days(n);
            let kept = retention.keep(&all, None, &TimeZone::UTC);
            prop_assert!(kept.len() as u64 <= u64::from(last.max(1) + daily + weekly + monthly));
            let left: Vec<_> = all.into_iter().filter(|(sequence, _)| kept.contains(sequence)).collect();
            prop_assert_eq!(retention.keep(&left, None, &TimeZone::UTC), kept);
        }
    }
}
