//! How well an entity's next word is foreseen: counts of what follows what, against how often each comes at all.

use crate::domain::Body;
use serde::{Deserialize, Serialize};

/// What is told apart; the last place stands for all else. Most devices say a handful of things.
const PLACES: usize = 6;
/// A count that would pass it halves them all: what was said last week counts less.
const MOST: u8 = 250;
/// Words over which the scores run.
const WINDOW: u16 = 200;
/// A Brier score below which the base rate is as good as certain, and a ratio to it means nothing.
const LITTLE: f64 = 0.01;
/// A text longer than this is no state.
const STATE_BYTES: usize = 24;

/// First-order counts of what an entity says, and the Brier scores of two forecasts: by what came before, and by the base rate.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Foresight {
    /// Digests of what is told apart, in the order in which it was first said.
    names: Vec<u32>,
    /// How often the second followed the first.
    counts: [[u8; PLACES]; PLACES],
    last: Option<u8>,
    /// The last number, and of which kind it was: numbers are told apart by whether they rise.
    number: Option<(u32, f32)>,
    n: u16,
    forecast: f64,
    base: f64,
}

impl Foresight {
    pub fn hear(&mut self, kind: &str, body: &Body) {
        let now = self.place(kind, body);
        if let Some(last) = self.last.map(usize::from) {
            self.score(last, now);
            self.count(last, now);
        }
        self.last = u8::try_from(now).ok();
    }

    /// C = 1 − BS/BS₀, the Brier skill of the forecast against the base rate, clamped to [0, 1]; 0 where the base rate leaves hardly anything to foresee.
    #[must_use]
    pub fn skill(&self) -> f64 {
        if self.base < LITTLE { 0.0 } else { (1.0 - self.forecast / self.base).clamp(0.0, 1.0) }
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.names.len() < PLACES
            && self.counts.iter().flatten().all(|n| *n <= MOST)
            && self.last.is_none_or(|last| usize::from(last) < PLACES)
            && self.n <= WINDOW
            && [self.forecast, self.base].iter().all(|score| (0.0..=2.0).contains(score))
    }

    /// Where a word belongs: by its kind, and by its state or by whether its number rises.
    fn place(&mut self, kind: &str, body: &Body) -> usize {
        let of_kind = digest(0x811c_9dc5, kind.as_bytes());
        let name = match body {
            Body::Bool(truth) => digest(of_kind, &[u8::from(*truth)]),
            Body::Text(text) if text.len() <= STATE_BYTES => digest(of_kind, text.as_bytes()),
            Body::Number(number) => {
                // Near enough to tell which of the two is greater.
                #[allow(clippy::cast_possible_truncation)]
                let number = *number as f32;
                let rises = match self.number {
                    Some((kind, before)) if kind == of_kind => before.partial_cmp(&number).map_or(3, |o| o as i8 + 1),
                    _ => 3,
                };
                self.number = Some((of_kind, number)).filter(|_| number.is_finite());
                digest(of_kind, &rises.to_le_bytes())
            }
            body => match body.object().and_then(|o| o.get("state")).and_then(|s| s.as_str()) {
                Some(state) if state.len() <= STATE_BYTES => digest(of_kind, state.as_bytes()),
                _ => of_kind,
            },
        };
        if let Some(place) = self.names.iter().position(|known| *known == name) {
            return place;
        }
        if self.names.len() + 1 < PLACES {
            self.names.push(name);
            return self.names.len() - 1;
        }
        PLACES - 1
    }

    /// Both forecasts of what came now, each scored by Σ(p − o)².
    fn score(&mut self, last: usize, now: usize) {
        let row = self.counts.get(last).copied().unwrap_or_default();
        let in_row = sum(&row);
        let mut columns = [0.0; PLACES];
        for row in &self.counts {
            for (column, n) in columns.iter_mut().zip(row) {
                *column += f64::from(*n);
            }
        }
        let all: f64 = columns.iter().sum();
        let (mut forecast, mut base) = (0.0, 0.0);
        for (place, (n, column)) in row.iter().zip(columns).enumerate() {
            let came = if place == now { 1.0 } else { 0.0 };
            let rate = (column + 1.0 / SHARES) / (all + 1.0);
            // What followed it, with the base rate as one more observation.
            let p = (f64::from(*n) + rate) / (in_row + 1.0);
            forecast += (p - came) * (p - came);
            base += (rate - came) * (rate - came);
        }
        self.n = (self.n + 1).min(WINDOW);
        let new = 1.0 / f64::from(self.n);
        self.forecast += new * (forecast - self.forecast);
        self.base += new * (base - self.base);
    }

    fn count(&mut self, last: usize, now: usize) {
        let Some(count) = self.counts.get_mut(last).and_then(|row| row.get_mut(now)) else { return };
        *count += 1;
        if *count >= MOST {
            self.counts.iter_mut().flatten().for_each(|n| *n /= 2);
        }
    }
}

/// `PLACES`, to divide by.
const SHARES: f64 = 6.0;

fn sum(row: &[u8]) -> f64 {
    row.iter().map(|n| f64::from(*n)).sum()
}

/// FNV-1a: the same on every host, which a stored digest must be.
fn digest(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start ^ 0xff, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(f: &mut Foresight, words: &[&str], times: usize) {
        for _ in 0..times {
            for word in words {
                f.hear("state", &Body::Text((*word).to_owned()));
            }
        }
    }

    #[test]
    fn who_alternates_is_foreseen_and_who_throws_dice_is_not() {
        let mut alternates = Foresight::default();
        say(&mut alternates, &["on", "off"], 200);
        assert!(alternates.skill() > 0.95, "{}", alternates.skill());
        let mut dice = Foresight::default();
        let mut seed = 1_u32;
        for _ in 0..2_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            dice.hear("state", &Body::Bool(seed >> 31 == 1));
        }
        assert!(dice.skill() < 0.05, "{}", dice.skill());
        let mut always = Foresight::default();
        say(&mut always, &["on"], 500);
        assert!(always.skill() < 0.05, "nothing to foresee: {}", always.skill());
    }

    #[test]
    fn a_number_that_goes_on_rising_is_foreseen() {
        let mut f = Foresight::default();
        for n in 0..600 {
            f.hear("temperature", &Body::Number((f64::from(n) / 40.0).sin()));
        }
        assert!(f.skill() > 0.5, "{}", f.skill());
    }

    #[test]
    fn one_word_past_the_places_is_one_of_the_rest() {
        let mut f = Foresight::default();
        for n in 0..50 {
            f.hear(&format!("kind{n}"), &Body::Empty);
            assert!(f.is_sound());
        }
        assert_eq!((f.names.len(), f.last), (PLACES - 1, Some(5)));
    }
}
