//! Through whom others are heard: a bridge that falls silent is one cause, whatever number of devices are not heard because of it.

use crate::domain::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// Who is not declared a bridge is one when it speaks for so many.
const SPEAKS_FOR: u32 = 3;
/// So long after its return it repeats what it knew: Zigbee2MQTT publishes its cache.
const AGAIN_SECONDS: f64 = 120.0;

/// Through whom a percept came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Via {
    pub bridge: EntityId,
    /// It is known for a bridge: by its topics, or by the owner's word.
    pub declared: bool,
}

/// What is known of one that speaks for others.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Carrier {
    /// How many.
    pub carries: u32,
    declared: bool,
    /// Stands for the client that it speaks from. Several clients with one name are many devices with one password, and no bridge.
    client: Option<u32>,
    many: bool,
    /// When it last came back.
    pub back: Timestamp,
}

impl Carrier {
    pub fn note(&mut self, declared: bool, client: u32) {
        self.declared |= declared;
        self.many |= self.client.replace(client).is_some_and(|before| before != client);
    }

    #[must_use]
    pub fn is_bridge(&self) -> bool {
        self.declared || (self.carries >= SPEAKS_FOR && !self.many)
    }

    /// Whether many devices use its name, each with a client of its own.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.many && !self.declared
    }

    #[must_use]
    pub fn repeats(&self, at: Timestamp) -> bool {
        self.back != Timestamp::default() && at.seconds_since(self.back) < AGAIN_SECONDS
    }
}
