//! The owner's word on an entity: given on the host, or over MQTT by one with the role for it.

use super::{EntityId, RelationKind, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnersWord {
    #[serde(default)]
    pub id: Uuid,
    pub at: Timestamp,
    /// The user; on the host `owner`.
    pub by: String,
    pub about: EntityId,
    pub says: Says,
    /// Theirs, repeated in the reply.
    #[serde(default)]
    pub transaction: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    Trust,
    Distrust,
    Relate {
        kind: RelationKind,
        to: EntityId,
        /// In [-1, 1].
        like: f64,
    },
    Unrelate {
        kind: RelationKind,
        to: EntityId,
    },
    /// Everything that is kept of it goes.
    Forget,
}

/// Whom the store is to forget, on whose word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    pub word: Uuid,
    pub at: Timestamp,
    pub by: String,
    pub entity: EntityId,
    /// Signals that only it told.
    pub signals: Vec<String>,
}

impl Says {
    /// The verb of the command line and of `cmd/{verb}`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Trust => "entity-trust",
            Self::Distrust => "entity-distrust",
            Self::Relate { .. } => "entity-relate",
            Self::Unrelate { .. } => "entity-unrelate",
            Self::Forget => "entity-forget",
        }
    }

    /// What is on record of it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Trust => "trusts it".to_owned(),
            Self::Distrust => "distrusts it".to_owned(),
            Self::Relate { kind, to, like } => format!("{} {to}, like {like}", kind.as_str()),
            Self::Unrelate { kind, to } => format!("not {} {to}", kind.as_str()),
            Self::Forget => "forget it".to_owned(),
        }
    }
}
