//! What others say of an entity: one word each, discounted by how far each is believed, fading, bounded.

use super::{fusion, opinion::Belief};
use crate::domain::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// Witnesses remembered of one entity; the one heard longest ago makes room. A crowd is one voice anyhow.
pub const WITNESSES: usize = 8;
/// What was said is half as sure after a week.
const HALF_LIFE_SECONDS: f64 = 7.0 * 86_400.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Hearsay(Vec<Said>);

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Said {
    by: EntityId,
    b: f64,
    d: f64,
    at: Timestamp,
}

impl Hearsay {
    /// Takes a witness's word, in place of its last one; `p` is how far the witness is believed, in [0, 1].
    pub fn hear(&mut self, by: &EntityId, p: f64, said: Belief, at: Timestamp) {
        self.0.retain(|s| s.by != *by);
        if self.0.len() >= WITNESSES {
            self.0.remove(0);
        }
        let Belief { b, d, .. } = fusion::discount(p, said);
        self.0.push(Said { by: by.clone(), b, d, at });
    }

    /// An opinion together with what others say.
    #[must_use]
    pub fn fuse(&self, own: Belief, at: Timestamp) -> Belief {
        if self.0.is_empty() {
            return own;
        }
        let faded = self.0.iter().map(|s| {
            let left = libm::exp2(-at.seconds_since(s.at).max(0.0) / HALF_LIFE_SECONDS);
            let (b, d) = (s.b * left, s.d * left);
            Belief { b, d, u: 1.0 - b - d, a: own.a }
        });
        fusion::with_hearsay(own, &faded.collect::<Vec<_>>())
    }

    /// Forgets a witness. True when it had said something.
    pub fn forget(&mut self, by: &EntityId) -> bool {
        let before = self.0.len();
        self.0.retain(|s| s.by != *by);
        self.0.len() < before
    }

    /// Whether what was read from the store can be hearsay.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= WITNESSES && self.0.iter().all(|s| s.b >= 0.0 && s.d >= 0.0 && s.b + s.d <= 1.0 + 1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> EntityId {
        EntityId::new(&format!("w{n}")).unwrap()
    }

    const GOOD: Belief = Belief { b: 0.9, d: 0.0, u: 0.1, a: 0.5 };
    const BAD: Belief = Belief { b: 0.0, d: 0.9, u: 0.1, a: 0.5 };
    const UNKNOWN: Belief = Belief { b: 0.0, d: 0.0, u: 1.0, a: 0.5 };

    #[test]
    fn the_last_word_of_a_witness_counts_and_fades() {
        let mut heard = Hearsay::default();
        let at = Timestamp::from_micros(0);
        heard.hear(&id(1), 1.0, GOOD, at);
        assert!(heard.fuse(UNKNOWN, at).expectation() > 0.7);
        heard.hear(&id(1), 1.0, BAD, at);
        assert!(heard.fuse(UNKNOWN, at).expectation() < 0.3);
        assert!((heard.fuse(UNKNOWN, at.plus_seconds(365 * 86_400)).expectation() - 0.5).abs() < 1e-3);
        assert!(heard.forget(&id(1)) && !heard.forget(&id(1)));
        assert_eq!(heard, Hearsay::default());
    }

    #[test]
    fn one_witness_past_the_limit_takes_the_place_of_the_oldest() {
        let mut heard = Hearsay::default();
        for n in 0..=WITNESSES {
            heard.hear(&id(n), 0.5, GOOD, Timestamp::from_micros(0));
        }
        assert_eq!(heard.0.len(), WITNESSES);
        assert!(heard.is_sound() && !heard.0.iter().any(|s| s.by == id(0)));
    }
}
