//! What things are called: names learned from descriptions, and the words that a percept is kept in.

use super::Mind;
use crate::{
    domain::{EntityId, Judged, Percept, Purpose, limits},
    home_assistant,
    memory::policy::{self, Known},
};

/// The kind of what somebody wants to be known.
const FACT: &str = "fact";

impl Mind {
    /// Takes what a description calls the entities that it is about; where there is no room, no more is taken. Gives whom it names.
    pub(super) fn learn_names(&mut self, percept: &Percept) -> Vec<EntityId> {
        let settings = &self.settings;
        let told =
            home_assistant::names(&percept.topic, &percept.payload, &settings.discovery_prefixes, &settings.zigbee_bases, &settings.inputs);
        let mut named = Vec::new();
        for (entity, names) in told {
            named.push(entity.clone());
            if self.state.names.len() >= limits::NAMED && !self.state.names.contains_key(&entity) {
                continue;
            }
            if self.state.names.entry(entity.clone()).or_default().learn(names) {
                self.named.insert(entity);
            }
        }
        named
    }

    /// A percept in words.
    pub(super) fn text_of(&self, percept: &Percept, judged: &[Judged]) -> String {
        policy::text(percept, judged, &|id| self.known(id))
    }

    /// How an entity is called: as it was described, else as the registry has it.
    pub(super) fn known(&self, id: &EntityId) -> Known<'_> {
        let (names, device) = (self.state.names.get(id), self.state.registry.device(id));
        Known {
            name: names.and_then(|n| n.name.as_deref()).or_else(|| device?.name.as_deref()),
            area: names.and_then(|n| n.area.as_deref()).or_else(|| device?.area.as_deref()),
            values: names.map(|n| &n.values),
        }
    }
}

/// What a percept is a fact about, where it is one: what it says it is about (else its entity as a whole, which is ""), or for a description its topic.
pub(super) fn about(percept: &Percept) -> Option<String> {
    match percept.purpose {
        Purpose::Discovery => Some(percept.topic.clone()),
        Purpose::Observation if percept.kind == FACT => {
            let said = percept.body.object().and_then(|o| o.get("about")).and_then(|a| a.as_str()).unwrap_or_default();
            let mut about = said.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            about.truncate(about.floor_char_boundary(limits::KIND_BYTES));
            Some(about)
        }
        _ => None,
    }
}
