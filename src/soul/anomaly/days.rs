//! Slow drift: the means of whole days, against what they usually are, by a two-sided CUSUM (Page 1954). A day's course cannot alarm it.

use super::{narrow, settings::Settings};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Days that are learned from before any is judged.
const LEARNED: u16 = 14;
/// Readings that make a day one.
const LEAST_READINGS: u32 = 4;
/// The usual day is a mean over so many.
const USUAL_DAYS: f64 = 21.0;
/// A day counts for at most so many deviations.
const WINSOR: f64 = 3.0;
const DAY_MICROS: i64 = 86_400_000_000;
/// Days after which a drift is how it is.
const ACCEPTED_DAYS: f64 = 14.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Days {
    #[serde(rename = "d")]
    day: i64,
    #[serde(rename = "n")]
    readings: u32,
    #[serde(rename = "m")]
    mean: f64,
    #[serde(rename = "u")]
    usual: f64,
    #[serde(rename = "s")]
    spread: f32,
    #[serde(rename = "p")]
    up: f32,
    #[serde(rename = "o")]
    down: f32,
    #[serde(rename = "c")]
    days: u16,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(rename = "k", default, skip_serializing_if = "std::ops::Not::not")]
    pub near: bool,
}

/// What a day that ended tells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Turn {
    Drifts { up: bool, from: f64, to: f64 },
    IsBack,
}

impl Days {
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { day: day(at), readings: 0, mean: 0.0, usual: 0.0, spread: 0.0, up: 0.0, down: 0.0, days: 0, since: None, near: false }
    }

    /// Takes one reading; the first of a new day ends the one before it. `least`: a drift of less is no news. Page's allowance and threshold are
    /// such that two deviations off are found in fourteen days, three in six; the seasons of the outdoors, in none (`seasons_are_no_drift`).
    pub fn hear(&mut self, x: f64, at: Timestamp, least: f64, by: &Settings) -> Option<Turn> {
        let today = day(at);
        let turn = if today == self.day { None } else { self.close(at, least, by) };
        if today != self.day {
            (self.day, self.readings, self.mean) = (today, 0, 0.0);
        }
        self.readings = self.readings.saturating_add(1);
        self.mean += (x - self.mean) / f64::from(self.readings);
        turn
    }

    /// The usual day, and this one so far.
    #[must_use]
    pub fn means(&self) -> (f64, f64) {
        (self.usual, self.mean)
    }

    fn close(&mut self, at: Timestamp, least: f64, by: &Settings) -> Option<Turn> {
        if self.readings < LEAST_READINGS {
            return None;
        }
        let off = self.mean - self.usual;
        let spread = f64::from(self.spread).max(least / 4.0);
        let u = (off / spread.max(f64::MIN_POSITIVE)).clamp(-WINSOR, WINSOR);
        if let Some(since) = self.since {
            let accepted = at.seconds_since(since) > ACCEPTED_DAYS * 86_400.0;
            if accepted {
                *self = Self { day: self.day, readings: self.readings, mean: self.mean, usual: self.mean, days: 1, ..Self::new(at) };
            } else if off.abs() < 2.0 * spread {
                (self.up, self.down, self.since) = (0.0, 0.0, None);
            }
            return self.since.is_none().then_some(Turn::IsBack);
        }
        if self.days >= LEARNED {
            self.up = narrow((f64::from(self.up) + u - by.drift_allowance).max(0.0));
            self.down = narrow((f64::from(self.down) - u - by.drift_allowance).max(0.0));
            if f64::from(self.up.max(self.down)) > by.drift_threshold && off.abs() > least {
                (self.since, self.near) = (Some(at), false);
                return Some(Turn::Drifts { up: self.up > self.down, from: self.usual, to: self.mean });
            }
        }
        self.learn(off, u * spread);
        None
    }

    fn learn(&mut self, off: f64, winsorised: f64) {
        self.days = self.days.saturating_add(1);
        let share = f64::from(self.days).min(USUAL_DAYS);
        // The first day is the usual one, and the spread begins with the second.
        let (off, fresh) = if self.days <= LEARNED { (off, true) } else { (winsorised, false) };
        self.usual += off / share;
        if self.days > 1 {
            let square = f64::from(self.spread) * f64::from(self.spread);
            let over = if fresh { share - 1.0 } else { share };
            self.spread = narrow(libm::sqrt(square + (off * off - square) / over));
        }
    }

    /// The same in another unit.
    pub fn map(&mut self, factor: f64, map: impl Fn(f64) -> f64) {
        self.mean = map(self.mean);
        self.usual = map(self.usual);
        self.spread = narrow(f64::from(self.spread) * factor);
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.mean.is_finite() && self.usual.is_finite() && [self.spread, self.up, self.down].iter().all(|x| x.is_finite() && *x >= 0.0)
    }
}

/// Days of UTC: it does not matter when they begin, only that they are whole.
fn day(at: Timestamp) -> i64 {
    at.micros().div_euclid(DAY_MICROS)
}
