//! Times of a day: `at 6 pm`, `between 2 and 4 pm`, `in the evening`; of which day, others say.

use crate::domain::Timestamp;
use jiff::{
    Span, Timestamp as Instant, Zoned,
    civil::{Date, Time},
};
use std::ops::Range;

/// What was read, and how many words it took.
type Read<T> = Option<(T, usize)>;

/// From, to; what ends before it begins ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hours {
    pub from: Time,
    pub to: Time,
    /// Without a day it is said of no day in particular: `at night`.
    pub of_any_day: bool,
}

impl Hours {
    /// The hours of the day that was said, or else of the last day on which they began; of several days it is all of them.
    pub(super) fn on(self, days: Option<Range<Timestamp>>, now: &Zoned) -> Range<Timestamp> {
        let wall = |day: Date| {
            let to = if self.to > self.from { day } else { day.saturating_add(Span::new().days(1)) };
            stamp(day, self.from, now)..stamp(to, self.to, now)
        };
        let Some(days) = days else {
            let today = wall(now.date());
            let begun = Timestamp::from_micros(now.timestamp().as_microsecond()) >= today.start;
            return if begun { today } else { wall(now.date().saturating_sub(Span::new().days(1))) };
        };
        let long = days.end.seconds_since(days.start);
        if long > 25.0 * 3_600.0 {
            return days;
        }
        let first = Instant::from_microsecond(days.start.micros()).unwrap_or(Instant::UNIX_EPOCH).to_zoned(now.time_zone().clone()).date();
        // A whole day's hours past midnight are still that day's evening.
        if long > 22.0 * 3_600.0 && self.to <= self.from {
            return wall(first);
        }
        let within = |day: Date| {
            let hours = wall(day);
            Some(hours.start.max(days.start)..hours.end.min(days.end)).filter(|both| both.start < both.end)
        };
        // Of a night, the hours after midnight are the next day's.
        within(first).or_else(|| within(first.saturating_add(Span::new().days(1)))).unwrap_or(days)
    }
}

fn stamp(day: Date, time: Time, now: &Zoned) -> Timestamp {
    let micros = now.time_zone().to_ambiguous_zoned(day.to_datetime(time)).compatible().map_or(0, |at| at.timestamp().as_microsecond());
    Timestamp::from_micros(micros)
}

/// Hours at the beginning of the words. Without a word that says so (`at`, `between`) a number is no hour.
pub(super) fn hours(words: &[String]) -> Read<Hours> {
    let word = |n: usize| words.get(n).map(String::as_str);
    let after = |n: usize| words.get(n..).unwrap_or_default();
    match (word(0)?, word(1), word(2)) {
        ("between", ..) => between(after(1), &["and", "to"]).map(|(hours, used)| (hours, used + 1)),
        ("from", ..) => between(after(1), &["to", "until", "till", "and"]).map(|(hours, used)| (hours, used + 1)),
        ("in" | "during", Some("the"), Some(part @ ("morning" | "afternoon" | "evening" | "night"))) => Some((named(part)?, 3)),
        ("at", Some("night"), _) => Some((Hours { of_any_day: true, ..named("night")? }, 2)),
        ("at" | "around", Some("noon"), _) => Some((around(time_at(12)?), 2)),
        ("at" | "around", Some("midnight"), _) => Some((around(Time::midnight()), 2)),
        ("overnight", ..) => Some((named("night")?, 1)),
        ("at" | "around", ..) => time(after(1)).map(|(time, used)| (around(time), used + 1)),
        _ => None,
    }
}

/// `18:00`, `6pm`, `6 pm`.
pub(super) fn time(words: &[String]) -> Read<Time> {
    let word = words.first()?.as_str();
    if let Some((hour, minute)) = word.split_once(':') {
        let (minute, half, used) = half_of(minute, words.get(1));
        let hour: i8 = hour.parse().ok()?;
        let hour = half.map_or(Some(hour), |half| (1..=12).contains(&hour).then_some(hour % 12 + half))?;
        return Some((Time::new(hour, minute.parse().ok()?, 0, 0).ok()?, used));
    }
    let (number, half, used) = half_of(word, words.get(1));
    let hour = number.parse::<i8>().ok().filter(|h| (1..=12).contains(h))?;
    Some((time_at(hour % 12 + half?)?, used))
}

/// What stands before `am` or `pm`, hours to add, and words used.
fn half_of<'w>(word: &'w str, next: Option<&String>) -> (&'w str, Option<i8>, usize) {
    match (word.strip_suffix("pm"), word.strip_suffix("am"), next.map(String::as_str)) {
        (Some(number), ..) => (number, Some(12), 1),
        (_, Some(number), _) => (number, Some(0), 1),
        (.., Some("pm")) => (word, Some(12), 2),
        (.., Some("am")) => (word, Some(0), 2),
        _ => (word, None, 1),
    }
}

/// `2 and 4 pm`, `14:00 to 15:30`: a bare hour is of the half of the day of the other, unless that would turn them round.
fn between(words: &[String], joined: &[&str]) -> Read<Hours> {
    let first = time(words);
    let used = first.map_or(1, |(_, used)| used);
    words.get(used).filter(|word| joined.contains(&word.as_str()))?;
    let (to, more) = time(words.get(used + 1..)?)?;
    let from = match first {
        Some((from, _)) => from,
        None => {
            let hour = words.first()?.parse::<i8>().ok().filter(|h| (1..=12).contains(h))?;
            let of_half = |half: i8| time_at(hour % 12 + half);
            let same = of_half(if to.hour() >= 12 { 12 } else { 0 })?;
            if same <= to { same } else { of_half(if to.hour() >= 12 { 0 } else { 12 })? }
        }
    };
    Some((Hours { from, to, of_any_day: false }, used + 1 + more))
}

fn named(part: &str) -> Option<Hours> {
    let (from, to) = match part {
        "morning" => (5, 12),
        "afternoon" => (12, 18),
        "evening" => (17, 0),
        "night" => (20, 6),
        _ => return None,
    };
    Some(Hours { from: time_at(from)?, to: time_at(to)?, of_any_day: false })
}

/// Half an hour before and after.
fn around(time: Time) -> Hours {
    let half = Span::new().minutes(30);
    Hours { from: time.wrapping_sub(half), to: time.wrapping_add(half), of_any_day: false }
}

fn time_at(hour: i8) -> Option<Time> {
    Time::new(hour, 0, 0, 0).ok()
}
