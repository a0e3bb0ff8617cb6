//! Takes readings for the soul: what they tell of their series, whether others saw the same, and what that says of the one who told them.

use super::{Evidence, Finding, Soul, anomaly::Heard};
use crate::domain::{Body, EntityId, Timestamp};

impl Soul {
    /// Takes the readings in a body, of an entity who is a newcomer if unknown. Gives what they tell, once each.
    ///
    /// `near`: whether another entity is in the same place; a `near` relation counts besides. A good reading speaks for the entity; one that
    /// begins an episode that nobody nearby saw before it speaks against it by −min(1, (z−8)/8); the rest of the episode says nothing.
    pub fn read(&mut self, entity: &EntityId, at: Timestamp, kind: &str, body: &Body, near: impl Fn(&EntityId) -> bool) -> Vec<Finding> {
        let attention = self.attention(entity);
        let Some(mut heard) = self.with(entity, at, |one| one.senses.series.hear(kind, body, at, attention)) else { return Vec::new() };
        if heard.findings.is_empty() {
            // Most of all readings.
            if heard.readings > 0 && heard.odd == 0 {
                self.hear(entity, at, None, Evidence::Plausible);
            }
            return Vec::new();
        }
        self.look_around(entity, at, &mut heard, near);
        for finding in &heard.findings {
            let weight = finding.weight();
            if weight < 0.0 {
                self.weigh(entity, at, None, Evidence::Anomaly, weight);
            }
        }
        heard.findings
    }

    /// Whether any series of an entity is not as it should be.
    #[must_use]
    pub fn is_odd(&self, entity: &EntityId) -> bool {
        self.entities.get(entity).is_some_and(|one| one.senses.series.is_odd())
    }

    /// Who else saw it; those who did are told so too.
    fn look_around(&mut self, entity: &EntityId, at: Timestamp, heard: &mut Heard, near: impl Fn(&EntityId) -> bool) {
        let related: Vec<EntityId> = self.relations.neighbours(entity, None).cloned().collect();
        for finding in &mut heard.findings {
            let Some(up) = finding.news.began() else { continue };
            let others = self.sightings.others(entity, &finding.field, up, at, |other| near(other) || related.contains(other));
            self.sightings.note(entity, &finding.field, up, at);
            if others.is_empty() {
                continue;
            }
            finding.corroborated = true;
            finding.text.push_str(", as others nearby");
            for seen_by in others.iter().chain([entity]) {
                if let Some(one) = self.entities.get_mut(seen_by) {
                    one.senses.series.corroborate(&finding.field);
                }
            }
        }
    }
}
