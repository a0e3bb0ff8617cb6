//! Quantiles of a Beta posterior, in a bounded number of steps whatever the evidence.

use statrs::function::beta::checked_beta_reg;

/// Newton's method needs about 8 steps, and halving alone reaches 1e-18; no evidence can make it run longer.
const STEPS: usize = 64;

/// x with I_x(α, β) = level: the share `level` of the posterior lies below it.
///
/// Shape: two positive numbers and a level in (0, 1) to one, without unit, in [0, 1]; what is not a posterior (zero, negative, NaN) gives 0,
/// which for a trust is the cautious end. Source: Jøsang and Ismail 2002 (Beta reputation). Newton's method kept inside a bracket, on statrs'
/// incomplete beta; statrs' own inverse has no bound on its steps.
#[must_use]
pub fn beta_quantile(alpha: f64, beta: f64, level: f64) -> f64 {
    let valid = |x: f64| x.is_finite() && x > 0.0;
    if !valid(alpha) || !valid(beta) {
        return 0.0;
    }
    let ln_beta = libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = alpha / (alpha + beta);
    for _ in 0..STEPS {
        let Ok(below) = checked_beta_reg(alpha, beta, x) else { return 0.0 };
        let error = below - level;
        if error > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let slope = libm::exp((alpha - 1.0) * libm::log(x) + (beta - 1.0) * libm::log1p(-x) - ln_beta);
        let step = error / slope;
        // Asked before the bracket: the last steps are rounding, and may point just outside of it.
        if step.abs() <= 1e-12 * x {
            break;
        }
        let newton = x - step;
        x = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
    }
    x.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_gives_the_published_quantiles() {
        for (alpha, beta, q) in
            [(8.0, 2.0, 0.570_864), (41.0, 1.0, 0.929_539), (41.0, 3.0, 0.860_731), (149.0, 1.0, 0.980_095), (301.0, 4.0, 0.974_693)]
        {
            assert!((beta_quantile(alpha, beta, 0.05) - q).abs() < 1e-6, "{alpha} {beta}: {}", beta_quantile(alpha, beta, 0.05));
        }
        assert!((beta_quantile(1.0, 1.0, 0.05) - 0.05).abs() < 1e-12, "a uniform posterior");
    }

    /// Beta(1, 1) is uniform, I_x(2, 1) = x², I_x(1, 2) = 1 − (1 − x)².
    #[test]
    fn it_gives_the_closed_forms() {
        for p in [0.05_f64, 0.25, 0.5, 0.95] {
            assert!((beta_quantile(1.0, 1.0, p) - p).abs() < 1e-12);
            assert!((beta_quantile(2.0, 1.0, p) - p.sqrt()).abs() < 1e-12);
            assert!((beta_quantile(1.0, 2.0, p) - (1.0 - (1.0 - p).sqrt())).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_no_posterior_is_trusted_with_nothing() {
        for (alpha, beta) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (f64::INFINITY, 1.0)] {
            assert_eq!(beta_quantile(alpha, beta, 0.05), 0.0);
        }
    }

    proptest! {
        #[test]
        fn as_much_lies_below_as_was_asked_for(alpha in 0.5f64..3_000.0, beta in 0.5f64..3_000.0, level in 0.01f64..0.99) {
            let x = beta_quantile(alpha, beta, level);
            prop_assert!((0.0..=1.0).contains(&x));
            let below = checked_beta_reg(alpha, beta, x).unwrap();
            prop_assert!((below - level).abs() < 1e-7, "{below}");
        }
    }
}
