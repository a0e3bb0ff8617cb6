//! When the next snapshot is due: by a pattern as cron has it on the house's clock, a little later in each house and for each repository, and
//! made up for once when the time went by. Pure: the time is handed in.

use crate::domain::Timestamp;
use croner::Cron;
use jiff::{Timestamp as Instant, tz::TimeZone};

/// A pattern and how much later than it says.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    delay_seconds: i64,
    zone: TimeZone,
}

impl Schedule {
    /// Five fields: minute, hour, day of the month, month, day of the week. It is run up to `jitter_seconds` later than it says, always equally
    /// late for the same node and repository: so many houses do not come to one share at the same second.
    ///
    /// # Errors
    /// Says what is wrong with the pattern.
    pub fn new(pattern: &str, jitter_seconds: u32, node: &str, repository: &str, zone: TimeZone) -> Result<Self, String> {
        let cron: Cron = pattern.parse().map_err(|error: croner::errors::CronError| error.to_string())?;
        let seed = blake3::Hasher::new().update(node.as_bytes()).update(b"\0").update(repository.as_bytes()).finalize();
        let seed = seed.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let delay_seconds = i64::try_from(seed % (u64::from(jitter_seconds) + 1)).unwrap_or(0);
        Ok(Self { cron, delay_seconds, zone })
    }

    /// The first run after a time; None: there is no other.
    #[must_use]
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let told = Instant::from_microsecond(at.plus_seconds(-self.delay_seconds).micros()).ok()?;
        let next = self.cron.find_next_occurrence(&told.to_zoned(self.zone.clone()), false).ok()?;
        Some(Timestamp::from_micros(next.timestamp().as_microsecond()).plus_seconds(self.delay_seconds))
    }
}

/// A schedule on its way through time.
#[derive(Debug, Clone)]
pub struct Timetable {
    schedule: Schedule,
    /// The last run; None: there was none ever.
    last: Option<Timestamp>,
}

impl Timetable {
    #[must_use]
    pub fn new(schedule: Schedule, last: Option<Timestamp>) -> Self {
        Self { schedule, last }
    }

    /// There was a run, by this schedule or otherwise.
    pub fn ran(&mut self, at: Timestamp) {
        self.last = Some(at);
    }

    /// When the next run is due: not after now where the time has come or went by; None: never. A run that lies ahead was made while the clock
    /// was wrong, and is taken as made now.
    pub fn due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let Some(last) = self.last else { return Some(now) };
        let last = last.min(now);
        self.last = Some(last);
        self.schedule.after(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn schedule(pattern: &str, zone_name: &str) -> Schedule {
        Schedule::new(pattern, 0, "jamey", "nas", zone(zone_name)).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::read(text).unwrap()
    }

    #[test]
    fn a_pattern_is_meant_by_the_clock_of_the_house() {
        let nightly = schedule("30 3 * * *", "Europe/Berlin");
        assert_eq!(nightly.after(at("2026-11-26T02:29:59Z")), Some(at("2026-11-26T02:30:00Z")));
        assert_eq!(nightly.after(at("2026-11-26T02:30:00Z")), Some(at("2026-11-27T02:30:00Z")));
        assert_eq!(schedule("0 0 30 2 *", "UTC").after(at("2026-01-01T00:00:00Z")), None, "a day that never comes");
        assert!(Schedule::new("61 * * * *", 0, "a", "b", TimeZone::UTC).is_err());
    }

    #[test]
    fn an_hour_that_is_left_out_or_comes_twice_has_one_run() {
        let nightly = schedule("30 2 * * *", "Europe/Berlin");
        // On 28 March 2027 there is no 02:30, and on 31 October there are two.
        assert_eq!(nightly.after(at("2027-03-27T02:00:00Z")), Some(at("2027-03-28T01:00:00Z")), "when the clock went ahead");
        assert_eq!(nightly.after(at("2027-03-28T01:00:00Z")), Some(at("2027-03-29T00:30:00Z")));
        assert_eq!(nightly.after(at("2027-10-30T12:00:00Z")), Some(at("2027-10-31T00:30:00Z")));
        assert_eq!(nightly.after(at("2027-10-31T00:30:00Z")), Some(at("2027-11-01T01:30:00Z")));
    }

    #[test]
    fn a_run_that_was_missed_is_made_up_for_once() {
        let mut table = Timetable::new(schedule("0 * * * *", "UTC"), Some(at("2026-11-20T05:00:01Z")));
        let now = at("2026-11-26T07:10:00Z");
        assert!(table.due(now).unwrap() <= now);
        table.ran(now);
        assert_eq!(table.due(now), Some(at("2026-11-26T08:00:00Z")));
        assert_eq!(Timetable::new(schedule("0 * * * *", "UTC"), None).due(now), Some(now), "where there is none the first is due at once");
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_stop_it() {
        let mut table = Timetable::new(schedule("0 * * * *", "UTC"), Some(at("2050-01-01T00:00:00Z")));
        let due = table.due(at("2026-11-26T07:10:00Z"));
        assert_eq!(due, Some(at("2026-11-26T08:00:00Z")));
        assert_eq!(table.due(at("2026-11-26T08:00:05Z")), due, "and it comes");
    }

    #[test]
    fn each_house_and_repository_has_its_own_second_and_keeps_it() {
        let delay = |node: &str, repository| Schedule::new("0 3 * * *", 900, node, repository, TimeZone::UTC).unwrap().delay_seconds;
        assert_eq!(delay("jamey", "nas"), delay("jamey", "nas"));
        let all: std::collections::BTreeSet<i64> = (0..50).map(|n| delay(&format!("house{n}"), "nas")).collect();
        assert!(all.len() > 40 && all.iter().all(|seconds| (0..=900).contains(seconds)), "{all:?}");
        assert_ne!(delay("jamey", "nas"), delay("jamey", "usb"));
    }

    fn patterns() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "15 2,3 * * *", "0 4 * * 1", "30 1 1 * *"])
    }

    fn zones() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Africa/Casablanca",
            "Pacific/Apia",
        ])
    }

    proptest! {
        /// Whatever the zone does: it goes on, and never stands still.
        #[test]
        fn the_next_run_is_later_and_not_too_late(
            pattern in patterns(), name in zones(), jitter in 0u32..4_000, second in 1_500_000_000i64..1_900_000_000
        ) {
            let schedule = Schedule::new(pattern, jitter, "jamey", "nas", zone(name)).unwrap();
            let longest = match pattern {
                // Samoa left out the whole of 30 December 2011; such a day and an hour besides.
                "30 1 1 * *" => 32 * 86_400 + 7_200,
                "0 4 * * 1" => 8 * 86_400 + 7_200,
                "30 2 * * *" | "15 2,3 * * *" => 2 * 86_400,
                _ => 2 * 3_600 + 60,
            };
            let mut now = Timestamp::from_micros(second * 1_000_000);
            for _ in 0..20 {
                let next = schedule.after(now).unwrap();
                prop_assert!(next > now, "{} after {}", next, now);
                prop_assert!(next.seconds_since(now) <= f64::from(longest), "{} after {}", next, now);
                now = next;
            }
        }

        /// Asked at any times, with the clock set back and ahead, it is due once for each time that came, and comes again.
        #[test]
        fn it_is_due_again_whatever_the_clock_does(pattern in patterns(), name in zones(), steps in prop::collection::vec(-5_000i64..50_000, 1..60)) {
            let mut table = Timetable::new(schedule(pattern, name), Some(Timestamp::from_micros(1_700_000_000_000_000)));
            let mut now = Timestamp::from_micros(1_700_000_000_000_000);
            for step in steps {
                now = now.plus_seconds(step);
                let due = table.due(now).unwrap();
                if due <= now {
                    table.ran(now);
                    prop_assert!(table.due(now).unwrap() > now, "made up for once");
                } else {
                    // Nothing is asked meanwhile, or it is asked each minute: it is due at the same time.
                    prop_assert_eq!(table.due(now.plus_seconds(1)).unwrap(), due);
                }
            }
        }
    }
}
