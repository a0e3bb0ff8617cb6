//! Mood and the emotions behind it: they fade, they draw the mood, and all of it stands on an absolute grid of 10 s.

use super::{
    appraisal::Event,
    emotion::Pad,
    stability::{SAMPLES, Stability},
    stirred::{LEAST, Pull, Stirred, Stirrings},
};
use crate::domain::{EntityId, Timestamp, Unit01};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Emotions kept: a house has tens of causes at a time, and each costs an exponential every 10 s.
pub const EMOTIONS: usize = 256;
/// The same of what was told in words. They have a place of their own, so that talk cannot push out what happened.
pub const IN_WORDS: usize = 64;
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

/// The soul's part that events stir, without the default mood: that one comes from the config.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Mood {
    all: Drawn,
    /// As it would be had nobody said a word: what anybody can say may make the conscience stricter, never milder.
    sober: Drawn,
    /// The number of the cell since 1970; None before the first input.
    cell: Option<i64>,
    now: Timestamp,
    stirred: Stirrings,
    in_words: Stirrings,
    /// Pleasure each 60 s, oldest first.
    samples: VecDeque<f64>,
    changed: bool,
}

/// A place in mood space on its way to another.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug, Default)]
struct Drawn {
    pad: Pad,
    /// Where this cell draws the mood, and the share of the distance that is left after it; both as of the cell's start.
    target: Pad,
    kept: f64,
}

/// A mood as it was stored before there were objectives.
#[derive(Deserialize)]
pub struct Alone {
    pad: Pad,
}

impl Mood {
    #[must_use]
    pub fn new(default: Pad) -> Self {
        let drawn = Drawn { pad: default, target: default, kept: 0.0 };
        Self { all: drawn, sober: drawn, ..Self::default() }
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
            let before = (self.all, self.sober);
            let calm = self.stirred.is_empty() && self.in_words.is_empty();
            self.all.step(calm, default);
            self.sober.step(calm, default);
            if calm && (self.all, self.sober) == before && self.all.target == default && self.sober.target == default {
                self.rest(cell, until);
                self.enter(default, until);
                return;
            }
            cell += 1;
            self.changed |= self.all.pad != before.0.pad || self.sober.pad != before.1.pad;
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
                let (stirrings, most) = if event.in_words { (&mut self.in_words, IN_WORDS) } else { (&mut self.stirred, EMOTIONS) };
                stirrings.stir(emotion, intensity, event, self.now, most);
                self.changed = true;
            }
        }
        Unit01::clamped(strongest)
    }

    /// m = clamp(−pleasure·(1 + arousal)/2, 0, 1): how much the mood tightens the conscience, with what was told in words or without,
    /// whichever is more.
    #[must_use]
    pub fn stress(&self) -> Unit01 {
        let m = |pad: Pad| -pad.pleasure * f64::midpoint(1.0, pad.arousal);
        Unit01::clamped(m(self.all.pad).max(m(self.sober.pad)))
    }

    #[must_use]
    pub fn pad(&self) -> Pad {
        self.all.pad
    }

    /// Emotions with their present intensity, strongest first.
    #[must_use]
    pub fn stirred(&self) -> Vec<(&Stirred, f64)> {
        let both = self.stirred.iter().chain(self.in_words.iter());
        let mut all: Vec<_> = both.map(|s| (s, s.intensity(self.now))).filter(|(_, i)| *i >= LEAST).collect();
        all.sort_by(|(_, x), (_, y)| y.total_cmp(x));
        all
    }

    /// Regard for an entity in [-1, 1]: the sum of the emotions that it caused, each with what it says of it.
    #[must_use]
    pub fn regard(&self, entity: &EntityId) -> f64 {
        let of = |stirrings: &Stirrings| -> f64 {
            let about = stirrings.iter().filter(|s| s.cause == *entity);
            about.map(|s| s.emotion.regard() * s.intensity(self.now)).sum()
        };
        (of(&self.stirred) + of(&self.in_words)).clamp(-1.0, 1.0)
    }

    /// All that an entity caused goes; the mood that it drew fades by itself.
    pub fn forget(&mut self, entity: &EntityId) {
        self.stirred.forget(entity);
        self.in_words.forget(entity);
        self.changed = true;
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
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

    /// It is to be stored at the next chance.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    pub fn stored(&mut self) {
        self.changed = false;
    }

    /// Whether what was read from the store can be a mood.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.all.is_sound()
            && self.sober.is_sound()
            && self.stirred.is_sound(EMOTIONS)
            && self.in_words.is_sound(IN_WORDS)
            && self.samples.len() <= SAMPLES
            && self.samples.iter().all(|x| (-1.0..=1.0).contains(x))
    }

    /// Begins a cell: emotions stand as of its start, and from them follows where it draws the mood.
    fn enter(&mut self, default: Pad, cell: i64) {
        let start = Timestamp::from_micros(cell.saturating_mul(CELL_MICROS));
        self.cell = Some(cell);
        self.changed |= self.stirred.settle(start) | self.in_words.settle(start);
        let sober = Pull::NONE.and(&self.stirred);
        self.all.draw(&sober.and(&self.in_words), default);
        self.sober.draw(&sober, default);
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
        self.samples.push_back(self.all.pad.pleasure);
    }
}

impl Drawn {
    /// Moves through one cell: m' = T + (m − T)·2^(−Δt/h).
    fn step(&mut self, calm: bool, default: Pad) {
        self.pad = self.pad.towards(self.target, 1.0 - self.kept);
        if calm && near(self.pad, default) {
            self.pad = default;
        }
    }

    fn draw(&mut self, pull: &Pull, default: Pad) {
        self.target = pull.target(default);
        self.kept = libm::exp2(-CELL_SECONDS / if pull.is_none() { CALM_SECONDS } else { STIRRED_SECONDS });
    }

    fn is_sound(&self) -> bool {
        self.pad.is_sound() && self.target.is_sound() && (0.0..=1.0).contains(&self.kept)
    }
}

impl From<Alone> for Mood {
    fn from(alone: Alone) -> Self {
        Self::new(alone.pad)
    }
}

impl Alone {
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.pad.is_sound()
    }
}

fn near(x: Pad, y: Pad) -> bool {
    [x.pleasure - y.pleasure, x.arousal - y.arousal, x.dominance - y.dominance].iter().all(|d| d.abs() < CALM)
}
