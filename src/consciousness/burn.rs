//! How fast an objective uses up what may go wrong: burn rates over several windows, and the alerts that follow from them, as the SRE
//! workbook has it (Google 2018, chapter 5, multiwindow and multi-burn-rate alerts).

use crate::domain::{Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, ops::RangeInclusive};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
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

    /// As it is published.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::ThirtyMinutes => "30m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::ThreeDays => "3d",
        }
    }
}

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    #[default]
    Fine,
    /// Within days.
    Ticket,
    /// Now.
    Page,
}

/// Burn rates that are too high: by the fast pair of windows, the slow pair and the long one.
const FAST: f64 = 14.4;
const SLOW: f64 = 6.0;
const LONG: f64 = 1.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Count {
    /// Since 1970, in the buckets' length.
    bucket: i64,
    good: u32,
    bad: u32,
}

/// Buckets in the order of time, without those in which nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Run>", into = "Vec<Run>")]
struct Counts(VecDeque<Count>);

/// As they are stored: first bucket, how many like it follow each other, good and bad of each. One day is mostly like another.
type Run = (i64, u32, u32, u32);

impl From<Counts> for Vec<Run> {
    fn from(counts: Counts) -> Self {
        let mut runs: Self = Vec::new();
        for Count { bucket, good, bad } in counts.0 {
            match runs.last_mut() {
                Some((first, long, g, b)) if *first + i64::from(*long) == bucket && (*g, *b) == (good, bad) => *long += 1,
                _ => runs.push((bucket, 1, good, bad)),
            }
        }
        runs
    }
}

impl From<Vec<Run>> for Counts {
    fn from(runs: Vec<Run>) -> Self {
        let each = |(first, long, good, bad): Run| (0..i64::from(long)).map(move |n| Count { bucket: first.saturating_add(n), good, bad });
        // One more than any of them may have is enough to be refused.
        Self(runs.into_iter().flat_map(each).take(MINUTES + 1).collect())
    }
}

impl Counts {
    fn add(&mut self, bucket: i64, most: usize, is_good: bool) {
        if self.0.back().is_none_or(|last| last.bucket < bucket) {
            self.0.push_back(Count { bucket, ..Count::default() });
            if self.0.len() > most {
                self.0.pop_front();
            }
        }
        if let Some(last) = self.0.back_mut() {
            let count = if is_good { &mut last.good } else { &mut last.bad };
            *count = count.saturating_add(1);
        }
    }

    /// Good and bad ones of the last `length` buckets until `now`.
    fn within(&self, length: i64, now: i64) -> (u64, u64) {
        let inside = self.0.iter().rev().skip_while(|count| count.bucket > now).take_while(|count| count.bucket > now - length);
        inside.fold((0, 0), |(good, bad), count| (good + u64::from(count.good), bad + u64::from(count.bad)))
    }

    fn is_sound(&self, most: usize) -> bool {
        self.0.len() <= most && self.0.iter().zip(self.0.iter().skip(1)).all(|(a, b)| a.bucket < b.bucket)
    }
}

/// What went well and what did not, in constant space: six hours by the minute, three days by the hour, and the error budget's window by the day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Events {
    minutes: Counts,
    hours: Counts,
    days: Counts,
}

impl Events {
    /// Counts an event. One that is older than the newest counts with the newest.
    pub fn note(&mut self, at: Timestamp, is_good: bool) {
        self.minutes.add(bucket(at, MINUTE), MINUTES, is_good);
        self.hours.add(bucket(at, HOUR), HOURS, is_good);
        self.days.add(bucket(at, DAY), limits::MISSION_DAYS.into(), is_good);
    }

    /// Good and bad ones in a window that ends now, by whole buckets: it is up to one bucket shorter than its name, while the newest fills.
    #[must_use]
    pub fn within(&self, window: Window, now: Timestamp) -> (u64, u64) {
        let (counts, length) = if window == Window::ThreeDays { (&self.hours, HOUR) } else { (&self.minutes, MINUTE) };
        counts.within(window.seconds() / length, bucket(now, length))
    }

    /// The same of so many days, the last of them not over yet; at most `limits::MISSION_DAYS`.
    #[must_use]
    pub fn within_days(&self, days: u16, now: Timestamp) -> (u64, u64) {
        self.days.within(days.into(), bucket(now, DAY))
    }

    /// These hours since 1970, oldest first, without those in which nothing was: each with its good and bad ones.
    pub fn hours(&self, wanted: RangeInclusive<i64>) -> impl Iterator<Item = (i64, u32, u32)> {
        self.hours.0.iter().filter(move |c| wanted.contains(&c.bucket)).map(|c| (c.bucket, c.good, c.bad))
    }

    /// Whether what was read from the store can be counts.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.minutes.is_sound(MINUTES) && self.hours.is_sound(HOURS) && self.days.is_sound(limits::MISSION_DAYS.into())
    }
}

/// Which hour it is, since 1970.
#[must_use]
pub fn hour_of(at: Timestamp) -> i64 {
    bucket(at, HOUR)
}

/// When an hour began.
#[must_use]
pub fn hour_began(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour.saturating_mul(HOUR).saturating_mul(1_000_000))
}

fn bucket(at: Timestamp, length: i64) -> i64 {
    at.micros().div_euclid(1_000_000).div_euclid(length)
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

pub(super) fn number(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

/// What the burn rates call for: a page above 14.4 on 1 h and 5 m, or above 6 on 6 h and 30 m; a ticket above 1 on 3 d and 6 h (SRE workbook,
/// table 5-8). The short window of each pair ends an alert soon after its cause.
///
/// `rate` gives the burn rate of a window, and is told whether it stands as the long one: there must be enough events for it to say anything,
/// while of the short one it is asked only whether it goes on. `ease`, in (0, 1], lowers all limits: what has begun ends only below them.
#[must_use]
pub fn urgency(rate: impl Fn(Window, bool) -> Option<f64>, ease: f64) -> Urgency {
    let above = |long, short, limit: f64| {
        let over = |window, is_long| rate(window, is_long).is_some_and(|rate| rate > limit * ease);
        over(long, true) && over(short, false)
    };
    if above(Window::Hour, Window::FiveMinutes, FAST) || above(Window::SixHours, Window::ThirtyMinutes, SLOW) {
        Urgency::Page
    } else if above(Window::ThreeDays, Window::SixHours, LONG) {
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
#[path = "burn_tests.rs"]
mod tests;
