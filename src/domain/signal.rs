//! The owner's signals: what the house knows of itself (`home`, `asleep`, `smoke`), each with a default and an age.

use super::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SignalValue {
    Bool(bool),
    Number(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalType {
    Bool,
    Number,
}

/// A signal as the config declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalSpec {
    pub name: String,
    /// Where it comes from: a percept of this entity and kind. None: never fed, always at its default.
    pub entity: Option<EntityId>,
    pub kind: Option<String>,
    /// What it is while nothing, or nothing fresh, was heard.
    pub default: SignalValue,
    /// Seconds after which a value is stale; None: never.
    pub stale_after_seconds: Option<u32>,
}

impl SignalSpec {
    #[must_use]
    pub fn type_of(&self) -> SignalType {
        match self.default {
            SignalValue::Bool(_) => SignalType::Bool,
            SignalValue::Number(_) => SignalType::Number,
        }
    }
}

/// All signals at one moment: name to (value, known). A missing or stale one has its default and `known = false`.
/// Shared: thousands of verdicts are given on the same moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Signals(pub Arc<BTreeMap<String, (SignalValue, bool)>>);

impl Signals {
    /// The signals to change; those who share them keep what they have.
    pub fn make_mut(&mut self) -> &mut BTreeMap<String, (SignalValue, bool)> {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, (SignalValue, bool))> for Signals {
    fn from_iter<T: IntoIterator<Item = (String, (SignalValue, bool))>>(signals: T) -> Self {
        Self(Arc::new(signals.into_iter().collect()))
    }
}

/// A value heard, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    pub value: SignalValue,
    pub at: Timestamp,
}
