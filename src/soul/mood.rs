//! Mood and the emotions behind it: they fade, they draw the mood, and all of it stands on an absolute grid of 10 s.

use super::{
    appraisal::Event,
    emotion::{Emotion, Pad},
    stability::{SAMPLES, Stability},
};
use crate::domain::{EntityId, Timestamp, Unit01};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::VecDeque};
use uuid::Uuid;

/// Emotions kept: a house has tens of causes at a time, and each costs an exponential every 10 s.
pub const EMOTIONS: usize = 256;
/// Bytes of an objective's name kept with an emotion.
const OBJECTIVE_BYTES: usize = 64;
/// Below this an emotion is over.
const LEAST: f64 = 0.001;
const CELL_MICROS: i64 = 10_000_000;
const CELL_SECONDS: f64 = 10.0;
/// Cells between two samples of stability: 60 s.
const SAMPLE_CELLS: i64 = 6;
/// The mood's half-life with emotions and without.
const STIRRED_SECONDS: f64 = 600.0;
const CALM_SECONDS: f64 = 1_200.0;
/// A calm mood this near to the default is the default, so that calm is reached and a silent year costs no more than a silent week.
const CALM: f64 = 1e-6;

/// The five factors, each in [-1, 1]; stability is the opposite of neuroticism.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub struct BigFive {
    pub openness: f64,
    pub conscientiousness: f64,
    pub extraversion: f64,
    pub agreeableness: f64,
    pub stability: f64,
}

impl Default for BigFive {
    fn default() -> Self {
        Self { openness: 0.4, conscientiousness: 0.8, extraversion: 0.6, agreeableness: 0.3, stability: 0.4 }
    }
}

impl BigFive {
    /// The mood that nothing disturbs, each dimension in [-1, 1]. Source: Mehrabian 1996, regression of PAD on the five factors.
    #[must_use]
    pub fn default_mood(self) -> Pad {
        let clamp = |x: f64| if x.is_nan() { 0.0 } else { x.clamp(-1.0, 1.0) };
        let Self { openness: o, conscientiousness: c, extraversion: e, agreeableness: a, stability: n } = self;
        Pad::new(
            clamp(0.21 * e + 0.59 * a + 0.19 * n),
            clamp(0.15 * o + 0.30 * a - 0.57 * n),
            clamp(0.25 * o + 0.17 * c + 0.60 * e - 0.32 * a),
        )
    }
}

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

/// The soul's part that events stir, without the default mood: that one comes from the config.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Mood {
    pad: Pad,
    /// Where this cell draws the mood, and the share of the distance that is left after it; both as of the cell's start.
    target: Pad,
    kept: f64,
    /// The number of the cell since 1970; None before the first input.
    cell: Option<i64>,
    now: Timestamp,
    /// Ordered by emotion and cause.
    stirred: Vec<Stirred>,
    /// Pleasure each 60 s, oldest first.
    samples: VecDeque<f64>,
    changed: bool,
}

impl Stirred {
    /// I·2^(−Δt/h), in [0, 1].
    #[must_use]
    pub fn intensity(&self, at: Timestamp) -> f64 {
        let seconds = at.seconds_since(self.since);
        if seconds > 0.0 { self.intensity * libm::exp2(-seconds / self.emotion.half_life_seconds()) } else { self.intensity }
    }
}

impl Mood {
    #[must_use]
    pub fn new(default: Pad) -> Self {
        Self { pad: default, target: default, ..Self::default() }
    }

    /// Lets time pass. However often it is called, the mood is the same: it moves from cell to cell, drawn to what held at the cell's start.
    pub fn advance(&mut self, default: Pad, at: Timestamp) {
        self.now = self.now.max(at);
        let until = self.now.micros().div_euclid(CELL_MICROS);
        let Some(mut cell) = self.cell else {
            self.enter(default, until);
            return;
        };
        while cell < until {
            let before = self.pad;
            self.pad = self.pad.towards(self.target, 1.0 - self.kept);
            if self.stirred.is_empty() && near(self.pad, default) {
                self.pad = default;
            }
            if self.stirred.is_empty() && self.pad == before && self.target == default {
                self.rest(cell, until);
                self.enter(default, until);
                return;
            }
            cell += 1;
            self.changed |= self.pad != before;
            self.enter(default, cell);
        }
    }

    /// Takes an event; the strongest emotion it yielded, in [0, 1]. The same emotion with the same cause adds up as 1−(1−a)(1−b).
    pub fn appraise(&mut self, default: Pad, event: &Event, at: Timestamp) -> Unit01 {
        self.advance(default, at);
        let mut strongest = 0.0_f64;
        for (emotion, intensity) in event.emotions() {
            strongest = strongest.max(intensity);
            if intensity >= LEAST {
                self.stir(emotion, intensity, event);
            }
        }
        Unit01::clamped(strongest)
    }

    /// What an entity caused is not felt any more; the mood itself goes its way.
    pub fn forget(&mut self, cause: &EntityId) {
        self.stirred.retain(|stirred| stirred.cause != *cause);
        self.changed = true;
    }

    /// m = clamp(−pleasure·(1 + arousal)/2, 0, 1): how much the mood tightens the conscience.
    #[must_use]
    pub fn stress(&self) -> Unit01 {
        Unit01::clamped(-self.pad.pleasure * f64::midpoint(1.0, self.pad.arousal))
    }

    #[must_use]
    pub fn pad(&self) -> Pad {
        self.pad
    }

    /// Emotions with their present intensity, strongest first.
    #[must_use]
    pub fn stirred(&self) -> Vec<(&Stirred, f64)> {
        let mut all: Vec<_> = self.stirred.iter().map(|s| (s, s.intensity(self.now))).filter(|(_, i)| *i >= LEAST).collect();
        all.sort_by(|(_, x), (_, y)| y.total_cmp(x));
        all
    }

    #[must_use]
    pub fn stability(&self) -> Stability {
        Stability::of(self.samples.iter().copied())
    }

    /// Whether it differs from what was stored.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    pub fn stored(&mut self) {
        self.changed = false;
    }

    /// Whether what was read from the store can be a mood.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.pad.is_sound()
            && self.target.is_sound()
            && (0.0..=1.0).contains(&self.kept)
            && self.stirred.len() <= EMOTIONS
            && self.stirred.iter().all(|s| (0.0..=1.0).contains(&s.intensity))
            && self.stirred.is_sorted_by(|x, y| (x.emotion, &x.cause) < (y.emotion, &y.cause))
            && self.samples.len() <= SAMPLES
            && self.samples.iter().all(|x| (-1.0..=1.0).contains(x))
    }

    /// Begins a cell: emotions stand as of its start, and from them follows where it draws the mood.
    /// T = i·VEC + (1−i)·default, VEC the intensity-weighted mean of the emotions' places, i = 1 − ∏(1−I).
    fn enter(&mut self, default: Pad, cell: i64) {
        let start = Timestamp::from_micros(cell.saturating_mul(CELL_MICROS));
        self.cell = Some(cell);
        let before = self.stirred.len();
        for stirred in &mut self.stirred {
            stirred.intensity = stirred.intensity(start);
            stirred.since = stirred.since.max(start);
        }
        self.stirred.retain(|s| s.intensity >= LEAST);
        self.changed |= self.stirred.len() != before;
        let (mut sum, mut rest, mut mean) = (0.0, 1.0, Pad::default());
        for stirred in &self.stirred {
            sum += stirred.intensity;
            rest *= 1.0 - stirred.intensity;
            mean = mean.towards(stirred.emotion.pad(), stirred.intensity / sum);
        }
        let half_life = if self.stirred.is_empty() { CALM_SECONDS } else { STIRRED_SECONDS };
        self.target = default.towards(mean, 1.0 - rest);
        self.kept = libm::exp2(-CELL_SECONDS / half_life);
        if cell.rem_euclid(SAMPLE_CELLS) == 0 {
            self.sample();
        }
    }

    /// Nothing changes from `cell` to `until` any more but the samples, of which the last are kept.
    fn rest(&mut self, cell: i64, until: i64) {
        // `until` itself is entered by the caller.
        let samples = (until - 1).div_euclid(SAMPLE_CELLS) - cell.div_euclid(SAMPLE_CELLS);
        for _ in 0..samples.min(i64::try_from(SAMPLES).unwrap_or(i64::MAX)) {
            self.sample();
        }
    }

    fn sample(&mut self) {
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(self.pad.pleasure);
    }

    fn stir(&mut self, emotion: Emotion, intensity: f64, event: &Event) {
        let new = |now| {
            let objective = match event.objective.get(..event.objective.floor_char_boundary(OBJECTIVE_BYTES)) {
                Some(short) if short.len() < event.objective.len() => Cow::Owned(short.to_owned()),
                _ => event.objective.clone(),
            };
            Stirred { emotion, cause: event.cause.clone(), objective, percept: event.percept, intensity, since: now }
        };
        match self.stirred.binary_search_by(|s| (s.emotion, &s.cause).cmp(&(emotion, &event.cause))) {
            Ok(place) => {
                if let Some(old) = self.stirred.get_mut(place) {
                    let before = old.intensity(self.now);
                    if intensity > before {
                        *old = new(self.now);
                    }
                    old.intensity = 1.0 - (1.0 - before) * (1.0 - intensity);
                    old.since = self.now;
                }
            }
            Err(place) if self.stirred.len() < EMOTIONS => self.stirred.insert(place, new(self.now)),
            Err(place) => {
                // Intensities as of their own times, at most 10 s old: near enough to tell the weakest.
                let weakest = self.stirred.iter().enumerate().min_by(|(_, x), (_, y)| x.intensity.total_cmp(&y.intensity));
                let Some((weakest, least)) = weakest.map(|(i, s)| (i, s.intensity)) else { return };
                if least >= intensity {
                    return;
                }
                self.stirred.remove(weakest);
                self.stirred.insert(if weakest < place { place - 1 } else { place }, new(self.now));
            }
        }
        self.changed = true;
    }
}

fn near(x: Pad, y: Pad) -> bool {
    [x.pleasure - y.pleasure, x.arousal - y.arousal, x.dominance - y.dominance].iter().all(|d| d.abs() < CALM)
}
