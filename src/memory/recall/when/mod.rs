//! Times as people write them: `yesterday evening`, `last 3 days`, `2026-11-24`, `since monday`. Total: what is no time is left as words.

#[cfg(test)]
mod tests;

use super::hours;
use crate::domain::Timestamp;
use jiff::{
    SignedDuration, Span, Timestamp as Instant,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use std::ops::Range;

/// A time that was read, and how many words it took.
type Read<T> = Option<(T, usize)>;
/// From, included, to, excluded, on the wall clock.
type Wall = (DateTime, DateTime);

/// Reads all times in a list of words, each in lower case. Gives the range that they leave together, and which words were none of it.
///
/// Several times narrow each other; where they leave nothing the range is empty, and so is what is found.
#[must_use]
pub fn read(words: &[String], now: Timestamp, zone: &TimeZone) -> (Option<Range<Timestamp>>, Vec<usize>) {
    let there = instant(now).to_zoned(zone.clone());
    let clock = Clock { now: there.datetime(), zone };
    let (mut range, mut of_day, mut rest, mut at) = (None::<Range<Timestamp>>, None, Vec::new(), 0);
    while at < words.len() {
        let here = words.get(at..).unwrap_or_default();
        // `between 2 and 4 pm` of whatever day is said before or after it.
        if let Some((found, used)) = hours::hours(here) {
            of_day = Some((found, at..at + used));
            at += used;
            continue;
        }
        let Some((found, used)) = clock.range(here) else {
            rest.push(at);
            at += 1;
            continue;
        };
        range = Some(match range {
            Some(before) => before.start.max(found.start)..before.end.min(found.end),
            None => found,
        });
        at += used;
    }
    match of_day {
        // `at night` without a day is any night: it stays as words.
        Some((hours, said)) if range.is_none() && hours.of_any_day => {
            rest.extend(said);
            rest.sort_unstable();
            (None, rest)
        }
        Some((hours, _)) => (Some(hours.on(range, &there)), rest),
        None => (range, rest),
    }
}

struct Clock<'z> {
    now: DateTime,
    zone: &'z TimeZone,
}

impl Clock<'_> {
    /// A range at the beginning of the words.
    fn range(&self, words: &[String]) -> Read<Range<Timestamp>> {
        let word = words.first()?.as_str();
        let after = |n: usize| words.get(n..).unwrap_or_default();
        let always = || Timestamp::from_micros(0)..self.stamp(self.now).plus_seconds(86_400);
        match word {
            "since" | "after" | "from" => {
                let (wall, used) = self.wall(after(1)).or_else(|| self.last_at(after(1)))?;
                let start = if word == "after" { wall.1 } else { wall.0 };
                // `from A to B`.
                if word == "from"
                    && let Some("to" | "until" | "till") = after(1 + used).first().map(String::as_str)
                    && let Some((end, more)) = self.wall(after(2 + used))
                {
                    return Some((self.stamp(start)..self.stamp(end.1), 2 + used + more));
                }
                Some((self.stamp(start)..always().end, 1 + used))
            }
            "until" | "till" | "before" => {
                let (wall, used) = self.wall(after(1)).or_else(|| self.last_at(after(1)))?;
                let end = if word == "before" { wall.0 } else { wall.1 };
                Some((always().start..self.stamp(end), 1 + used))
            }
            "between" => {
                let (from, used) = self.wall(after(1))?;
                after(1 + used).first().filter(|w| w.as_str() == "and")?;
                let (to, more) = self.wall(after(2 + used))?;
                Some((self.stamp(from.0)..self.stamp(to.1), 2 + used + more))
            }
            _ => {
                if let Some((from, to)) = word.split_once("..") {
                    let end = |text: &str| self.iso(text);
                    let (from, to) = (end(from), end(to));
                    if from.is_none() && to.is_none() {
                        return None;
                    }
                    let start = from.map_or(always().start, |wall| self.stamp(wall.0));
                    return Some((start..to.map_or(always().end, |wall| self.stamp(wall.1)), 1));
                }
                let (wall, used) = self.wall(words)?;
                Some((self.stamp(wall.0)..self.stamp(wall.1), used))
            }
        }
    }

    /// The last time that a clock showed this.
    fn last_at(&self, words: &[String]) -> Read<Wall> {
        let (time, used) = hours::time(words)?;
        let today = self.now.date().to_datetime(time);
        let at = if today <= self.now { today } else { later(self.now.date(), -1).to_datetime(time) };
        Some(((at, at), used))
    }

    /// A day, a part of one, or a while: at the beginning of the words, with `on`, `in`, `at` or `the` before it.
    fn wall(&self, words: &[String]) -> Read<Wall> {
        let skip =
            words.iter().take(2).take_while(|w| matches!(w.as_str(), "on" | "in" | "the" | "at" | "around" | "during" | "over")).count();
        let inner = words.get(skip..)?;
        let said_in = words.iter().take(skip).any(|w| w == "in");
        // `the night of 13 november`.
        if let [name, of, ..] = inner
            && of == "of"
            && part(self.now.date(), name).is_some()
        {
            let (day, used) = self.wall(inner.get(2..)?)?;
            return Some((part(day.0.date(), name)?, skip + 2 + used));
        }
        if let Some((wall, used)) = self.while_(inner) {
            // `3 days ago in the evening`.
            let rest = inner.get(used..).unwrap_or_default();
            if wall.1.duration_since(wall.0) == SignedDuration::from_hours(24)
                && wall.0.time() == Time::midnight()
                && let Some((part, more)) = self.within(wall.0.date(), rest)
            {
                return Some((part, skip + used + more));
            }
            return Some((wall, skip + used));
        }
        if let Some((wall, used)) = self.days(inner, said_in) {
            // Of a night the hours may be the next day's.
            let one_day = wall.0.time() == Time::midnight() && wall.1.duration_since(wall.0) <= SignedDuration::from_hours(24);
            let rest = inner.get(used..).unwrap_or_default();
            if one_day && let Some((part, more)) = self.within(wall.0.date(), rest) {
                return Some((part, skip + used + more));
            }
            return Some((wall, skip + used));
        }
        None
    }

    /// A part of a day, or a clock: `evening`, `in the evening`, `at night`, `at 18:00`.
    fn within(&self, day: Date, words: &[String]) -> Read<Wall> {
        let first = words.first()?.as_str();
        let before = match (first, words.get(1).map(String::as_str)) {
            ("in" | "during", Some("the")) => 2,
            ("in" | "at", _) => 1,
            _ => 0,
        };
        if let Some(part) = words.get(before).and_then(|name| part(day, name)) {
            return Some((part, before + 1));
        }
        let said = matches!(first, "at" | "around");
        let (time, used) = hours::time(words.get(usize::from(said)..)?)?;
        Some((around(day, time), usize::from(said) + used))
    }

    /// A day or several: `yesterday`, `last week`, `monday`, `2026-11-24`, `march 2026`.
    fn days(&self, words: &[String], said_in: bool) -> Read<Wall> {
        let word = words.first()?.as_str();
        let next = words.get(1).map(String::as_str);
        let today = self.now.date();
        let day = |date: Date| (start(date), start(later(date, 1)));
        match word {
            "today" => return Some((day(today), 1)),
            "yesterday" => return Some((day(later(today, -1)), 1)),
            "day" if next == Some("before") && words.get(2).is_some_and(|w| w == "yesterday") => {
                return Some((day(later(today, -2)), 3));
            }
            "tonight" => return Some((part(today, "night")?, 1)),
            "this" | "last" | "past" | "previous" => {
                let back = i32::from(word != "this");
                let next = next?;
                let night = later(today, -back);
                return Some((
                    match next {
                        "night" => part(night, "night")?,
                        "morning" | "afternoon" | "evening" => part(night, next)?,
                        "week" => {
                            let monday = later(today, -i32::from(today.weekday().to_monday_zero_offset()) - 7 * back);
                            (start(monday), start(later(monday, 7)))
                        }
                        "weekend" => {
                            let monday = later(today, -i32::from(today.weekday().to_monday_zero_offset()) - 7 * back);
                            (start(later(monday, 5)), start(later(monday, 7)))
                        }
                        "month" => {
                            let first = today.first_of_month().checked_sub(Span::new().months(back)).ok()?;
                            (start(first), start(first.checked_add(Span::new().months(1)).ok()?))
                        }
                        "year" => {
                            let first = today.first_of_year().checked_sub(Span::new().years(back)).ok()?;
                            (start(first), start(first.checked_add(Span::new().years(1)).ok()?))
                        }
                        name => day(self.weekday(weekday(name)?, word == "this")),
                    },
                    2,
                ));
            }
            _ => {}
        }
        if let Some(weekday) = weekday(word) {
            // `sunday, 15 november` and `monday the 16th of november` are one day: the date says which.
            let the = usize::from(next == Some("the"));
            if let Some(date) = words.get(1 + the..)
                && let Some((wall, used)) = self.date(date, said_in)
            {
                return Some((wall, 1 + the + used));
            }
            return Some((day(self.weekday(weekday, false)), 1));
        }
        self.date(words, said_in)
    }

    /// A date: `2026-11-24`, `5 march`, `march 5th`, `the 5th of march`, `5th`.
    fn date(&self, words: &[String], said_in: bool) -> Read<Wall> {
        let word = words.first()?.as_str();
        let next = words.get(1).map(String::as_str);
        let day = |date: Date| (start(date), start(later(date, 1)));
        if let Some(wall) = self.iso(word) {
            return Some((wall, 1));
        }
        // `march`, `may` and `august` are words too: a month is one after `in`, or beside a number.
        if let Some(month) = month(word) {
            let number = next.and_then(|n| ordinal(n).map(i16::from).or_else(|| n.parse().ok()));
            match number {
                Some(date) if (1..=31).contains(&date) => {
                    let year = words.get(2).and_then(|y| y.parse().ok()).filter(|y| (1970..=9998).contains(y));
                    return Some((day(self.dated(year, month, i8::try_from(date).ok()?)?), 2 + usize::from(year.is_some())));
                }
                Some(year) if (1970..=9998).contains(&year) => return Some((months(Date::new(year, month, 1).ok()?)?, 2)),
                _ if said_in => return Some((months(self.dated(None, month, 1)?)?, 1)),
                _ => return None,
            }
        }
        let date = ordinal(word).or_else(|| word.parse().ok()).filter(|d| (1..=31).contains(d))?;
        let of = usize::from(next == Some("of"));
        let Some(month) = words.get(1 + of).and_then(|name| month(name)) else {
            // `the 15th` alone is the last one that was.
            ordinal(word)?;
            let today = self.now.date();
            let this = Date::new(today.year(), today.month(), date).ok().filter(|d| *d <= today);
            let before = || today.first_of_month().yesterday().ok().and_then(|last| Date::new(last.year(), last.month(), date).ok());
            return Some((day(this.or_else(before)?), 1));
        };
        let year = words.get(2 + of).and_then(|y| y.parse().ok()).filter(|y| (1970..=9998).contains(y));
        Some((day(self.dated(year, month, date)?), 2 + of + usize::from(year.is_some())))
    }

    /// A while until now, or one that long ago: `last 3 hours`, `2 days ago`, `an hour ago`.
    fn while_(&self, words: &[String]) -> Read<Wall> {
        let word = |n: usize| words.get(n).map(String::as_str);
        let said = matches!(word(0)?, "last" | "past");
        let from = usize::from(said);
        let n = match word(from)? {
            "a" | "an" => Some(1.0),
            "few" if said => Some(3.0),
            n if let Some(n) = counted(n) => Some(n),
            n => n.parse::<f64>().ok().filter(|n| *n > 0.0 && *n < 100_000.0),
        };
        let (n, used) = match n {
            Some(n) => (n, from + 1),
            None if said => (1.0, from),
            None => return None,
        };
        let unit = match word(used)?.trim_end_matches('s') {
            "second" | "sec" => 1.0,
            "minute" | "min" => 60.0,
            "hour" => 3_600.0,
            // `last day` is a while; `last week` is the week before this one, and is read elsewhere.
            "day" => 86_400.0,
            "week" if used > from => 7.0 * 86_400.0,
            "month" if used > from => 30.0 * 86_400.0,
            "year" if used > from => 365.0 * 86_400.0,
            _ => return None,
        };
        let back = |seconds: f64| self.now.checked_sub(SignedDuration::from_secs_f64(seconds)).ok();
        if said {
            return Some(((back(n * unit)?, soon(self.now)), used + 1));
        }
        (word(used + 1)? == "ago").then_some(())?;
        // Who says `2 days ago` means a day of the calendar.
        if unit == 86_400.0 && n.fract() == 0.0 {
            let then = self.now.checked_sub(SignedDuration::from_secs_f64(n * unit)).ok()?.date();
            return Some(((start(then), start(later(then, 1))), used + 2));
        }
        Some(((back((n + 0.5) * unit)?, back((n - 0.5).max(0.0) * unit).map(soon)?), used + 2))
    }

    /// `2026-11-24`, `2026-11`, `2026-11-24T18:00`, with or without seconds and zone.
    fn iso(&self, word: &str) -> Option<Wall> {
        if !word.get(..4)?.bytes().all(|b| b.is_ascii_digit()) || word.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        let upper = word.to_ascii_uppercase();
        if let Ok(instant) = upper.parse::<Instant>() {
            let at = instant.to_zoned(self.zone.clone()).datetime();
            return Some((at, at.checked_add(Span::new().minutes(1)).ok()?));
        }
        if upper.contains('T') {
            let at: DateTime = upper.parse().ok()?;
            return Some((at, at.checked_add(Span::new().minutes(1)).ok()?));
        }
        if let Ok(date) = word.parse::<Date>() {
            return Some((start(date), start(later(date, 1))));
        }
        let (year, month) = word.split_once('-')?;
        months(Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?)
    }

    /// The last such day before today; with `today` it may be today.
    fn weekday(&self, wanted: Weekday, today: bool) -> Date {
        let date = self.now.date();
        let back = i32::from(date.weekday().since(wanted));
        later(date, -if back == 0 && !today { 7 } else { back })
    }

    /// The last such date that is not to come, where no year was said.
    fn dated(&self, year: Option<i16>, month: i8, day: i8) -> Option<Date> {
        let today = self.now.date();
        match year {
            Some(year) => Date::new(year, month, day).ok(),
            None => {
                Date::new(today.year(), month, day).ok().filter(|d| *d <= today).or_else(|| Date::new(today.year() - 1, month, day).ok())
            }
        }
    }

    fn stamp(&self, wall: DateTime) -> Timestamp {
        let micros = self.zone.to_ambiguous_zoned(wall).compatible().map_or(0, |zoned| zoned.timestamp().as_microsecond());
        Timestamp::from_micros(micros)
    }
}

fn instant(at: Timestamp) -> Instant {
    Instant::from_microsecond(at.micros()).unwrap_or(Instant::UNIX_EPOCH)
}

fn start(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

fn later(date: Date, days: i32) -> Date {
    date.saturating_add(Span::new().days(days))
}

/// What was said this very second counts too.
fn soon(at: DateTime) -> DateTime {
    at.saturating_add(Span::new().seconds(1))
}

fn months(first: Date) -> Option<Wall> {
    Some((start(first), start(first.checked_add(Span::new().months(1)).ok()?)))
}

/// The night of a day ends on the next.
fn part(day: Date, name: &str) -> Option<Wall> {
    let (from, hours) = match name {
        "morning" => (5, 7),
        "noon" => (11, 3),
        "afternoon" => (12, 6),
        "evening" => (17, 7),
        "night" => (20, 10),
        _ => return None,
    };
    let from = day.at(from, 0, 0, 0);
    Some((from, from.saturating_add(Span::new().hours(hours))))
}

/// Half an hour before and after.
fn around(day: Date, time: Time) -> Wall {
    let at = day.to_datetime(time);
    (at.saturating_sub(Span::new().minutes(30)), at.saturating_add(Span::new().minutes(30)))
}

/// `1st`, `22nd`, `15th`: a day of a month.
fn ordinal(word: &str) -> Option<i8> {
    let end = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, ending) = word.split_at_checked(end)?;
    matches!(ending, "st" | "nd" | "rd" | "th").then(|| number.parse().ok().filter(|d| (1..=31).contains(d)))?
}

/// Small numbers in words.
fn counted(word: &str) -> Option<f64> {
    const NUMBERS: [&str; 12] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    NUMBERS.iter().position(|n| *n == word).and_then(|at| u8::try_from(at + 1).ok()).map(f64::from)
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn month(name: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let at = MONTHS.iter().position(|month| *month == name || (name.len() == 3 && month.starts_with(name)))?;
    i8::try_from(at + 1).ok()
}
