//! How the mood went since the start: a point each five minutes, for who looks at the way and not at the moment.

use crate::domain::{Timestamp, limits};
use serde_json::Value;
use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Mutex, PoisonError},
};

const CELL_MICROS: i64 = 300 * 1_000_000;

/// Mehrabian's three scales, each in [-1, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoodAt {
    pub at: Timestamp,
    pub pleasure: f64,
    pub arousal: f64,
    pub dominance: f64,
}

impl MoodAt {
    /// Out of what is told of emotions; None: it tells of no mood.
    fn of(at: Timestamp, emotion: &Value) -> Option<Self> {
        let of = |scale: &str| emotion.get("mood")?.get(scale)?.as_f64();
        Some(Self { at, pleasure: of("pleasure")?, arousal: of("arousal")?, dominance: of("dominance")? })
    }
}

/// Oldest first.
#[derive(Debug, Default)]
pub struct Moods(Mutex<VecDeque<MoodAt>>);

impl Moods {
    /// Of each five minutes the first stays.
    pub fn note(&self, at: Timestamp, emotion: &Value) {
        let Some(mood) = MoodAt::of(at, emotion) else { return };
        let cell = |at: Timestamp| at.micros().div_euclid(CELL_MICROS);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.back().is_some_and(|last| cell(last.at) >= cell(at)) {
            return;
        }
        if all.len() >= limits::MOODS {
            all.pop_front();
        }
        all.push_back(mood);
    }

    /// Newest first, so many.
    #[must_use]
    pub fn within(&self, within: &Range<Timestamp>, most: usize) -> Vec<MoodAt> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().filter(|mood| within.contains(&mood.at)).take(most).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_five_minutes_have_one_and_a_week_is_kept() {
        let (moods, at) = (Moods::default(), |seconds: i64| Timestamp::from_micros(seconds * 1_000_000));
        let note = |seconds, pleasure: f64| {
            moods.note(at(seconds), &json!({"mood": {"pleasure": pleasure, "arousal": 0.0, "dominance": -0.5}, "emotions": []}));
        };
        note(1, 0.1);
        note(299, 0.2);
        note(300, 0.3);
        moods.note(at(600), &json!({"mood": {"pleasure": "x"}}));
        let told = moods.within(&(at(0)..at(1_000)), 9);
        assert_eq!(told.iter().map(|mood| mood.pleasure).collect::<Vec<_>>(), [0.3, 0.1]);
        assert_eq!(moods.within(&(at(0)..at(300)), 9).len(), 1);
        let most = i64::try_from(limits::MOODS).unwrap();
        (2..=most + 1).for_each(|n| note(n * 300, 0.0));
        assert_eq!(
            (moods.within(&(at(0)..at(i64::MAX / 2_000_000)), usize::MAX).len(), moods.within(&(at(0)..at(300)), 9).len()),
            (limits::MOODS, 0)
        );
    }
}
