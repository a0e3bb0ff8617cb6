//! A percept: one accepted input, and the requests it carries.

use super::{Answer, Body, Change, Decision, EntityId, Timestamp, WayOn};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};
use uuid::Uuid;

/// Who sent a percept, as the broker knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Requester: user, else certificate, else client id; `anonymous` for ids made up for one connection.
    pub requester: EntityId,
    pub client_id: String,
    pub user: Option<String>,
    /// The peer's address, without the port.
    pub address: String,
    /// May speak for the entities that its topics name (a bridge, Node-RED).
    pub speaks_for_many: bool,
    /// Declared in the config as a person.
    pub human: bool,
    pub owner: bool,
    pub role: String,
}

impl Source {
    /// Nobody sent it: Jamey found it, or asks itself.
    #[must_use]
    pub fn own(requester: EntityId, client_id: &str, role: &str) -> Self {
        Self {
            requester,
            client_id: client_id.to_owned(),
            user: None,
            address: String::new(),
            speaks_for_many: false,
            human: false,
            owner: false,
            role: role.to_owned(),
        }
    }
}

/// A verb in the words of the rules: `on`, `off`, `lock`, `unlock`, `open`, `close`, `set`, `mode` …; `unknown` when it could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verb(pub String);

impl Verb {
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0 == "unknown"
    }

    /// Where this verb stands among those that undo each other: a pole and its opposite differ in the lowest bit.
    #[must_use]
    pub fn pole(&self) -> Option<u8> {
        POLES.iter().zip(0..).find(|(pole, _)| **pole == self.0).map(|(_, at)| at)
    }
}

/// Verbs in pairs that undo each other.
const POLES: [&str; 10] = ["on", "off", "open", "close", "lock", "unlock", "arm", "disarm", "enable", "disable"];

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub target: EntityId,
    /// A part of the device: `l1`, `switch_left`, an attribute.
    pub endpoint: Option<String>,
    pub verb: Verb,
    /// The number asked for, in the device's own unit.
    pub value: Option<f64>,
    pub args: Map<String, Value>,
    /// The asker's own id, repeated in the verdict.
    pub id: Option<String>,
}

/// By which way a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `jamey/act/{target}/{verb}`: always enforced.
    Act,
    /// A guarded command topic, in enforce mode.
    Guard,
    /// A guarded command topic, in observe mode: judged and forwarded whatever the verdict.
    Observed,
}

impl Origin {
    /// Whether a decision lets the message on.
    #[must_use]
    pub fn lets_on(self, decision: Decision) -> bool {
        self == Self::Observed || decision == Decision::Allow
    }
}

/// Stands for topic and payload where repetitions are told: 64 bits within one client's last thousand messages.
/// Stable within one build of Jamey; never stored.
#[must_use]
pub fn digest(topic: &str, payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    payload.hash(&mut hasher);
    hasher.finish()
}

/// What a percept is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Something is told.
    Observation,
    /// Something is asked for; never empty.
    Requests { origin: Origin, requests: Vec<Request> },
    /// Someone describes devices (Home Assistant discovery, a Zigbee2MQTT inventory).
    Discovery,
}

/// One accepted input. The mind's only way to learn of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Recorded")]
pub struct Percept {
    pub id: Uuid,
    pub at: Timestamp,
    pub source: Arc<Source>,
    /// The entity that speaks or is spoken of.
    pub entity: EntityId,
    pub kind: String,
    pub topic: String,
    /// Recorded by its kind alone: the payload says the rest.
    #[serde(serialize_with = "kind_and_bytes")]
    pub body: Body,
    /// The payload as sent.
    #[serde(with = "bytes_as_blob")]
    pub payload: Vec<u8>,
    pub qos: u8,
    /// It was sent to be kept: through our own port by who speaks now.
    pub retained: bool,
    /// Another broker had kept it, and gave it when Jamey subscribed: it may be of any age.
    pub stored: bool,
    /// MQTT's packet id, at QoS 1 and 2: with client and body it tells a repetition.
    pub packet_id: Option<u16>,
    /// The percept that this one repeats (a QoS 1 sender that was not acknowledged).
    pub repeat_of: Option<Uuid>,
    /// The sender's own id of it, from a JSON body.
    pub own_id: Option<String>,
    pub purpose: Purpose,
    /// Whether it could be kept whole until a person has answered.
    pub may_wait: bool,
    /// How it would go on, where that is not as it came. Nothing in it is judged, and it is not recorded.
    #[serde(skip)]
    pub way_on: Option<Box<WayOn>>,
}

/// Everything that reaches the mind: nothing else changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Percept(Box<Percept>),
    /// Time passes: moods fade, focus moves. Once a second.
    Tick(Timestamp),
    /// Something that the host or the owner did, to be kept.
    Note(Box<Change>),
    /// Somebody spoke as somebody else and was not let.
    Forged(Forgery),
    /// A person's word on a message that waits for it; its nonce and hash are right.
    Answer(Box<Answer>),
    /// A message that may be waiting went on all the same: its sender could not be kept waiting for the store.
    WentOn {
        at: Timestamp,
        id: Uuid,
    },
    /// The rules are others from now on, whole; they were checked before.
    Rules(Box<super::Rulings>),
    /// What an owner says of an entity.
    Word(Box<super::OwnersWord>),
    /// Memories that were given back to somebody who asked; at most `limits::RECALLED`. By id alone: an input outlives whom it names.
    Recalled {
        at: Timestamp,
        records: Vec<Uuid>,
    },
    /// What a part outside of the mind did when it was asked.
    Reported(super::Report),
    /// Φ was computed exactly, on another thread.
    Exact(Box<super::ExactPhi>),
    /// A condition of the house begins or ends.
    Turned(super::Turned),
    /// Phoenix keeps a snapshot that was taken then, and none that is newer.
    Saved {
        at: Timestamp,
        taken_at: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgery {
    pub at: Timestamp,
    pub by: EntityId,
    pub posed_as: EntityId,
}

fn kind_and_bytes<S: Serializer>(body: &Body, s: S) -> Result<S::Ok, S::Error> {
    (body.kind(), if let Body::Bytes(bytes) = body { *bytes } else { 0 }).serialize(s)
}

/// A percept as it is recorded.
#[derive(Deserialize)]
struct Recorded {
    id: Uuid,
    at: Timestamp,
    source: Arc<Source>,
    entity: EntityId,
    kind: String,
    topic: String,
    body: (String, usize),
    #[serde(with = "bytes_as_blob")]
    payload: Vec<u8>,
    qos: u8,
    retained: bool,
    #[serde(default)]
    stored: bool,
    packet_id: Option<u16>,
    repeat_of: Option<Uuid>,
    own_id: Option<String>,
    purpose: Purpose,
    #[serde(default)]
    may_wait: bool,
}

impl From<Recorded> for Percept {
    fn from(r: Recorded) -> Self {
        let body = match (r.body.0.as_str(), r.body.1) {
            // Perhaps so many that they were not kept.
            ("bytes", bytes) => Body::Bytes(bytes),
            ("cbor", _) => Body::parse(&r.payload, Some("application/cbor")),
            _ => Body::parse(&r.payload, None),
        };
        Self {
            id: r.id,
            at: r.at,
            source: r.source,
            entity: r.entity,
            kind: r.kind,
            topic: r.topic,
            body,
            payload: r.payload,
            qos: r.qos,
            retained: r.retained,
            stored: r.stored,
            packet_id: r.packet_id,
            repeat_of: r.repeat_of,
            own_id: r.own_id,
            purpose: r.purpose,
            may_wait: r.may_wait,
            way_on: None,
        }
    }
}

pub(super) mod bytes_as_blob {
    use serde::{Deserializer, Serializer, de::Visitor};

    pub fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        struct Blob;
        impl<'de> Visitor<'de> for Blob {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, v: &[u8]) -> Result<Vec<u8>, E> {
                Ok(v.to_vec())
            }

            fn visit_byte_buf<E>(self, v: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(v)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut out = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    out.push(byte);
                }
                Ok(out)
            }
        }
        d.deserialize_byte_buf(Blob)
    }
}
