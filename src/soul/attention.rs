//! What a broadcast changes in the soul: those who have attention are felt for more strongly, looked at more closely, and known as of now.

use super::Soul;
use crate::domain::{EntityId, Liveness, Timestamp, Unit01};

/// What an event of one who has all the attention weighs more.
const SHARPER: f64 = 0.25;

/// What is to be seen of an entity at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub entity: EntityId,
    pub gone: bool,
    pub odd: bool,
}

impl Soul {
    /// Takes who has attention, each in [0, 1]: few, as the workspace bounds them.
    pub fn attend<'a>(&mut self, attended: impl Iterator<Item = (&'a EntityId, f64)>) {
        self.attended.clear();
        self.attended.extend(attended.map(|(entity, attention)| (entity.clone(), attention.clamp(0.0, 1.0))));
    }

    /// In [0, 1].
    pub(super) fn attention(&self, entity: &EntityId) -> f64 {
        self.attended.get(entity).copied().unwrap_or(0.0)
    }

    /// By how much an event weighs more when it is about this entity: in [1, 1.25].
    pub(super) fn sharpness(&self, entity: &EntityId) -> f64 {
        1.0 + SHARPER * self.attention(entity)
    }

    /// Looks at entities again: first whom it is about and who is near it, then one after the other. `cursor` is who was looked at last.
    #[must_use]
    pub fn look_again(&self, first: Option<&EntityId>, cursor: &mut Option<EntityId>, most: u32) -> Vec<Seen> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.entities.len());
        let mut seen: Vec<Seen> = Vec::with_capacity(most);
        if let Some(first) = first {
            let near = self.relations.neighbours(first, None);
            seen.extend(std::iter::once(first).chain(near).filter_map(|entity| self.seen(entity)).take(most));
        }
        let begin = match cursor.take() {
            Some(last) => (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded),
            None => (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded),
        };
        let rest = self.entities.range(begin).map(|(entity, _)| entity);
        for entity in rest.chain(self.entities.keys()).take(most.saturating_sub(seen.len())) {
            *cursor = Some(entity.clone());
            seen.extend(self.seen(entity));
        }
        seen
    }

    /// Knows as of now how far some are trusted: those of a look.
    pub fn feel_again(&mut self, entities: impl IntoIterator<Item = EntityId>, at: Timestamp) -> Vec<(EntityId, Unit01)> {
        entities.into_iter().map(|entity| (entity.clone(), self.trust(&entity, at))).collect()
    }

    fn seen(&self, entity: &EntityId) -> Option<Seen> {
        let senses = &self.entities.get(entity)?.senses;
        let life = senses.life.view();
        // Who is not heard because a bridge is not is the bridge's matter, and who said that it goes may.
        let gone = life.state == Liveness::Silent && life.because_of.is_none();
        Some(Seen { entity: entity.clone(), gone, odd: senses.series.is_odd() })
    }
}
