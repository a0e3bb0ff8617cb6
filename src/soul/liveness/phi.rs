//! Suspicion φ of a silence: −log10 of how likely a gap is to last longer still (Hayashibara et al. 2004). Formulas only, no state.

use std::f64::consts::{LN_10, SQRT_2};

/// φ(t) = −log10(P(gap > t)) of a gap that is normal with `mean` and `sd`, all three in one unit; sd > 0.
///
/// Range [0, ∞): 1 means one false suspicion in ten gaps, 8 one in 10⁸. Source: Hayashibara, Défago, Yared, Katayama: The φ Accrual
/// Failure Detector, SRDS 2004, section 4.2. With logarithms of time for all three it is the same for a log-normal gap.
#[must_use]
pub fn phi_normal(t: f64, mean: f64, sd: f64) -> f64 {
    let beyond = libm::erfc((t - mean) / (sd * SQRT_2)) / 2.0;
    // Smaller than the smallest f64: more suspicion than that tells nothing more.
    -libm::log10(beyond.max(f64::MIN_POSITIVE))
}

/// How many standard deviations above the mean φ is reached, φ ≥ 0.302: the inverse of `phi_normal(z, 0, 1)`, to 4.5e-4.
///
/// Source: Abramowitz and Stegun 1964, 26.2.23.
#[must_use]
pub fn deviations(phi: f64) -> f64 {
    let t = libm::sqrt(2.0 * LN_10 * phi.max(0.302));
    t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicion_grows_as_published() {
        for (t_ms, phi) in [(1_000.0, 0.301), (1_200.0, 1.643), (1_400.0, 4.4993), (1_600.0, 9.0059), (1_700.0, 11.8929)] {
            let is = phi_normal(t_ms, 1_000.0, 100.0);
            assert!((is - phi).abs() < 5e-4, "{t_ms} ms: {is} and not {phi}");
        }
    }

    #[test]
    fn deviations_are_its_inverse() {
        for phi in [0.5, 1.0, 5.2, 8.0, 40.0] {
            assert!((phi_normal(deviations(phi), 0.0, 1.0) - phi).abs() < 5e-3, "{phi}");
        }
        assert!(phi_normal(1e9, 0.0, 1.0).is_finite());
    }
}
