//! How well what was done to a sensor is told, reading by reading, event by event, and episode by episode.

use crate::{at, motes::Reading};
use jamey::{
    domain::Body,
    soul::{SeriesSet, SeriesSettings},
};

/// Readings after the one with which an event begins within which it is found in time.
const IN_TIME: usize = 2;
const EVERY: f64 = 5.0;

#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    pub hits: f64,
    pub wrong: f64,
    pub events: f64,
    pub late: f64,
    pub false_episodes: f64,
}

impl Tally {
    pub fn of(readings: &[Reading], begins: &[usize], by: &SeriesSettings) -> Self {
        let mut set = SeriesSet::default();
        let told: Vec<bool> = readings
            .iter()
            .enumerate()
            .map(|(n, r)| {
                let when = at(EVERY * n as f64);
                set.hear_by("humidity", &Body::Number(r.humidity), when, 0.0, by);
                set.hear_by("temperature", &Body::Number(r.temperature), when, 0.0, by);
                set.is_odd()
            })
            .collect();
        let mut tally = Self::default();
        for (n, (r, told_now)) in readings.iter().zip(&told).enumerate() {
            tally.hits += f64::from(u8::from(r.odd && *told_now));
            tally.wrong += f64::from(u8::from(r.odd != *told_now));
            if *told_now && (n == 0 || !told[n - 1]) {
                let end = n + told[n..].iter().take_while(|t| **t).count();
                tally.false_episodes += f64::from(u8::from(!readings[n..end].iter().any(|r| r.odd)));
            }
        }
        for begins in begins {
            tally.events += 1.0;
            tally.late += f64::from(u8::from(!told[*begins..=begins + IN_TIME].contains(&true)));
        }
        tally
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            wrong: self.wrong + other.wrong,
            events: self.events + other.events,
            late: self.late + other.late,
            false_episodes: self.false_episodes + other.false_episodes,
        }
    }

    /// Point F1, of readings.
    pub fn f1(self) -> f64 {
        2.0 * self.hits / (2.0 * self.hits + self.wrong).max(1.0)
    }

    pub fn in_time(self) -> f64 {
        1.0 - self.late / self.events.max(1.0)
    }

    /// Where the events of a mote begin.
    pub fn begins(readings: &[Reading]) -> Vec<usize> {
        (0..readings.len()).filter(|n| readings[*n].odd && (*n == 0 || !readings[*n - 1].odd)).collect()
    }
}
