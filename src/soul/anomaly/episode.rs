//! One episode: what was odd, since when, and what the series does meanwhile. The baseline stands still until it is over.

use super::{narrow, settings::Settings, walk::Walk};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What can be wrong with a series.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// No such value exists: a broken wire, a failed checksum.
    Impossible,
    /// It leapt away from its level.
    Leap,
    /// It leapt away and was back within two readings.
    Spike,
    /// It leapt away and stays there, calm.
    Step,
    /// Far out of its range of the last weeks.
    OutOfRange,
    /// Swings as only its greatest leaps did before.
    Noise,
    /// Always the same, and it used to move.
    Stuck,
    /// Its days creep away.
    Drift,
    /// A state that it never told before.
    NewState,
    /// Changes faster than it ever did.
    Chatter,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Episode {
    #[serde(rename = "w")]
    pub what: What,
    #[serde(rename = "a")]
    pub since: Timestamp,
    /// Whether anyone was told; not while it may be another unit.
    #[serde(rename = "t")]
    pub told: bool,
    /// Another one nearby sees the same.
    #[serde(rename = "k")]
    pub near: bool,
    /// The greatest deviation, and the value that had it.
    #[serde(rename = "z")]
    pub z: f32,
    #[serde(rename = "x")]
    pub worst: f64,
    /// The level when it began.
    #[serde(rename = "l")]
    pub level: f64,
    /// The greatest departure from reading to reading, for what is learned of it.
    #[serde(rename = "g")]
    pub greatest: f32,
    #[serde(rename = "n")]
    pub readings: u32,
    /// How often it changed its direction.
    #[serde(rename = "c")]
    turns: u32,
    /// Readings in a row that are back at the level, and that are calm wherever they are.
    #[serde(rename = "b")]
    back: u16,
    #[serde(rename = "q")]
    calm: u16,
    /// The unit in which it may be, and how many readings fitted it.
    #[serde(rename = "m")]
    pub unit: Option<(u8, u8)>,
    /// How the series moves since.
    #[serde(rename = "p")]
    pub trial: Walk,
    #[serde(rename = "e")]
    last: f64,
    #[serde(rename = "r")]
    rose: bool,
}

/// Readings in a row that end an episode; more after one that swings, and where it is back in its range but not at its level.
const BACK: u16 = 2;
const MOST_BACK: u16 = 16;
const CALM: u16 = 8;
/// A new level is accepted after so many readings and so long, if it is calm, or after a day as it is.
pub const ACCEPTED_READINGS: u32 = 32;
const ACCEPTED_SECONDS: f64 = 6.0 * 3_600.0;
const ACCEPTED_ANYWAY_SECONDS: f64 = 86_400.0;
/// Another sensor is recognised sooner: by its level, and by how it moves or how finely it writes.
const SWAP_SECONDS: f64 = 1_800.0;
const SWAP_RATIO: f64 = 3.0;

impl Episode {
    #[must_use]
    pub fn begin(what: What, at: Timestamp, x: f64, z: f64, level: f64, departure: f64) -> Self {
        Self {
            what,
            since: at,
            told: true,
            near: false,
            z: narrow(z),
            worst: x,
            level,
            greatest: narrow(departure.abs()),
            readings: 1,
            turns: 0,
            back: 0,
            calm: 0,
            unit: None,
            trial: Walk::new(x),
            last: x,
            rose: departure > 0.0,
        }
    }

    /// Takes one reading of it. `sigma` is the deviation that was usual before, `z` that of this reading.
    pub fn hear(&mut self, x: f64, seconds: f64, sigma: f64, z: f64, by: &Settings) {
        self.readings = self.readings.saturating_add(1);
        let departure = x - self.trial.level;
        if departure != 0.0 && (departure > 0.0) != self.rose {
            self.turns = self.turns.saturating_add(1);
            self.rose = departure > 0.0;
        }
        self.trial.resolve(x, self.last);
        self.calm =
            if departure.abs() <= (by.calm_deviations * sigma).max(3.0 * self.trial.step()) { self.calm.saturating_add(1) } else { 0 };
        self.trial.follow(x, departure, self.readings.saturating_sub(1), seconds, false, by);
        self.greatest = self.greatest.max(narrow(departure.abs()));
        if z > f64::from(self.z) {
            (self.z, self.worst) = (narrow(z), x);
        }
        self.last = x;
        if self.what == What::Leap && self.swings() {
            self.what = What::Noise;
        } else if self.what == What::Leap && self.calm >= CALM {
            self.what = What::Step;
        }
    }

    /// Whether it goes up and down without a direction, and too far for calm.
    fn swings(&self) -> bool {
        self.readings >= 6 && self.turns * 4 >= self.readings && self.calm < 4
    }

    /// Whether this reading ends it: `home`, it is back at its level; `inside`, it is within its ordinary range.
    pub fn is_over(&mut self, home: bool, inside: bool) -> bool {
        self.back = if home { self.back.saturating_add(1) } else { 0 };
        // One turn in two readings is noise, which is home now and then by chance.
        let turns = u16::try_from(16 * self.turns.min(1 << 20) / self.readings.max(1)).unwrap_or(MOST_BACK);
        let needed = if self.readings <= 3 { BACK } else { BACK.saturating_add(turns).min(MOST_BACK) };
        let over = self.back >= needed || (inside && self.readings >= u32::from(CALM) && self.calm >= CALM);
        if over && self.what == What::Leap && self.readings.saturating_sub(self.back.into()) <= 2 {
            self.what = What::Spike;
        }
        over
    }

    /// Whether it has lasted so long that it is how things are.
    #[must_use]
    pub fn is_accepted(&self, at: Timestamp) -> bool {
        let lasted = at.seconds_since(self.since);
        self.readings >= ACCEPTED_READINGS && ((lasted >= ACCEPTED_SECONDS && self.calm >= CALM) || lasted >= ACCEPTED_ANYWAY_SECONDS)
    }

    /// Whether another sensor speaks: its level is another, its noise or its resolution is too, and it has no direction.
    #[must_use]
    pub fn is_swap(&self, before: &Walk, at: Timestamp) -> bool {
        let ratio = self.trial.sigma() / before.sigma();
        let others = !(1.0 / SWAP_RATIO..=SWAP_RATIO).contains(&ratio) || self.trial.decimals() != before.decimals();
        let elsewhere = (self.trial.level - self.level).abs() > 4.0 * self.trial.sigma().max(before.sigma());
        elsewhere
            && self.readings >= ACCEPTED_READINGS
            && at.seconds_since(self.since) >= SWAP_SECONDS
            && self.turns * 4 >= self.readings
            && others
    }

    /// Whether it came, stayed for a while and went by itself, as a shower or an oven does.
    #[must_use]
    pub fn is_habit(&self) -> bool {
        self.readings >= 4 && matches!(self.what, What::Leap | What::Step | What::OutOfRange)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.trial.is_sound()
            && [self.worst, self.level, self.last].iter().all(|x| x.is_finite())
            && [self.z, self.greatest].iter().all(|x| x.is_finite() && *x >= 0.0)
    }
}
