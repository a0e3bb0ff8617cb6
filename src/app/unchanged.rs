//! What devices told last on their state topics: told once more when a command to them is not let on, so that a switch in an
//! interface that went ahead goes back.

use crate::domain::{EntityId, Registry, limits};
use std::collections::{BTreeMap, BTreeSet};

/// A state is some hundred bytes; a longer one is a picture, and not worth its memory in each of some thousand devices.
const STATE_BYTES: usize = 4 * 1024;

/// The last payload of each device's state topic.
#[derive(Debug, Default)]
pub struct Unchanged(BTreeMap<String, Vec<u8>>);

impl Unchanged {
    pub fn hear(&mut self, registry: &Registry, topic: &str, payload: &[u8]) {
        if registry.told_on(topic).next().is_none() {
            return;
        }
        if payload.len() > STATE_BYTES {
            self.0.remove(topic);
        } else if let Some(last) = self.0.get_mut(topic) {
            last.clear();
            last.extend_from_slice(payload);
        } else if self.0.len() < limits::DEVICES {
            self.0.insert(topic.to_owned(), payload.to_vec());
        }
    }

    /// The states of these devices, as last told.
    pub fn of<'d>(&self, registry: &Registry, devices: impl Iterator<Item = &'d EntityId>) -> Vec<(String, Vec<u8>)> {
        let claims = devices.filter_map(|id| registry.device(id)).flat_map(|device| device.claims.values());
        let topics: BTreeSet<&String> = claims.filter_map(|claim| claim.state_topic.as_ref()).collect();
        topics.into_iter().filter_map(|topic| Some((topic.clone(), self.0.get(topic)?.clone()))).collect()
    }
}
