//! Duties to act: what must not stay as it is. Rules judge what is asked; these look at what nobody asks for.

use super::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// What must not last, in which device, and what to ask of it then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutySpec {
    pub id: String,
    /// CEL to a bool over `dev` and `ctx`, as in a rule's `when`.
    pub when: String,
    /// How long it may last.
    pub after_seconds: u32,
    /// For people: what is the matter.
    pub says: String,
    /// The verb that Jamey asks of the device itself then, judged like anybody's; None: it only alerts.
    pub asks: Option<String>,
}

/// A duty begins to be due for a device, or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub duty: String,
    pub device: EntityId,
    /// Since when it is so.
    pub since: Timestamp,
    /// False: it is over.
    pub begins: bool,
}
