//! What devices told last on their state topics: told once more when a command to them is not let on, so that a switch in an
//! interface that went ahead goes back.

use crate::domain::{DeviceClass, EntityId, Registry, Timestamp, limits};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A state is some hundred bytes; a longer one is a picture, and not worth its memory in each of some thousand devices.
const STATE_BYTES: usize = 4 * 1024;
/// Told again at most so often: who asks for what is refused could else have a device repeat itself without end.
const AGAIN_SECONDS: f64 = 10.0;
/// What happened once, and would happen again to those who hear it again.
const EVENTS: [&str; 4] = ["action", "event", "click", "gesture"];

#[derive(Debug)]
struct Last {
    payload: Vec<u8>,
    told_at: Option<Timestamp>,
}

/// The last payload of each device's state topic.
#[derive(Debug, Default)]
pub struct Unchanged(BTreeMap<String, Last>);

impl Unchanged {
    pub fn hear(&mut self, registry: &Registry, topic: &str, payload: &[u8]) {
        if registry.told_on(topic).next().is_none() {
            return;
        }
        if payload.len() > STATE_BYTES {
            self.0.remove(topic);
        } else if let Some(last) = self.0.get_mut(topic) {
            last.payload.clear();
            last.payload.extend_from_slice(payload);
        } else if self.0.len() < limits::DEVICES {
            self.0.insert(topic.to_owned(), Last { payload: payload.to_vec(), told_at: None });
        }
    }

    /// The states of these devices, as last told, but for what were events; each at most once in ten seconds.
    pub fn of<'d>(&mut self, registry: &Registry, devices: impl Iterator<Item = &'d EntityId>, now: Timestamp) -> Vec<(String, Vec<u8>)> {
        // A gateway tells whether it is there, which no command changes and nobody but itself may say.
        let devices = devices.filter_map(|id| registry.device(id)).filter(|device| device.class != DeviceClass::Gateway);
        let claims = devices.flat_map(|device| device.claims.values());
        let topics: BTreeSet<&String> = claims.filter_map(|claim| claim.state_topic.as_ref()).collect();
        let mut told = Vec::new();
        for topic in topics {
            let Some(last) = self.0.get_mut(topic) else { continue };
            if last.told_at.is_some_and(|at| now.seconds_since(at) < AGAIN_SECONDS) {
                continue;
            }
            last.told_at = Some(now);
            told.push((topic.clone(), without_events(&last.payload)));
        }
        told
    }
}

fn without_events(payload: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Object(mut state)) if EVENTS.iter().any(|event| state.contains_key(*event)) => {
            state.retain(|key, _| !EVENTS.contains(&key.as_str()));
            Value::Object(state).to_string().into_bytes()
        }
        _ => payload.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_not_told_again_and_all_else_stays_as_it_was() {
        assert_eq!(without_events(br#"{"action":"keypad_unlock","state":"LOCK"}"#), br#"{"state":"LOCK"}"#);
        for same in [br#"{"state" : 1.0}"#.as_slice(), b"ON", b"", b"{", b"[1]"] {
            assert_eq!(without_events(same), same);
        }
    }
}
