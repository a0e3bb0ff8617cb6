//! The owner's word on an entity: given on the host, or over MQTT by one with the role for it.

use super::{EntityId, RelationKind, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnersWord {
    pub at: Timestamp,
    /// The user; on the host `owner`.
    pub by: String,
    pub about: EntityId,
    pub says: Says,
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
