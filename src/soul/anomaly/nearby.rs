//! Who else saw it: oddities of the last minutes, so that what happens in the house is not held against the sensor that tells it.

use crate::domain::{EntityId, Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Two that see the same do so within this: sensors on battery report every few minutes.
const WINDOW_SECONDS: f64 = 600.0;

/// The oddities that began of late, in order; a bounded ring.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Sightings(VecDeque<Sighting>);

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Sighting {
    entity: EntityId,
    field: String,
    /// None: it has no direction, and no other is in the same.
    up: Option<bool>,
    at: Timestamp,
}

impl Sightings {
    /// Who else, of those that are `near`, saw the same field depart in the same direction within the window.
    #[must_use]
    pub fn others(
        &self,
        entity: &EntityId,
        field: &str,
        up: Option<bool>,
        at: Timestamp,
        near: impl Fn(&EntityId) -> bool,
    ) -> Vec<EntityId> {
        let same = |s: &&Sighting| {
            up.is_some()
                && s.up == up
                && s.entity != *entity
                && s.field == field
                && at.seconds_since(s.at) <= WINDOW_SECONDS
                && near(&s.entity)
        };
        self.0.iter().filter(same).map(|s| s.entity.clone()).collect()
    }

    /// Notes that an oddity began.
    pub fn note(&mut self, entity: &EntityId, field: &str, up: Option<bool>, at: Timestamp) {
        while self.0.len() >= limits::SIGHTINGS || self.0.front().is_some_and(|s| at.seconds_since(s.at) > WINDOW_SECONDS) {
            self.0.pop_front();
        }
        self.0.push_back(Sighting { entity: entity.clone(), field: field.to_owned(), up, at });
    }

    /// Forgets all of an entity.
    pub fn forget(&mut self, entity: &EntityId) {
        self.0.retain(|s| s.entity != *entity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> EntityId {
        EntityId::new(&format!("s{n}")).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn only_the_same_field_and_direction_nearby_and_of_late_corroborates() {
        let mut seen = Sightings::default();
        seen.note(&id(1), "temperature", Some(true), at(0));
        let others = |field: &str, up, seconds, near: bool| seen.others(&id(2), field, up, at(seconds), |_| near).len();
        assert_eq!(others("temperature", Some(true), 600, true), 1);
        assert_eq!(others("temperature", Some(true), 601, true), 0);
        assert_eq!(others("temperature", Some(true), 1, false), 0);
        assert_eq!(others("temperature", Some(false), 1, true), 0);
        assert_eq!(others("humidity", Some(true), 1, true), 0);
        assert!(seen.others(&id(1), "temperature", Some(true), at(1), |_| true).is_empty(), "nobody is its own witness");
    }

    #[test]
    fn one_past_the_limit_takes_the_place_of_the_oldest() {
        let mut seen = Sightings::default();
        for n in 0..=limits::SIGHTINGS {
            seen.note(&id(n), "t", Some(true), at(0));
        }
        assert_eq!(seen.0.len(), limits::SIGHTINGS);
        assert_eq!(seen.0.front().unwrap().entity, id(1));
    }
}
