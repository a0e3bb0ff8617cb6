//! What devices told last on their state topics: told once more when a command to them is not let on, so that a switch in an
//! interface that went ahead goes back.

use crate::domain::{Device, EntityId, Registry, limits};
use std::collections::{BTreeMap, BTreeSet};

/// A state is some hundred bytes; a longer one is a picture, and not worth its memory in each of some thousand devices.
const STATE_BYTES: usize = 4 * 1024;

/// The last payload of each device's state topic.
#[derive(Debug, Default)]
pub struct Unchanged {
    topics: BTreeMap<String, BTreeSet<EntityId>>,
    last: BTreeMap<String, Vec<u8>>,
}

impl Unchanged {
    /// The devices are these now.
    pub fn learn(&mut self, registry: &Registry) {
        self.topics.clear();
        for device in registry.devices().take(limits::DEVICES) {
            for topic in states(device) {
                self.topics.entry(topic).or_default().insert(device.id.clone());
            }
        }
        self.last.retain(|topic, _| self.topics.contains_key(topic));
    }

    pub fn hear(&mut self, topic: &str, payload: &[u8]) {
        if !self.topics.contains_key(topic) {
            return;
        }
        if payload.len() > STATE_BYTES {
            self.last.remove(topic);
        } else if let Some(last) = self.last.get_mut(topic) {
            last.clear();
            last.extend_from_slice(payload);
        } else {
            self.last.insert(topic.to_owned(), payload.to_vec());
        }
    }

    /// The states of these devices, as last told.
    pub fn of<'d>(&self, devices: impl Iterator<Item = &'d EntityId>) -> Vec<(String, Vec<u8>)> {
        let wanted: BTreeSet<&EntityId> = devices.collect();
        self.last
            .iter()
            .filter(|(topic, _)| self.topics.get(*topic).is_some_and(|ids| ids.iter().any(|id| wanted.contains(id))))
            .map(|(topic, payload)| (topic.clone(), payload.clone()))
            .collect()
    }
}

fn states(device: &Device) -> BTreeSet<String> {
    device.claims.values().filter_map(|claim| claim.state_topic.clone()).collect()
}
