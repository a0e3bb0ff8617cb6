//! What the mind's thread hands to whoever publishes: values, never references into the mind.

pub use crate::observe::opinion::{changes, opinion, relation};
use crate::{
    domain::{
        EntityId, Judged, OpinionView, OwnersWord, ShadowTally, Timestamp, Unanswered,
        topics::{self, Topic},
    },
    mind::Subject,
    observe,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Something to be told to the world.
#[derive(Debug, Clone)]
pub enum Said {
    Verdicts(Spoken, Vec<Judged>),
    State {
        emotion: Value,
        /// Of consciousness, what is news.
        told: Vec<(Subject, Value)>,
        opinions: Vec<OpinionView>,
    },
    /// A request waits no more: what its requester hears of it.
    Settled {
        entity: EntityId,
        respond_to: Option<(String, Vec<u8>)>,
        verdicts: Vec<Value>,
    },
    /// What became of a person's word.
    Answered {
        id: Uuid,
        transaction: Option<String>,
        taken: Result<(), Unanswered>,
    },
    /// What came of a person's word on an entity, and what is held of it now.
    Word {
        word: Box<OwnersWord>,
        taken: Result<(), String>,
        now: Option<Box<OpinionView>>,
    },
    /// Entities that are forgotten: what is retained of them is cleared.
    Gone(Vec<EntityId>),
    /// Devices that were not commanded after all: the state of each as it told it last.
    Unchanged(Vec<(String, Vec<u8>)>),
    /// What a candidate's judging came to; None: there is no candidate any more.
    Shadow(Option<Value>),
    /// These command topics are guarded now: retained values on them must be judged.
    NewlyGuarded(Vec<String>),
}

/// Where it is told.
#[must_use]
pub fn topic(root: &str, subject: &Subject) -> String {
    match subject {
        Subject::State => topics::name(root, Topic::Consciousness),
        Subject::Phi => topics::name(root, Topic::Phi),
        Subject::Identity => topics::name(root, Topic::Identity),
        Subject::Mission(id) => topics::mission(root, id),
    }
}

/// Whose verdict it is and where it goes.
#[derive(Debug, Clone)]
pub struct Spoken {
    pub percept: Uuid,
    pub at: Timestamp,
    pub entity: EntityId,
    pub lets_on: bool,
    pub respond_to: Option<(String, Vec<u8>)>,
}

/// A verdict as published on `verdict/{entity}`.
#[must_use]
pub fn verdict(spoken: &Spoken, judged: &Judged) -> Value {
    let Judged { request, verdict, .. } = judged;
    let Spoken { percept, at, entity, lets_on, .. } = spoken;
    observe::verdict::verdict(&observe::verdict::Spoken { percept: *percept, at: *at, entity, forwarded: *lets_on, request, verdict })
}

/// A candidate's counts as published on `conscience/shadow`.
#[must_use]
pub fn shadow(tally: &ShadowTally) -> Value {
    json!({
        "v": 1,
        "candidate": tally.candidate,
        "digest": tally.digest,
        "since": tally.since.to_string(),
        "judged": tally.judged,
        "disagreed": tally.disagreed,
        "changes": tally.changes,
        "rules": tally.rules,
    })
}
