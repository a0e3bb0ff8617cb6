//! How steady a series is: spread, jumps, and how much of one value lives on in the next.

/// Samples kept: an hour of minutes.
pub const SAMPLES: usize = 60;

/// The three figures of Houben 2015 on an evenly spaced series, and what is made of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stability {
    /// Standard deviation (n − 1); 0 with fewer than two samples.
    pub sd: f64,
    /// Root of the mean squared successive difference; 0 with fewer than two samples.
    pub rmssd: f64,
    /// AR(1) slope of each value on the one before; 0 where there is no variance.
    pub inertia: f64,
    /// 1 − min(1, RMSSD/2), in [0, 1]: 1 is steady.
    pub stability: f64,
    pub samples: u32,
}

impl Stability {
    /// Shape: a series of numbers in [-1, 1] to the figures above. Source: Houben, Van den Noortgate and Kuppens 2015.
    #[must_use]
    pub fn of(series: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let samples = u32::try_from(series.len()).unwrap_or(u32::MAX);
        let n = f64::from(samples);
        if samples < 2 {
            return Self { sd: 0.0, rmssd: 0.0, inertia: 0.0, stability: 1.0, samples };
        }
        let mean = series.clone().sum::<f64>() / n;
        let squares: f64 = series.clone().map(|x| (x - mean) * (x - mean)).sum();
        let pairs = || series.clone().zip(series.clone().skip(1));
        let rmssd = libm::sqrt(pairs().map(|(x, y)| (y - x) * (y - x)).sum::<f64>() / (n - 1.0));
        let first = series.clone().take(series.len() - 1).sum::<f64>() / (n - 1.0);
        let last = series.clone().skip(1).sum::<f64>() / (n - 1.0);
        let carried: f64 = pairs().map(|(x, y)| (x - first) * (y - last)).sum();
        let spread: f64 = pairs().map(|(x, _)| (x - first) * (x - first)).sum();
        let inertia = if spread > 0.0 { carried / spread } else { 0.0 };
        Self { sd: libm::sqrt(squares / (n - 1.0)), rmssd, inertia, stability: 1.0 - (rmssd / 2.0).min(1.0), samples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_published_figures() {
        let s = Stability::of([0.1, 0.3, -0.2, 0.0, 0.4, 0.4, -0.1, 0.2].into_iter());
        for (is, should) in [
            (s.sd, 0.226_384_628_453_435),
            (s.rmssd * s.rmssd, 0.118_571_428_571_428),
            (s.rmssd, 0.344_342_022_662_684),
            (s.inertia, -0.165_322_580_645_161),
        ] {
            assert!((is - should).abs() < 1e-12, "{is} {should}");
        }
        assert!((s.stability - (1.0 - s.rmssd / 2.0)).abs() < 1e-15);
    }

    #[test]
    fn a_flat_or_empty_series_is_steady() {
        assert_eq!(Stability::of([].into_iter()).stability, 1.0);
        let flat = Stability::of([0.3; 5].into_iter());
        assert_eq!((flat.stability, flat.inertia, flat.rmssd), (1.0, 0.0, 0.0));
    }
}
