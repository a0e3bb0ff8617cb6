//! Which of what was found comes first: relevance, how often and how lately it mattered, how much it matters. Formulas only.

pub use crate::domain::Uses;

/// Shares of the score.
const RELEVANCE: f64 = 0.6;
const BASE_LEVEL: f64 = 0.25;
const IMPORTANCE: f64 = 0.15;
const FOCUS: f64 = 0.05;

/// So many of the best spread to their neighbours, the next ones in five minutes of the same entity, at most so much of their score.
pub const SOURCES: usize = 5;
const SPREAD: f64 = 0.1;
const NEAR_SECONDS: f64 = 300.0;

/// Which parts of a score count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub base_level: bool,
    pub importance: bool,
    pub spreading: bool,
    /// Among equals the newest.
    pub newest_first: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self { base_level: true, importance: true, spreading: false, newest_first: true }
    }
}

impl Parts {
    /// Nothing but how well the words fit.
    pub const NONE: Self = Self { base_level: false, importance: false, spreading: false, newest_first: false };

    /// 0.6·relevance + 0.25·σ(B) + 0.15·importance, in [0, 1]; relevance and importance in [0, 1]. A part that does not count is 0.
    #[must_use]
    pub fn score(self, relevance: f64, base_level: f64, importance: f64) -> f64 {
        let base_level = if self.base_level { BASE_LEVEL / (1.0 + libm::exp(-base_level)) } else { 0.0 };
        RELEVANCE * relevance + base_level + if self.importance { IMPORTANCE * importance } else { 0.0 }
    }
}

/// What a record has of the score of another of the same entity, so many seconds away; in [0, 0.1].
#[must_use]
pub fn spread(score: f64, seconds: f64) -> f64 {
    SPREAD * score * (1.0 - seconds / NEAR_SECONDS).max(0.0)
}

/// What is in focus comes to mind sooner, by a twentieth of what is missing to 1: between two that are nearly equal it decides.
#[must_use]
pub fn in_focus(score: f64) -> f64 {
    score + FOCUS * (1.0 - score)
}

/// Scores onto [0, 1], by the least and the greatest; equal ones are all 1.
pub fn min_max(scores: &mut [f64]) {
    let (least, most) = scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let span = most - least;
    for x in scores {
        *x = if span > 0.0 { (*x - least) / span } else { 1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_scores_are_all_one() {
        let mut same = [3.0, 3.0];
        min_max(&mut same);
        assert_eq!(same, [1.0, 1.0]);
        let mut spread = [1.0, 3.0, 2.0];
        min_max(&mut spread);
        assert_eq!(spread, [0.0, 1.0, 0.5]);
        min_max(&mut []);
    }

    proptest! {
        #[test]
        fn a_score_is_bounded_and_rises_with_each_part(r in 0.0f64..=1.0, b in -30.0f64..30.0, i in 0.0f64..=1.0) {
            let all = Parts::default();
            prop_assert!((0.0..=1.0).contains(&all.score(r, b, i)));
            prop_assert!(all.score(r, b + 0.1, i) >= all.score(r, b, i) && all.score(r, b, i) >= Parts::NONE.score(r, b, i));
            prop_assert!(spread(all.score(r, b, i), 299.0) <= spread(all.score(r, b, i), 1.0) && spread(1.0, 300.0) == 0.0);
            let focused = in_focus(all.score(r, b, i));
            prop_assert!((all.score(r, b, i)..=1.0).contains(&focused));
        }
    }
}
