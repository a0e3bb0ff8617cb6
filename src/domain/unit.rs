//! Bounded numbers: a value outside its range cannot exist.

use serde::{Deserialize, Serialize};

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $low:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            pub const LOW: f64 = $low;
            pub const HIGH: f64 = 1.0;

            /// The nearest value in range; NaN becomes the lower bound.
            #[must_use]
            pub fn clamped(value: f64) -> Self {
                if value.is_nan() { Self(Self::LOW) } else { Self(value.clamp(Self::LOW, Self::HIGH)) }
            }

            #[must_use]
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = String;

            fn try_from(value: f64) -> Result<Self, String> {
                if (Self::LOW..=Self::HIGH).contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(format!("{value} is not in [{}, {}]", Self::LOW, Self::HIGH))
                }
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> f64 {
                value.0
            }
        }
    };
}

bounded!(
    /// A number in [0, 1]: a probability, a risk, an intensity.
    Unit01,
    0.0
);
bounded!(
    /// A number in [-1, 1]: a mood dimension, a like, a congruence.
    Signed1,
    -1.0
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_range_can_be_made() {
        assert!(Unit01::try_from(1.000_001).is_err());
        assert!(Unit01::try_from(-0.000_001).is_err());
        assert!(Signed1::try_from(f64::NAN).is_err());
        assert_eq!(Unit01::clamped(f64::NAN).get(), 0.0);
        assert_eq!(Signed1::clamped(-7.0).get(), -1.0);
        assert!(serde_json::from_str::<Unit01>("1.5").is_err());
    }
}
