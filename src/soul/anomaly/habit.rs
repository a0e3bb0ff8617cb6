//! Excursions that come, stay for a while and go by themselves: what happens again and again in a house is no oddity of the sensor.

use super::narrow;
use serde::{Deserialize, Serialize};

/// So many of them are a habit.
const TIMES: u8 = 3;

/// How many there were, the greatest departure in them, and how far they reached.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Habit {
    #[serde(rename = "n")]
    times: u8,
    #[serde(rename = "g")]
    greatest: f32,
    #[serde(rename = "l")]
    low: f32,
    #[serde(rename = "h")]
    high: f32,
}

impl Habit {
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.times == 0
    }

    /// Notes an excursion that is over. When it has become a habit: the greatest departure, and the ends of what is ordinary now.
    pub fn note(&mut self, greatest: f64, worst: f64) -> Option<(f64, f64, f64)> {
        let (greatest, worst) = (narrow(greatest), narrow(worst));
        *self = if self.is_none() {
            Self { times: 1, greatest, low: worst, high: worst }
        } else {
            Self {
                times: self.times.saturating_add(1),
                greatest: self.greatest.max(greatest),
                low: self.low.min(worst),
                high: self.high.max(worst),
            }
        };
        (self.times >= TIMES).then(|| {
            let habit = std::mem::take(self);
            (habit.greatest.into(), habit.low.into(), habit.high.into())
        })
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.times < TIMES && [self.greatest, self.low, self.high].iter().all(|x| x.is_finite())
    }
}
