//! What counts say of shares: a Dirichlet posterior, the intervals of its shares, and how far two of them are apart.

use crate::domain::beta_quantile;

/// The ends of the 90 % interval.
const LOW: f64 = 0.05;
const HIGH: f64 = 0.95;

/// A share with its interval, each in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// The means α_i/Σα of a Dirichlet posterior, in [0, 1] and 1 together.
///
/// Shape: k parameters above 0 to k shares, without unit. No parameters give no shares.
#[must_use]
pub fn means(alphas: &[f64]) -> Vec<f64> {
    let total: f64 = alphas.iter().sum();
    alphas.iter().map(|alpha| alpha / total).collect()
}

/// One share with its 90 % interval: its marginal is Beta(α_i, Σα − α_i).
///
/// Shape: two positive numbers, the first below the second, to three in [0, 1]. Source: Gelman and others, Bayesian Data Analysis (2013), appendix A.
#[must_use]
pub fn strength(alpha: f64, total: f64) -> Strength {
    let rest = total - alpha;
    Strength { mean: alpha / total, low: beta_quantile(alpha, rest, LOW), high: beta_quantile(alpha, rest, HIGH) }
}

/// Jensen–Shannon divergence of two distributions over the same things, in bits and so in [0, 1]: 0 where they are equal, 1 where nothing is in
/// both. ½ Σ p log₂(p/m) + ½ Σ q log₂(q/m) with m = (p + q)/2.
///
/// Shape: twice k shares that are 1 together. Source: Lin 1991, Divergence measures based on the Shannon entropy.
#[must_use]
pub fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let part = |x: f64, m: f64| if x > 0.0 { x * libm::log2(x / m) } else { 0.0 };
    let sum: f64 = p.iter().zip(q).map(|(&p, &q)| part(p, f64::midpoint(p, q)) + part(q, f64::midpoint(p, q))).sum();
    (sum / 2.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    /// α⁰ = (2, 2, 2, 2) and n = (6, 1, 0, 1): α = (8, 3, 2, 3), Σ = 16.
    #[test]
    fn means_by_hand() {
        assert_eq!(means(&[8.0, 3.0, 2.0, 3.0]), [0.5, 0.1875, 0.125, 0.1875]);
        assert!(means(&[]).is_empty());
    }

    /// Beta(1, 1): p. Beta(2, 1): √p. Beta(1, 2): 1 − √(1 − p).
    #[test]
    fn intervals_by_hand() {
        let even = strength(1.0, 2.0);
        (near(even.mean, 0.5), near(even.low, 0.05), near(even.high, 0.95));
        let more = strength(2.0, 3.0);
        (near(more.mean, 2.0 / 3.0), near(more.low, 0.05_f64.sqrt()), near(more.high, 0.95_f64.sqrt()));
        let less = strength(1.0, 3.0);
        (near(less.mean, 1.0 / 3.0), near(less.low, 1.0 - 0.95_f64.sqrt()), near(less.high, 1.0 - 0.05_f64.sqrt()));
    }

    /// (½, ½) and (1, 0): m = (¾, ¼). ½(½ log₂ ⅔ + ½ log₂ 2) + ½ log₂ 4⁄3 = ¾ − ¼ log₂ 3 + ½ − … = 1.5 − ¾ log₂ 3 = 0.311278…
    #[test]
    fn divergence_by_hand() {
        assert_eq!(divergence(&[0.2, 0.3, 0.5], &[0.2, 0.3, 0.5]), 0.0);
        assert_eq!(divergence(&[1.0, 0.0], &[0.0, 1.0]), 1.0);
        near(divergence(&[0.5, 0.5], &[1.0, 0.0]), 1.5 - 0.75 * 3.0_f64.log2());
        near(divergence(&[0.5, 0.5], &[1.0, 0.0]), 0.311_278_124_459_132_8);
        assert_eq!(divergence(&[], &[]), 0.0);
    }

    proptest! {
        #[test]
        fn shares_are_shares(alphas in prop::collection::vec((0.5f64..1e5, 0.5f64..1e5), 2..8)) {
            let (p, q): (Vec<f64>, Vec<f64>) = alphas.iter().copied().unzip();
            let (p, q) = (means(&p), means(&q));
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let (there, back) = (divergence(&p, &q), divergence(&q, &p));
            prop_assert!((0.0..=1.0).contains(&there) && (there - back).abs() < 1e-12);
            prop_assert!(divergence(&p, &p) == 0.0);
            let total: f64 = alphas.iter().map(|(a, _)| a).sum();
            for (alpha, _) in &alphas {
                let s = strength(*alpha, total);
                prop_assert!(0.0 <= s.low && s.low < s.high && s.high <= 1.0, "{s:?}");
                // The mean may lie outside of 90 % where nearly all stands on one end; from one act on it does not.
                prop_assert!(*alpha < 1.0 || total - alpha < 1.0 || (s.low < s.mean && s.mean < s.high), "{s:?}");
            }
        }
    }
}
