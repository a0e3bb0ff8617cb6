//! What one step of the mind yields: to be stored whole or not at all.

use super::{
    Asks, Device, Disagreement, Due, EntityId, Forgetting, Kept, Names, OpinionView, Relation, RelationKind, Request, Settled, ShadowTally,
    Silence, Timestamp, Unanswered, Verdict, audit::Event, signal::Heard, verdict::Facts,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    Working,
    ShortTerm,
    LongTerm,
}

/// What is kept of a percept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryRecord {
    pub layer: Layer,
    /// In [0, 1].
    pub importance: f64,
    /// What it says, in words a person would search for.
    pub text: String,
    /// What a fact is about: a newer one of the same entity about the same supersedes it. None: it is no fact but an event.
    #[serde(default)]
    pub about: Option<String>,
}

/// A request with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub request: Request,
    pub verdict: Verdict,
    pub facts: Facts,
}

/// A row of the mind's own state that is not what was stored last; taken once a batch, so that a busy entity costs one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// `soul_entities`: the public view, the soul's own state of it, and where they are due its rhythms and series, both as CBOR.
    Entity {
        view: Box<OpinionView>,
        state: Vec<u8>,
        senses: Option<Vec<u8>>,
    },
    /// `soul_emotions`: mood and emotions, as JSON, and the soul's own state of them, as CBOR.
    Emotion {
        at: Timestamp,
        view: serde_json::Value,
        state: Vec<u8>,
    },
    /// `consciousness_state`: state, focus and reason, as JSON.
    Consciousness {
        at: Timestamp,
        view: serde_json::Value,
    },
    /// `devices`.
    Device(Box<Device>),
    DeviceRemoved(EntityId),
    /// `signals`.
    Signal {
        name: String,
        heard: Heard,
    },
    /// `audit_log`: what a person, a client or the host did.
    Audit(Event),
    /// An entity for which there is no room any more.
    EntityGone(EntityId),
    /// `soul_departed`: what stood against one who left, as CBOR; None: it is back, or was dropped.
    Departed {
        id: [u8; 16],
        state: Option<Vec<u8>>,
    },
    /// All that is kept of an entity goes.
    Forget(Box<Forgetting>),
    /// `relations`. `denied`: the owner says that it is not so.
    Related {
        relation: Box<Relation>,
        denied: bool,
    },
    Unrelated {
        from: EntityId,
        kind: RelationKind,
        to: EntityId,
    },
    /// `device_states`: what a device last said of itself.
    State {
        device: EntityId,
        state: String,
    },
    /// `entity_names`: what descriptions say of what an entity tells.
    Names {
        entity: EntityId,
        names: Box<Names>,
    },
    /// `held` and `approvals`: a message waits for a person's word.
    Held(Box<Kept>),
    /// It waits no more: `approvals` says how that ended, and `verdicts` what was judged again.
    Settled(Box<Settled>),
    /// `disagreements`: a candidate would have decided otherwise.
    Disagreed(Box<Disagreement>),
    /// `memory_records`: the owner wants these kept whatever else goes, or no longer.
    Pinned {
        records: Vec<Uuid>,
        pinned: bool,
    },
    /// The owner wants these single memories gone.
    LetGo(Vec<Uuid>),
    /// `memory_uses`: these were recalled, each at that time.
    Recalled(Vec<(Uuid, Timestamp)>),
    /// `shadow`: its counts.
    Shadow(Box<ShadowTally>),
    /// `consciousness_metrics`: one figure at one time.
    Metric {
        at: Timestamp,
        metric: String,
        value: f64,
        detail: serde_json::Value,
    },
    /// `identity_matrices`: who Jamey is now, as JSON, and the state it is counted from, as CBOR; one row a day.
    Identity {
        at: Timestamp,
        view: serde_json::Value,
        state: Vec<u8>,
    },
    /// `mission_objectives`: how an objective stands, as JSON, and what it is counted from, as CBOR.
    Mission {
        id: String,
        at: Timestamp,
        view: serde_json::Value,
        state: Vec<u8>,
    },
}

/// What a step yields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// One for each request, in the percept's order.
    pub judged: Vec<Judged>,
    pub record: Option<MemoryRecord>,
    /// The registry is another one now: guards must see it before the sender is answered.
    pub registry_changed: bool,
    /// A description of devices that could not be taken: where the guard enforces, others do not get it either.
    pub refused: bool,
    /// Such a one that would have Home Assistant command Jamey, or pose as Jamey: others do not get it, whatever the guard does.
    #[serde(default)]
    pub forbidden: bool,
    /// Retained values on these topics stand on guarded commands now: each is to be judged, and cleared if refused.
    pub newly_guarded: Vec<String>,
    /// It waits for a person's word, until then.
    pub held_until: Option<Timestamp>,
    /// It repeats a message that waits: it goes nowhere itself.
    pub repeats_held: bool,
    /// Messages that wait no more.
    pub settled: Vec<Settled>,
    /// Duties that begin to be due, and those that are over.
    pub duties: Vec<Due>,
    /// What came of the owner's word; an error says why it did not count.
    pub word: Option<Result<(), String>>,
    /// Entities that fell silent, and those that are back.
    pub silences: Vec<Silence>,
    /// An answer that did not count.
    pub unanswered: Option<Unanswered>,
    /// What memory and phoenix are to do in the second that begins.
    pub asks: Option<Asks>,
}

impl Outcome {
    /// The gravest decision on the message; None when nothing was asked.
    #[must_use]
    pub fn decision(&self) -> Option<super::Decision> {
        self.judged.iter().map(|j| j.verdict.decision).max()
    }
}
