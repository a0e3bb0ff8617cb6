//! When a record was made, and when it was recalled: what the base level of its activation is reckoned from. Pure.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// ACT-R's decay d, and how many of the latest uses are kept one by one.
const DECAY: f64 = 0.5;
pub const KEPT: usize = 4;
/// Younger than this nothing is: the logarithm has no end there.
const LEAST_SECONDS: f64 = 1.0;

/// When a record was made, and when it was recalled: constant space, however often.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Uses {
    pub first: Timestamp,
    /// The latest, newest first; as many as there are.
    pub latest: [Option<Timestamp>; KEPT],
    /// All of them, the first included.
    pub n: u32,
}

impl Uses {
    #[must_use]
    pub fn new(made: Timestamp) -> Self {
        Self { first: made, latest: [Some(made), None, None, None], n: 1 }
    }

    /// Takes that it was recalled.
    pub fn recalled(&mut self, at: Timestamp) {
        self.latest.rotate_right(1);
        if let Some(first) = self.latest.first_mut() {
            *first = Some(at);
        }
        self.n = self.n.saturating_add(1);
    }

    /// As it was at an earlier time, as far as that is still known: what came later is not counted.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Self {
        let mut then = Self { latest: [None; KEPT], ..*self };
        let kept = self.latest.iter().flatten().filter(|used| **used <= at || **used == self.first);
        for (place, used) in then.latest.iter_mut().zip(kept) {
            *place = Some(*used);
        }
        let later = self.latest.iter().flatten().count() - then.latest.iter().flatten().count();
        then.n = self.n.saturating_sub(u32::try_from(later).unwrap_or(0));
        if then.latest.iter().all(Option::is_none) { Self::new(self.first) } else { then }
    }

    /// B = ln[Σ_{i≤k} t_i^(−d) + (n−k)(t_n^(1−d) − t_k^(1−d))/((1−d)(t_n − t_k))], d = .5, k = 4; ages t in seconds, at least 1 s.
    ///
    /// Without unit, any real number. Source: ACT-R's base level; the second term is Petrov's approximation (2006).
    #[must_use]
    pub fn base_level(&self, now: Timestamp) -> f64 {
        let age = |at: Timestamp| now.seconds_since(at).max(LEAST_SECONDS);
        let (mut sum, mut kept, mut oldest) = (0.0, 0u32, LEAST_SECONDS);
        for at in self.latest.iter().flatten() {
            let t = age(*at);
            sum += libm::pow(t, -DECAY);
            kept += 1;
            oldest = oldest.max(t);
        }
        let (rest, first) = (self.n.saturating_sub(kept), age(self.first));
        if rest > 0 && first > oldest {
            let power = |t: f64| libm::pow(t, 1.0 - DECAY);
            sum += f64::from(rest) * (power(first) - power(oldest)) / ((1.0 - DECAY) * (first - oldest));
        }
        libm::log(sum)
    }

    /// Whether a house could have counted so.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let kept = self.latest.iter().flatten().count();
        let in_order = self.latest.iter().skip_while(|at| at.is_some()).all(Option::is_none);
        in_order && kept > 0 && u32::try_from(kept).is_ok_and(|kept_of_n| kept_of_n == self.n || (kept == KEPT && kept_of_n < self.n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn the_base_level_is_the_sum_of_what_is_left_of_each_use() {
        let mut uses = Uses::new(at(0));
        assert!((uses.base_level(at(100)) - libm::log(0.1)).abs() < 1e-12);
        assert_eq!(uses.base_level(at(0)), 0.0, "younger than a second is a second");
        for t in [20, 40, 60] {
            uses.recalled(at(t));
        }
        let exact: f64 = [100.0f64, 80.0, 60.0, 40.0].iter().map(|t| libm::pow(*t, -0.5)).sum();
        assert!((uses.base_level(at(100)) - libm::log(exact)).abs() < 1e-12, "up to four uses nothing is approximated");
    }

    #[test]
    fn what_came_later_is_not_counted() {
        let mut uses = Uses::new(at(0));
        [10, 20, 30].into_iter().for_each(|t| uses.recalled(at(t)));
        let then = uses.as_of(at(15));
        assert_eq!((then.n, then.latest), (2, [Some(at(10)), Some(at(0)), None, None]));
        assert_eq!(uses.as_of(at(30)), uses);
        (40..50).for_each(|t| uses.recalled(at(t)));
        assert_eq!(uses.as_of(at(15)), Uses::new(at(0)), "as far as that is still known");
    }

    #[test]
    fn what_nobody_counted_is_not_sound() {
        let mut uses = Uses::new(at(0));
        for t in 0..9 {
            assert!(uses.is_sound(), "{uses:?}");
            uses.recalled(at(t));
        }
        assert!(!Uses { n: 3, ..uses }.is_sound() && !Uses { latest: [None; KEPT], ..uses }.is_sound());
        assert!(!Uses { latest: [Some(at(1)), None, Some(at(0)), None], n: 2, first: at(0) }.is_sound());
    }

    proptest! {
        /// Evenly spaced uses, for which Petrov's approximation is meant.
        #[test]
        fn the_approximation_is_near_the_sum(n in 5i64..200, gap in 10i64..10_000) {
            let mut uses = Uses::new(at(0));
            (1..n).for_each(|i| uses.recalled(at(i * gap)));
            let now = n * gap;
            #[allow(clippy::cast_precision_loss)]
            let exact = libm::log((0..n).map(|i| libm::pow((now - i * gap) as f64, -0.5)).sum::<f64>());
            prop_assert!((uses.base_level(at(now)) - exact).abs() < 0.05, "{} {}", uses.base_level(at(now)), exact);
        }
    }
}
