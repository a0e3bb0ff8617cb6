//! How fast an objective uses up what may go wrong: burn rates over several windows, and the alerts that follow from them, as the SRE
//! workbook has it (Google 2018, chapter 5, multiwindow and multi-burn-rate alerts).

use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
/// Minutes for windows up to six hours, hours for the longest.
const MINUTES: usize = 360;
const HOURS: usize = 72;

/// The windows over which it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    FiveMinutes,
    ThirtyMinutes,
    Hour,
    SixHours,
    ThreeDays,
}

impl Window {
    pub const ALL: [Self; 5] = [Self::FiveMinutes, Self::ThirtyMinutes, Self::Hour, Self::SixHours, Self::ThreeDays];

    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::FiveMinutes => 5 * MINUTE,
            Self::ThirtyMinutes => 30 * MINUTE,
            Self::Hour => HOUR,
            Self::SixHours => 6 * HOUR,
            Self::ThreeDays => 72 * HOUR,
        }
    }
}

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Fine,
    /// Within days.
    Ticket,
    /// Now.
    Page,
}

/// Burn rates that are too high: by the fast pair, the slow pair and the long window.
const FAST: f64 = 14.4;
const SLOW: f64 = 6.0;
const LONG: f64 = 1.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Count {
    /// Since 1970, in the buckets' length.
    bucket: i64,
    good: u32,
    bad: u32,
}

/// What went well and what did not, in constant space: six hours by the minute, three days by the hour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Events {
    minutes: VecDeque<Count>,
    hours: VecDeque<Count>,
}

impl Events {
    /// Counts an event. One that is older than the newest counts with the newest.
    pub fn note(&mut self, at: Timestamp, is_good: bool) {
        let seconds = at.micros().div_euclid(1_000_000);
        add(&mut self.minutes, seconds.div_euclid(MINUTE), MINUTES, is_good);
        add(&mut self.hours, seconds.div_euclid(HOUR), HOURS, is_good);
    }

    /// Good and bad ones in a window that ends now. The bucket in which it begins counts whole.
    #[must_use]
    pub fn within(&self, window: Window, now: Timestamp) -> (u64, u64) {
        let (counts, length) = if window == Window::ThreeDays { (&self.hours, HOUR) } else { (&self.minutes, MINUTE) };
        let now = now.micros().div_euclid(1_000_000).div_euclid(length);
        let first = now - window.seconds() / length + 1;
        let inside = counts.iter().filter(|count| (first..=now).contains(&count.bucket));
        inside.fold((0, 0), |(good, bad), count| (good + u64::from(count.good), bad + u64::from(count.bad)))
    }
}

fn add(counts: &mut VecDeque<Count>, bucket: i64, most: usize, is_good: bool) {
    if counts.back().is_none_or(|last| last.bucket < bucket) {
        counts.push_back(Count { bucket, ..Count::default() });
        if counts.len() > most {
            counts.pop_front();
        }
    }
    if let Some(last) = counts.back_mut() {
        let count = if is_good { &mut last.good } else { &mut last.bad };
        *count = count.saturating_add(1);
    }
}

/// Bad fraction / (1 − target), at least 0: 1 uses up exactly what may go wrong. None below `least` events: they would tell nothing.
/// `target` in [0, 1).
#[must_use]
pub fn burn(good: u64, bad: u64, target: f64, least: u64) -> Option<f64> {
    let (good, bad) = (number(good), number(bad));
    let total = good + bad;
    if total < number(least.max(1)) {
        return None;
    }
    Some(bad / total / (1.0 - target).max(f64::MIN_POSITIVE))
}

fn number(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

/// What the burn rates call for: a page above 14.4 on 1 h and 5 m, or above 6 on 6 h and 30 m; a ticket above 1 on 3 d. The short window of each
/// pair ends an alert soon after its cause.
#[must_use]
pub fn urgency(rate: impl Fn(Window) -> Option<f64>) -> Urgency {
    let above = |window, limit| rate(window).is_some_and(|rate| rate > limit);
    let fast = above(Window::Hour, FAST) && above(Window::FiveMinutes, FAST);
    let slow = above(Window::SixHours, SLOW) && above(Window::ThirtyMinutes, SLOW);
    if fast || slow {
        Urgency::Page
    } else if above(Window::ThreeDays, LONG) {
        Urgency::Ticket
    } else {
        Urgency::Fine
    }
}

/// How well it goes for an appraisal: clamp(1 − burn, −1, 1) · priority, priority in [0, 1].
#[must_use]
pub fn congruence(burn: f64, priority: f64) -> f64 {
    (1.0 - burn).clamp(-1.0, 1.0) * priority
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    /// One event a second, the `bad` of each hundred at its begin, for so many seconds.
    fn run(events: &mut Events, from: i64, seconds: i64, bad_of_thousand: i64) {
        (from..from + seconds).for_each(|t| events.note(at(t), t % 1_000 >= bad_of_thousand));
    }

    fn rates(events: &Events, now: i64, target: f64) -> impl Fn(Window) -> Option<f64> {
        move |window| {
            let (good, bad) = events.within(window, at(now));
            burn(good, bad, target, 10)
        }
    }

    /// The workbook's table for 99.9 %: a burn rate of 14.4 uses 2 % of a month in an hour, 6 uses 5 % in six hours, 1 uses 10 % in three days.
    #[test]
    fn the_workbooks_burn_rates_use_up_what_it_says() {
        for (rate, hours, share) in [(14.4, 1.0, 0.02), (6.0, 6.0, 0.05), (1.0, 72.0, 0.10)] {
            assert!((rate * hours / 720.0 - share).abs() < 1e-12);
        }
        assert_eq!(burn(9_856, 144, 0.999, 1), Some(0.0144 / (1.0 - 0.999)));
        let burned = burn(9_856, 144, 0.999, 1).unwrap();
        assert!((burned - 14.4).abs() < 1e-9, "{burned}");
    }

    #[test]
    fn an_outage_pages_within_minutes_and_ends_soon_after() {
        let mut events = Events::default();
        run(&mut events, 0, 6 * HOUR, 0);
        assert_eq!(urgency(rates(&events, 6 * HOUR - 1, 0.999)), Urgency::Fine);
        // All fails: 14.4 · 0.001 of an hour are 52 s.
        let begun = 6 * HOUR;
        run(&mut events, begun, 50, 1_000);
        assert!(urgency(rates(&events, begun + 49, 0.999)) < Urgency::Page, "not yet");
        run(&mut events, begun + 50, 15, 1_000);
        assert_eq!(urgency(rates(&events, begun + 64, 0.999)), Urgency::Page);
        run(&mut events, begun + 65, 6 * MINUTE, 0);
        assert!(urgency(rates(&events, begun + 65 + 6 * MINUTE, 0.999)) < Urgency::Page, "the short window has forgotten it");
    }

    #[test]
    fn a_slow_leak_is_a_ticket_and_a_faster_one_pages_late() {
        let mut slow = Events::default();
        run(&mut slow, 0, 72 * HOUR, 2);
        assert_eq!(urgency(rates(&slow, 72 * HOUR - 1, 0.999)), Urgency::Ticket);
        let mut faster = Events::default();
        run(&mut faster, 0, 6 * HOUR, 8);
        assert_eq!(urgency(rates(&faster, 6 * HOUR - 1, 0.999)), Urgency::Page);
        let mut fine = Events::default();
        run(&mut fine, 0, 72 * HOUR, 1);
        assert_eq!(urgency(rates(&fine, 72 * HOUR - 1, 0.998)), Urgency::Fine, "half of what may go wrong is no alert");
    }

    #[test]
    fn few_events_tell_nothing() {
        assert_eq!((burn(0, 9, 0.9, 10), burn(0, 0, 0.9, 0)), (None, None));
        assert!(burn(0, 10, 0.9, 10).is_some());
    }

    proptest! {
        #[test]
        fn windows_hold_what_was_noted_in_them(noted in prop::collection::vec((0i64..400_000, any::<bool>()), 0..300), wait in 0i64..100_000) {
            let mut noted = noted;
            noted.sort_unstable();
            let mut events = Events::default();
            noted.iter().for_each(|(t, good)| events.note(at(*t), *good));
            let now = noted.last().map_or(0, |(t, _)| *t) + wait;
            prop_assert!(events.minutes.len() <= MINUTES && events.hours.len() <= HOURS);
            for window in Window::ALL {
                let length = if window == Window::ThreeDays { HOUR } else { MINUTE };
                let first = (now.div_euclid(length) - window.seconds() / length + 1) * length;
                let count = |good: bool| noted.iter().filter(|(t, g)| *g == good && (first..=now).contains(t)).count() as u64;
                prop_assert_eq!(events.within(window, at(now)), (count(true), count(false)), "{:?}", window);
            }
        }

        #[test]
        fn congruence_is_bounded(burn in 0.0f64..1e9, priority in 0.0f64..=1.0) {
            prop_assert!(congruence(burn, priority).abs() <= priority);
        }
    }
}
