//! A thing that was moved: where descriptions said that it was is let go.

use super::Soul;
use crate::domain::{EntityId, Relation};

impl Soul {
    /// Takes where a thing is now. Gives whether it is news; where the owner said it is, that stays.
    pub fn moves(&mut self, to: &Relation) -> bool {
        let (is_news, left) = self.relations.moves(to);
        if is_news {
            [&to.from, &to.to].into_iter().chain(&left).for_each(|one| self.touch(one));
        }
        is_news
    }

    /// Whether there is an opinion on it.
    #[must_use]
    pub fn knows(&self, entity: &EntityId) -> bool {
        self.entities.contains_key(entity)
    }
}
