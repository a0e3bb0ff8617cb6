//! The ordinary range of a series: what it was told to be in the last weeks.

use super::{narrow, pow2};
use serde::{Deserialize, Serialize};

/// The ends come toward the middle with this half-life: a season is forgotten in the next.
const HALF_LIFE_SECONDS: f64 = 30.0 * 86_400.0;
const DAY_SECONDS: f64 = 86_400.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Spread {
    #[serde(rename = "l")]
    low: f32,
    #[serde(rename = "h")]
    high: f32,
}

impl Spread {
    #[must_use]
    pub fn new(x: f64) -> Self {
        Self { low: narrow(x), high: narrow(x) }
    }

    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        (self.low.into(), self.high.into())
    }

    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        (f64::from(self.low)..=f64::from(self.high)).contains(&x)
    }

    /// How far outside a value is, as a part of what would be news: 1 and more is. `margin` is the part of
    /// its own width that is news, `least` the smallest distance that is.
    #[must_use]
    pub fn excess(&self, x: f64, margin: f64, least: f64) -> f64 {
        let (low, high) = self.ends();
        let beyond = (x - high).max(low - x).max(0.0);
        beyond / (margin * (high - low)).max(least).max(f64::MIN_POSITIVE)
    }

    /// Follows a reading that is as it should be. A series that is `grown` widens by its own width a day at most.
    pub fn follow(&mut self, x: f64, seconds: f64, grown: bool, step: f64) {
        let (mut low, mut high) = self.ends();
        let most = if grown { (high - low) * seconds / DAY_SECONDS + step } else { f64::INFINITY };
        let middle = f64::midpoint(low, high);
        let keep = pow2(-seconds / HALF_LIFE_SECONDS);
        low = middle + (low - middle) * keep;
        high = middle + (high - middle) * keep;
        if x > high {
            high = x.min(high + most);
        } else if x < low {
            low = x.max(low - most);
        }
        *self = Self { low: narrow(low), high: narrow(high) };
    }

    /// Takes a value as ordinary from now on.
    pub fn know(&mut self, x: f64) {
        let x = narrow(x);
        *self = Self { low: self.low.min(x), high: self.high.max(x) };
    }

    /// The same in another unit (factor above 0).
    #[must_use]
    pub fn mapped(&self, map: impl Fn(f64) -> f64) -> Self {
        Self { low: narrow(map(self.low.into())), high: narrow(map(self.high.into())) }
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low <= self.high
    }
}
