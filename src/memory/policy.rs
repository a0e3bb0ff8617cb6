//! Keep or let go: how much a percept matters, and in which layer it is kept. Pure.

mod habits;
mod text;

pub use habits::{HABITS, Habits};
pub use text::{Known, describes, text};

use crate::domain::{Decision, Layer, MemoryRecord, Unit01};

/// What makes a percept worth keeping.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Factors {
    /// −log₂ p(kind | entity, hour), in bits, at least 0.
    pub surprise_bits: f64,
    /// The strongest emotion that it yielded.
    pub emotion_intensity: Unit01,
    /// The gravest verdict on it; None when nothing was asked.
    pub decision: Option<Decision>,
    /// The attention that its entity has.
    pub attention: f64,
    /// Somebody wants it to be known until there is something newer to know.
    pub is_fact: bool,
    pub pinned: bool,
}

/// Six bits of surprise alone reach the long term: what happens once in 64 messages of this entity at this hour.
const PER_BIT: f64 = 0.155;
const EMOTION: f64 = 0.8;
const ATTENTION: f64 = 0.6;
/// Refused and held requests are kept one by one; allowed ones at least for the short term.
const REFUSED: f64 = 1.2;
const ALLOWED: f64 = 0.4;
/// A fact alone reaches the long term.
const FACT: f64 = 1.0;
const PINNED: f64 = 3.0;
/// Importance from which a layer takes it.
const SHORT_TERM: f64 = 0.3;
const LONG_TERM: f64 = 0.6;

/// Importance = 1 − e^(−x), in [0, 1), x the weighted sum of surprise, emotion, verdict, attention, fact and pin.
#[must_use]
pub fn importance(factors: &Factors) -> f64 {
    let positive = |x: f64, most: f64| if x.is_nan() { 0.0 } else { x.clamp(0.0, most) };
    let verdict = match factors.decision {
        Some(Decision::Deny | Decision::Escalate) => REFUSED,
        Some(Decision::Allow) => ALLOWED,
        None => 0.0,
    };
    let x = PER_BIT * positive(factors.surprise_bits, habits::MOST_BITS)
        + EMOTION * factors.emotion_intensity.get()
        + ATTENTION * positive(factors.attention, 1.0)
        + verdict
        + if factors.is_fact { FACT } else { 0.0 }
        + if factors.pinned { PINNED } else { 0.0 };
    1.0 - libm::exp(-x)
}

/// The record of a percept: its importance, and by it the layer.
#[must_use]
pub fn decide(factors: &Factors, text: String) -> MemoryRecord {
    let importance = importance(factors);
    let layer = match importance {
        x if x >= LONG_TERM => Layer::LongTerm,
        x if x >= SHORT_TERM => Layer::ShortTerm,
        _ => Layer::Working,
    };
    MemoryRecord { layer, importance, text, about: None }
}

/// What begins an oddity is kept one by one, however much it surprised.
pub fn keep(record: &mut MemoryRecord) {
    record.importance = record.importance.max(LONG_TERM);
    record.layer = Layer::LongTerm;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ordinary() -> Factors {
        Factors {
            surprise_bits: 0.3,
            emotion_intensity: Unit01::clamped(0.0),
            decision: None,
            attention: 0.0,
            is_fact: false,
            pinned: false,
        }
    }

    fn layer(factors: Factors) -> Layer {
        decide(&factors, String::new()).layer
    }

    #[test]
    fn what_matters_lasts() {
        assert_eq!(layer(ordinary()), Layer::Working);
        assert_eq!(layer(Factors { surprise_bits: 6.0, ..ordinary() }), Layer::LongTerm);
        assert_eq!(layer(Factors { decision: Some(Decision::Allow), ..ordinary() }), Layer::ShortTerm);
        assert_eq!(layer(Factors { attention: 1.0, ..ordinary() }), Layer::ShortTerm);
        for decision in [Decision::Deny, Decision::Escalate] {
            assert_eq!(layer(Factors { surprise_bits: 0.0, decision: Some(decision), ..ordinary() }), Layer::LongTerm);
        }
        assert_eq!(layer(Factors { surprise_bits: 0.0, is_fact: true, ..ordinary() }), Layer::LongTerm);
        assert_eq!(layer(Factors { surprise_bits: f64::NAN, pinned: true, ..ordinary() }), Layer::LongTerm);
    }

    proptest! {
        #[test]
        fn importance_is_bounded_and_attention_only_adds(bits in -5.0f64..100.0, emotion in 0.0f64..=1.0, less in 0.0f64..=1.0, more in 0.0f64..=1.0) {
            let with = |attention| importance(&Factors { surprise_bits: bits, emotion_intensity: Unit01::clamped(emotion), attention, ..ordinary() });
            prop_assert!((0.0..=1.0).contains(&with(more)));
            prop_assert!(with(less.max(more)) >= with(less.min(more)));
        }
    }
}
