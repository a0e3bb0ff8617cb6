//! What the mission counts of the soul: who is there, whose readings are odd, how an objective stands.

use super::Soul;
use crate::domain::{EntityId, Timestamp, Unit01};

/// Entities, and those of them with a reading that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oddities {
    pub entities: usize,
    pub odd: usize,
    pub known: usize,
    pub known_odd: usize,
}

impl Soul {
    /// How likely an objective is now; None: it is not pursued.
    #[must_use]
    pub fn likelihood(&self, objective: &str, at: Timestamp) -> Option<Unit01> {
        self.objectives.iter().find(|o| o.spec.id == objective).map(|o| o.likelihood(at))
    }

    /// Whether an entity is silent, or said that it goes; None: it never spoke.
    #[must_use]
    pub fn is_gone(&self, entity: &EntityId) -> Option<bool> {
        self.entities.get(entity)?.senses.life.is_gone()
    }

    /// How many entities there are, and how many of them have a reading that is not as it should be; of all, and of those whom nobody can have
    /// made up: they are devices that were declared or discovered, or `is_described` says so. Looks at each of them.
    #[must_use]
    pub fn oddities(&self, is_described: impl Fn(&EntityId) -> bool) -> Oddities {
        let mut all = Oddities::default();
        for (entity, one) in &self.entities {
            let odd = usize::from(one.senses.series.is_odd());
            let known = usize::from(!one.known.is_newcomer() || is_described(entity));
            all.entities += 1;
            all.odd += odd;
            all.known += known;
            all.known_odd += known * odd;
        }
        all
    }
}
