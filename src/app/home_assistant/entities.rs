//! Of whom Home Assistant is shown trust and liveness: devices first, then who spoke most, and nobody is exchanged for his like.

use crate::domain::{EntityId, OpinionView};
use std::{collections::BTreeSet, sync::Arc};

/// Those who are shown.
#[derive(Debug, Default)]
pub struct Entities(BTreeSet<EntityId>);

impl Entities {
    #[must_use]
    pub fn shown(&self) -> &BTreeSet<EntityId> {
        &self.0
    }

    /// Chooses `most` at most anew; gives those who are shown no more.
    pub fn choose(&mut self, all: &[Arc<OpinionView>], is_device: impl Fn(&EntityId) -> bool, most: usize) -> Vec<EntityId> {
        let nobody = EntityId::anonymous();
        let mut ranked: Vec<_> = all
            .iter()
            .filter(|one| one.entity != nobody)
            .map(|one| (!is_device(&one.entity), !self.0.contains(&one.entity), u64::MAX - one.events, &one.entity))
            .collect();
        ranked.sort();
        let chosen: BTreeSet<EntityId> = ranked.into_iter().take(most).map(|(.., id)| id.clone()).collect();
        let gone = self.0.difference(&chosen).cloned().collect();
        self.0 = chosen;
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detail, Standing, Timestamp, Unit01};

    fn one(id: &str, events: u64) -> Arc<OpinionView> {
        Arc::new(OpinionView {
            entity: EntityId::new(id).unwrap(),
            standing: Standing::Newcomer,
            belief: 0.0,
            disbelief: 0.0,
            uncertainty: 1.0,
            base_rate: 0.3,
            expectation: Unit01::clamped(0.3),
            lower_bound: Unit01::clamped(0.1),
            reasons: vec![],
            events,
            last_seen: Timestamp::from_micros(0),
            detail: Detail::default(),
        })
    }

    #[test]
    fn devices_come_first_and_who_is_shown_stays() {
        let mut entities = Entities::default();
        let is_device = |id: &EntityId| id.as_str().starts_with("lamp");
        let ids = |entities: &Entities| entities.shown().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert!(entities.choose(&[one("a", 9), one("b", 5), one("lamp1", 1), one("anonymous", 99)], is_device, 2).is_empty());
        assert_eq!(ids(&entities), "a lamp1");
        entities.choose(&[one("a", 9), one("b", 50), one("lamp1", 1)], is_device, 2);
        assert_eq!(ids(&entities), "a lamp1", "louder alone is no reason");
        let gone = entities.choose(&[one("a", 9), one("lamp1", 1), one("lamp2", 0)], is_device, 2);
        assert_eq!((ids(&entities).as_str(), gone.len()), ("lamp1 lamp2", 1));
        assert_eq!(entities.choose(&[one("lamp2", 0)], is_device, 2).len(), 1, "forgotten");
        assert_eq!(entities.choose(&[one("lamp2", 0)], is_device, 0).len(), 1);
    }
}
