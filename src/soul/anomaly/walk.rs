//! How a series moves from reading to reading: a local level, the scale of its departures, and the greatest of them in the last weeks.

use super::{narrow, pow2, settings::Settings};
use serde::{Deserialize, Serialize};

/// The scale is a mean over so many readings.
const SCALE_READINGS: f64 = 128.0;
/// A departure counts for at most so many scales (winsorised): one outlier moves the scale by 6 % at most.
const WINSOR: f64 = 4.0;
/// The scale of the last few readings alone.
const BURST_READINGS: f64 = 8.0;
/// Half-life of the greatest departure: what happens once a month is known.
const REACH_HALF_LIFE_SECONDS: f64 = 30.0 * 86_400.0;
/// The least scale, in steps of the sensor's resolution: uniform rounding has a deviation of 0.29 steps.
const ROUNDING: f64 = 0.29;

/// All in the series' own unit; names are one letter in the store, which holds thousands of them.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Walk {
    #[serde(rename = "l")]
    pub level: f64,
    /// Winsorised root mean square of the departures from the level.
    #[serde(rename = "s")]
    scale: f32,
    #[serde(rename = "b")]
    burst: f32,
    /// The mean of the last few departures: what has a direction is no noise.
    #[serde(rename = "e")]
    lean: f32,
    /// The greatest departure of late.
    #[serde(rename = "r")]
    reach: f32,
    /// The smallest difference of two readings: the sensor's resolution.
    #[serde(rename = "q")]
    step: f32,
    /// The most decimals it wrote.
    #[serde(rename = "d")]
    decimals: u8,
}

impl Walk {
    #[must_use]
    pub fn new(x: f64) -> Self {
        Self { level: x, scale: 0.0, burst: 0.0, lean: 0.0, reach: 0.0, step: 0.0, decimals: decimals(x) }
    }

    /// The deviation that is usual, no less than what rounding alone makes.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        f64::from(self.scale).max(ROUNDING * self.step()).max(f64::MIN_POSITIVE)
    }

    #[must_use]
    pub fn step(&self) -> f64 {
        self.step.into()
    }

    #[must_use]
    pub fn reach(&self) -> f64 {
        self.reach.into()
    }

    #[must_use]
    pub fn burst(&self) -> f64 {
        self.burst.into()
    }

    #[must_use]
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Notes how finely the sensor tells.
    pub fn resolve(&mut self, x: f64, last: f64) {
        let step = (x - last).abs();
        // Less is the last bit of a binary fraction, and no step.
        if step > 1e-9 * x.abs() && (self.step == 0.0 || step < self.step()) {
            self.step = narrow(step);
        }
        self.decimals = self.decimals.max(decimals(x));
    }

    /// What the last few departures would be with this one.
    #[must_use]
    pub fn burst_with(&self, departure: f64) -> f64 {
        let square = self.burst() * self.burst();
        libm::sqrt(square + (departure * departure - square) / BURST_READINGS)
    }

    /// Whether the last few departures with this one go to and fro, and not one way.
    #[must_use]
    pub fn swings_with(&self, departure: f64) -> bool {
        2.0 * self.lean_with(departure).abs() < self.burst_with(departure)
    }

    fn lean_with(&self, departure: f64) -> f64 {
        let lean = f64::from(self.lean);
        lean + (departure - lean) / BURST_READINGS
    }

    /// Follows a reading that is as it should be, the `n`-th; `departure` is its distance from the level, for the usual interval.
    /// Once the series is `judged`, the greatest departure grows by a little a reading at most.
    pub fn follow(&mut self, x: f64, departure: f64, n: u32, seconds: f64, judged: bool, by: &Settings) {
        let size = departure.abs();
        self.burst = narrow(self.burst_with(size));
        self.lean = narrow(self.lean_with(departure));
        let winsorised = if n > 8 { size.min(WINSOR * self.sigma()) } else { size };
        let square = f64::from(self.scale) * f64::from(self.scale);
        self.scale = narrow(libm::sqrt(square + (winsorised * winsorised - square) / f64::from(n.max(1)).min(SCALE_READINGS)));
        let faded = self.reach() * pow2(-seconds / REACH_HALF_LIFE_SECONDS);
        let most = if judged { self.reach() * (1.0 + by.reach_growth) + self.step() } else { f64::INFINITY };
        self.reach = narrow(faded.max(size.min(most)));
        self.level += by.level_share * (x - self.level);
    }

    /// Takes a departure as known from now on.
    pub fn know(&mut self, departure: f64) {
        self.reach = narrow(self.reach().max(departure));
    }

    /// The same series in another unit.
    pub fn scaled(&self, factor: f64, level: f64) -> Self {
        let by = |x: f32| narrow(f64::from(x) * factor);
        // How finely the new unit is written will show.
        Self { level, scale: by(self.scale), burst: by(self.burst), lean: by(self.lean), reach: by(self.reach), step: 0.0, decimals: 0 }
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.level.is_finite()
            && self.lean.is_finite()
            && [self.scale, self.burst, self.reach, self.step].iter().all(|x| x.is_finite() && *x >= 0.0)
    }
}

/// Decimals that a number is written with, at most 6.
fn decimals(x: f64) -> u8 {
    let mut scaled = x.abs();
    for places in 0..6 {
        if (scaled - libm::round(scaled)).abs() <= 1e-9 * scaled.max(1.0) {
            return places;
        }
        scaled *= 10.0;
    }
    6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_counted_as_written() {
        for (x, places) in [(21.0, 0), (21.5, 1), (-0.25, 2), (22.3125, 4), (1013.37, 2), (1.0 / 3.0, 6), (0.0, 0)] {
            assert_eq!(decimals(x), places, "{x}");
        }
    }

    #[test]
    fn rounding_alone_is_no_departure() {
        let mut walk = Walk::new(21.0);
        walk.resolve(21.1, 21.0);
        assert!((walk.sigma() - 0.029).abs() < 1e-6);
    }
}
