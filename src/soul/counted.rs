//! What the mission counts of the soul: who is there, whose readings are odd, how an objective stands.

use super::Soul;
use crate::domain::{EntityId, Timestamp, Unit01};

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

    /// How many entities there are, and how many of them have a reading that is not as it should be. Looks at each of them.
    #[must_use]
    pub fn oddities(&self) -> (usize, usize) {
        (self.entities.len(), self.entities.values().filter(|one| one.senses.series.is_odd()).count())
    }
}
