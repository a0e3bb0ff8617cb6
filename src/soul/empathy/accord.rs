//! Whether two series go together: Lin's concordance correlation, by running moments.

use serde::{Deserialize, Serialize};

/// Samples that count: older ones fade.
const WINDOW: u16 = 100;
/// Samples at which half is believed of what they tell.
const DOUBT: f64 = 10.0;

/// Population moments of pairs (x, y), the newest weighing 1/min(n, 100).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Accord {
    n: u16,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Accord {
    /// Takes a pair; both in [-1, 1].
    pub fn take(&mut self, x: f64, y: f64) {
        self.n = (self.n + 1).min(WINDOW);
        let new = 1.0 / f64::from(self.n);
        let (dx, dy) = (x - self.x, y - self.y);
        self.x += new * dx;
        self.y += new * dy;
        let fade = |old: f64, product: f64| (1.0 - new) * (old + new * product);
        (self.xx, self.yy, self.xy) = (fade(self.xx, dx * dx), fade(self.yy, dy * dy), fade(self.xy, dx * dy));
    }

    /// A = (1 + CCC·n/(n + 10))/2 in [0, 1]; ½ where one of the two never moved.
    #[must_use]
    pub fn affinity(&self) -> f64 {
        let n = f64::from(self.n);
        f64::midpoint(1.0, self.concordance() * n / (n + DOUBT)).clamp(0.0, 1.0)
    }

    /// CCC = 2·s_xy/(s_x² + s_y² + (x̄ − ȳ)²) in [-1, 1], 0 where a variance is zero. Source: Lin 1989.
    fn concordance(&self) -> f64 {
        if self.xx <= 0.0 || self.yy <= 0.0 {
            return 0.0;
        }
        let apart = self.x - self.y;
        (2.0 * self.xy / (self.xx + self.yy + apart * apart)).clamp(-1.0, 1.0)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.n <= WINDOW
            && [self.x, self.y].iter().all(|m| (-1.0..=1.0).contains(m))
            && [self.xx, self.yy].iter().all(|v| (0.0..=4.0).contains(v))
            && self.xy.abs() <= 4.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_lins_figure() {
        let mut a = Accord::default();
        for (x, y) in [(0.1, 0.2), (0.4, 0.3), (-0.2, -0.1), (0.5, 0.4)] {
            a.take(x, y);
        }
        assert!((a.concordance() - 0.909_090_909_090_909_1).abs() < 1e-12, "{}", a.concordance());
        let shrunk = f64::midpoint(1.0, a.concordance() * 4.0 / 14.0);
        assert!((a.affinity() - shrunk).abs() < 1e-15);
    }

    #[test]
    fn what_never_moves_goes_with_nothing() {
        let mut a = Accord::default();
        assert_eq!(a.affinity(), 0.5);
        for n in 0..50 {
            a.take(0.0, f64::from(n) / 50.0);
        }
        assert_eq!((a.concordance(), a.affinity()), (0.0, 0.5));
    }

    #[test]
    fn opposites_come_out_below_half() {
        let mut a = Accord::default();
        for n in 0..1_000 {
            let x = f64::from(n % 5) / 5.0 - 0.4;
            a.take(x, -x);
        }
        assert!(a.affinity() < 0.1 && a.is_sound(), "{a:?}");
    }
}
