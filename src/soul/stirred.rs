//! Emotions that events stirred: one for each cause and kind, with what moved it most. They fade, and there are never too many.

use super::{
    appraisal::Event,
    emotion::{Emotion, Pad},
};
use crate::domain::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// Bytes of an objective's name kept with an emotion.
const OBJECTIVE_BYTES: usize = 64;
/// Below this an emotion is over.
pub const LEAST: f64 = 0.001;

/// One emotion about one cause.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Stirred {
    pub emotion: Emotion,
    pub cause: EntityId,
    pub objective: Cow<'static, str>,
    /// The percept that contributed most.
    pub percept: Uuid,
    /// As it was at `since`, in (0, 1].
    intensity: f64,
    since: Timestamp,
}

/// Those of one sort, ordered by emotion and cause.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Stirrings(Vec<Stirred>);

/// Where emotions draw the mood: the sum of intensities, ∏(1−I), and the intensity-weighted mean place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pull {
    sum: f64,
    rest: f64,
    mean: Pad,
}

impl Stirred {
    /// I·2^(−Δt/h), in [0, 1].
    #[must_use]
    pub fn intensity(&self, at: Timestamp) -> f64 {
        faded(self.intensity, self.emotion.half_life_seconds(), at.seconds_since(self.since))
    }
}

/// I·2^(−Δt/h): an intensity after so many seconds.
fn faded(intensity: f64, half_life_seconds: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { intensity * libm::exp2(-seconds / half_life_seconds) } else { intensity }
}

impl Stirrings {
    /// The same emotion with the same cause adds up as 1−(1−a)(1−b); one more than `most` takes the place of the weakest.
    pub fn stir(&mut self, emotion: Emotion, intensity: f64, event: &Event, now: Timestamp, most: usize) {
        let new = || {
            let objective = match event.objective.get(..event.objective.floor_char_boundary(OBJECTIVE_BYTES)) {
                Some(short) if short.len() < event.objective.len() => Cow::Owned(short.to_owned()),
                _ => event.objective.clone(),
            };
            Stirred { emotion, cause: event.cause.clone(), objective, percept: event.percept, intensity, since: now }
        };
        match self.0.binary_search_by(|s| (s.emotion, &s.cause).cmp(&(emotion, &event.cause))) {
            Ok(place) => {
                if let Some(old) = self.0.get_mut(place) {
                    let before = old.intensity(now);
                    if intensity > before {
                        *old = new();
                    }
                    old.intensity = 1.0 - (1.0 - before) * (1.0 - intensity);
                    old.since = now;
                }
            }
            Err(place) if self.0.len() < most => self.0.insert(place, new()),
            Err(place) => {
                // Intensities as of their own times, at most 10 s old: near enough to tell the weakest.
                let weakest = self.0.iter().enumerate().min_by(|(_, x), (_, y)| x.intensity.total_cmp(&y.intensity));
                let Some((weakest, least)) = weakest.map(|(i, s)| (i, s.intensity)) else { return };
                if least >= intensity {
                    return;
                }
                self.0.remove(weakest);
                self.0.insert(if weakest < place { place - 1 } else { place }, new());
            }
        }
    }

    /// Lets them stand as of this time; those that are over go. True when one went.
    pub fn settle(&mut self, start: Timestamp) -> bool {
        let before = self.0.len();
        for stirred in &mut self.0 {
            stirred.intensity = stirred.intensity(start);
            stirred.since = stirred.since.max(start);
        }
        self.0.retain(|s| s.intensity >= LEAST);
        self.0.len() != before
    }

    /// All that an entity caused goes.
    pub fn forget(&mut self, entity: &EntityId) {
        self.0.retain(|s| s.cause != *entity);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Stirred> {
        self.0.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn is_sound(&self, most: usize) -> bool {
        self.0.len() <= most
            && self.0.iter().all(|s| (0.0..=1.0).contains(&s.intensity))
            && self.0.is_sorted_by(|x, y| (x.emotion, &x.cause) < (y.emotion, &y.cause))
    }
}

impl Pull {
    pub const NONE: Self = Self { sum: 0.0, rest: 1.0, mean: Pad::new(0.0, 0.0, 0.0) };

    /// With the intensities of these as they last stood.
    #[must_use]
    pub fn and(mut self, stirrings: &Stirrings) -> Self {
        for stirred in &stirrings.0 {
            self.sum += stirred.intensity;
            self.rest *= 1.0 - stirred.intensity;
            self.mean = self.mean.towards(stirred.emotion.pad(), stirred.intensity / self.sum);
        }
        self
    }

    #[must_use]
    pub fn is_none(&self) -> bool {
        self.sum == 0.0
    }

    /// T = i·VEC + (1−i)·default, VEC the intensity-weighted mean of the emotions' places, i = 1 − ∏(1−I).
    #[must_use]
    pub fn target(&self, default: Pad) -> Pad {
        default.towards(self.mean, 1.0 - self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emotions_fade_as_in_gamygdala() {
        // V3: joy of 0.5 that keeps 0.8 of itself each second, after 3 s.
        let half_life = -1.0 / libm::log2(0.8);
        assert!((faded(0.5, half_life, 3.0) - 0.256).abs() < 1e-12);
        assert_eq!((faded(0.5, 120.0, 120.0), faded(0.5, 300.0, 0.0)), (0.25, 0.5));
    }

    #[test]
    fn what_was_forgotten_moves_nobody() {
        let mut all = Stirrings::default();
        let (a, b) = (EntityId::new("a").unwrap(), EntityId::new("b").unwrap());
        for cause in [&a, &b] {
            let none = crate::domain::Signed1::clamped(0.0);
            let event = Event::happened(cause.clone(), Uuid::nil(), "x", none, none);
            all.stir(Emotion::Joy, 0.5, &event, Timestamp::from_micros(0), 8);
        }
        all.forget(&a);
        assert!(all.iter().all(|s| s.cause == b) && !all.is_empty());
    }
}
