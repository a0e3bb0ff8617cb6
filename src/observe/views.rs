//! What readers see: values that the mind's thread and the speaker put here, and nobody changes. No reader ever locks the mind.

use super::moods::Moods;
use crate::domain::{EntityId, OpinionView};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The newest of everything.
#[derive(Debug, Default)]
pub struct Views {
    pub moods: Moods,
    entities: Mutex<BTreeMap<EntityId, Arc<OpinionView>>>,
    /// By topic below the root, as it is published there.
    states: Mutex<BTreeMap<String, Arc<Value>>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Views {
    /// What is held now of those whose opinions changed.
    pub fn think(&self, opinions: impl IntoIterator<Item = OpinionView>) {
        // Made outside of the lock.
        let fresh: Vec<Arc<OpinionView>> = opinions.into_iter().map(Arc::new).collect();
        locked(&self.entities).extend(fresh.into_iter().map(|view| (view.entity.clone(), view)));
    }

    /// They are known no more.
    pub fn forget<'e>(&self, entities: impl IntoIterator<Item = &'e EntityId>) {
        let mut known = locked(&self.entities);
        entities.into_iter().for_each(|id| drop(known.remove(id)));
    }

    /// Everybody, by name.
    #[must_use]
    pub fn entities(&self) -> Vec<Arc<OpinionView>> {
        locked(&self.entities).values().cloned().collect()
    }

    #[must_use]
    pub fn entity(&self, id: &EntityId) -> Option<Arc<OpinionView>> {
        locked(&self.entities).get(id).cloned()
    }

    /// A state as it stands on its topic below the root, such as `soul/emotion`.
    pub fn tell(&self, topic: &str, state: Value) {
        let state = Arc::new(state);
        locked(&self.states).insert(topic.to_owned(), state);
    }

    /// None: nothing was told yet.
    #[must_use]
    pub fn state(&self, topic: &str) -> Option<Arc<Value>> {
        locked(&self.states).get(topic).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_keeps_what_it_saw() {
        let views = Views::default();
        views.tell("soul/emotion", Value::from(1));
        let before = views.state("soul/emotion").unwrap();
        views.tell("soul/emotion", Value::from(2));
        assert_eq!((&*before, &*views.state("soul/emotion").unwrap()), (&Value::from(1), &Value::from(2)));
        assert!(views.state("soul").is_none() && views.entities().is_empty());
    }
}
