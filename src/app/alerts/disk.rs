//! The disk of the data folder: whether there is room, and for how long at the pace of the last day. Pure.

use super::latch::Latch;
use crate::config;
use std::{collections::VecDeque, time::Duration};

const MB: u64 = 1_000_000;
/// Of the least that is to be free, the part at which it is critical.
const CRITICAL_PART: u64 = 4;
/// A reading is kept each hour, for a day.
const HOUR: Duration = Duration::from_secs(3_600);
const READINGS: usize = 25;
/// A pace that was looked at for less says nothing of days: a snapshot comes and goes.
const LEAST: Duration = Duration::from_secs(6 * 3_600);
const DAY_SECONDS: u64 = 86_400;

#[derive(Debug, Default)]
pub(super) struct Disk {
    low: Latch,
    critical: Latch,
    soon: Latch,
    readings: VecDeque<(Duration, u64)>,
}

/// What is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scarce {
    pub critical: bool,
    pub text: String,
}

impl Disk {
    /// Takes a reading of the free bytes. It is low below the least, and until there is a quarter more; it is soon full below so many days,
    /// and until they are half as many more.
    pub(super) fn look(&mut self, free: u64, up: Duration, limits: &config::Alerts) -> Option<Scarce> {
        let least = u64::from(limits.disk_free_mb) * MB;
        let low = self.low.turn(free < least, free < least + least / 4);
        let grave = least / CRITICAL_PART;
        let critical = self.critical.turn(free < grave, free < grave + grave / 4);
        let days = self.days_left(free, up);
        let limit = u64::from(limits.disk_days);
        let soon = self.soon.turn(days.is_some_and(|days| days < limit), days.is_some_and(|days| days < limit + limit.div_ceil(2)));
        let mut said = Vec::new();
        if low {
            // In steps, so that it is not told anew with each byte.
            said.push(format!("the disk of the data folder has less than {} MB free", coarse(free)));
        }
        if let (true, Some(days)) = (soon, days) {
            said.push(format!(
                "at the pace of the last day it is full in {}",
                if days == 0 { "less than a day".to_owned() } else { format!("{days} days") }
            ));
        }
        (!said.is_empty()).then(|| Scarce { critical: critical && low, text: said.join("; ") })
    }

    /// Whole days until nothing is free. None: it does not fill, or it is too early to say.
    fn days_left(&mut self, free: u64, up: Duration) -> Option<u64> {
        if self.readings.back().is_none_or(|(at, _)| up.saturating_sub(*at) >= HOUR) {
            self.readings.push_back((up, free));
        }
        while self.readings.len() > READINGS {
            self.readings.pop_front();
        }
        let span = up.saturating_sub(self.readings.front()?.0);
        // The lowest of its first quarter: what comes and goes was as low then.
        let first = (self.readings.len() / 4).max(2);
        let before = self.readings.iter().take(first).map(|(_, free)| *free).min()?;
        let (from, _) = *self.readings.get(first.min(self.readings.len()).saturating_sub(1))?;
        let (passed, eaten) = (up.saturating_sub(from), before.saturating_sub(free));
        if span < LEAST || eaten == 0 {
            return None;
        }
        let seconds = u128::from(free) * u128::from(passed.as_secs()) / u128::from(eaten);
        u64::try_from(seconds / u128::from(DAY_SECONDS)).ok()
    }
}

/// The next step above, in MB: 1, 2, 4, 8 …
fn coarse(free: u64) -> u64 {
    (free / MB + 1).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> config::Alerts {
        config::Alerts { disk_free_mb: 400, disk_days: 7, ..config::Alerts::default() }
    }

    fn hours(n: u64) -> Duration {
        Duration::from_secs(3_600 * n)
    }

    #[test]
    fn it_is_low_until_there_is_a_quarter_more() {
        let mut disk = Disk::default();
        let mut look = |mb: u64| disk.look(mb * MB, Duration::ZERO, &limits()).map(|scarce| scarce.critical);
        assert_eq!([400, 399, 450, 499, 500, 450].map(&mut look), [None, Some(false), Some(false), Some(false), None, None]);
        assert_eq!([100, 99, 124, 125].map(&mut look), [Some(false), Some(true), Some(true), Some(false)]);
        let never = config::Alerts { disk_free_mb: 0, disk_days: 0, ..limits() };
        assert_eq!(Disk::default().look(0, Duration::ZERO, &never), None);
    }

    #[test]
    fn a_disk_that_fills_is_told_of_days_before() {
        let mut disk = Disk::default();
        let free = |hour: u64| (20_000 - 100 * hour) * MB;
        for hour in 0..6 {
            assert_eq!(disk.look(free(hour), hours(hour), &limits()), None, "too early to say");
        }
        // 100 MB an hour are 2.4 GB a day.
        let told = (6..60).find_map(|hour| Some((hour, disk.look(free(hour), hours(hour), &limits())?))).unwrap();
        assert_eq!((told.0, told.1.text.as_str()), (33, "at the pace of the last day it is full in 6 days"));
        assert!(!told.1.critical);
        let held = disk.look(free(34) + 500 * MB, hours(34), &limits());
        assert!(held.is_some(), "somewhat better is not well");
        assert_eq!(disk.look(free(0), hours(35), &limits()), None);
    }

    #[test]
    fn what_comes_and_goes_is_no_pace() {
        let mut disk = Disk::default();
        for hour in 0..100 {
            let swing = if hour % 2 == 0 { 0 } else { 300 };
            assert_eq!(disk.look((5_000 - swing) * MB, hours(hour), &limits()), None, "hour {hour}");
        }
    }
}
