//! Runs of one and the same value: how long they used to be, and whether this one is too long for a sensor that lives.

use super::{narrow, pow2};
use serde::{Deserialize, Serialize};

/// No run that is shorter is stuck, whatever was learned.
const LEAST_READINGS: f64 = 20.0;
const LEAST_SECONDS: f64 = 3_600.0;
const HALF_LIFE_SECONDS: f64 = 30.0 * 86_400.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Run {
    #[serde(rename = "n")]
    readings: u32,
    #[serde(rename = "t")]
    seconds: f32,
    /// The longest run of late, and the value at which it rested.
    #[serde(rename = "m")]
    longest: f32,
    #[serde(rename = "u")]
    longest_seconds: f32,
    #[serde(rename = "r")]
    rest: f32,
}

impl Run {
    /// Takes one reading; `last` is the value before it.
    pub fn hear(&mut self, x: f64, last: f64, seconds: f64) {
        let keep = pow2(-seconds / HALF_LIFE_SECONDS);
        (self.longest, self.longest_seconds) = (narrow(f64::from(self.longest) * keep), narrow(f64::from(self.longest_seconds) * keep));
        if x.to_bits() == last.to_bits() {
            self.readings = self.readings.saturating_add(1);
            self.seconds = narrow(f64::from(self.seconds) + seconds);
        } else {
            if self.seconds >= self.longest_seconds {
                self.rest = narrow(last);
            }
            self.longest = self.longest.max(narrow(self.readings.into()));
            self.longest_seconds = self.longest_seconds.max(self.seconds);
            (self.readings, self.seconds) = (0, 0.0);
        }
    }

    /// Whether this run is too long: so many times the longest of late, in readings and in time. A value at which it rested for longest before (0 W, dark) is no sign of it.
    #[must_use]
    pub fn is_stuck(&self, x: f64, times: f64) -> bool {
        f64::from(self.readings) > (times * f64::from(self.longest)).max(LEAST_READINGS)
            && f64::from(self.seconds) > (times * f64::from(self.longest_seconds)).max(LEAST_SECONDS)
            && narrow(x).to_bits() != self.rest.to_bits()
    }

    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds.into()
    }

    /// Begins a new run, and learns nothing from this one.
    pub fn end(&mut self) {
        (self.readings, self.seconds) = (0, 0.0);
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        [self.seconds, self.longest, self.longest_seconds].iter().all(|x| x.is_finite() && *x >= 0.0) && self.rest.is_finite()
    }
}
