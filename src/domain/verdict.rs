//! The conscience's answer, and the facts it was given on.

use super::{DeviceClass, EntityId, Signals, Unit01};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Ordered from mild to grave: of several verdicts on one message the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Allow,
    /// A person is asked; without an answer it expires to deny.
    Escalate,
    Deny,
}

impl Decision {
    pub const ALL: [Self; 3] = [Self::Allow, Self::Escalate, Self::Deny];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
        }
    }
}

/// `req` of the rules: who asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// The entity that the topic claims to speak, else the requester.
    pub entity: EntityId,
    pub client: EntityId,
    pub role: String,
    pub human: bool,
    /// The soul's lower bound for the requester, in [0, 1].
    pub trust: Unit01,
    pub delegated: bool,
    /// How often it was seen to behave well or badly; for the reason only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// When it asked: minutes since midnight in the house's zone; for the reason only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minute: Option<u16>,
}

/// `act` of the rules: what is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActFacts {
    pub target: EntityId,
    pub verb: String,
    pub value: Option<f64>,
    pub args: Map<String, Value>,
    pub retained: bool,
    pub signed: bool,
}

/// `dev` of the rules: what it is asked of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceFacts {
    pub class: DeviceClass,
    pub area: String,
    pub tags: BTreeSet<String>,
    /// The last state heard, or empty.
    pub state: String,
    pub risk: Unit01,
    /// Commands to it in the last 60 s, this one not counted.
    pub cmds_60s: u32,
    /// Commands in the last 5 s that ask for the opposite and came from someone else.
    pub opposite_5s: u32,
    /// Its name for people; for the reason only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// All that a verdict depends on, besides the rules: stored with it, so that it can be judged again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub req: RequestFacts,
    pub act: ActFacts,
    pub dev: DeviceFacts,
    pub ctx: Signals,
    /// `agent.stress`, in [0, 1].
    pub stress: Unit01,
}

impl Facts {
    /// A device, or none, as it stands: asked for nothing by nobody.
    #[must_use]
    pub fn unasked(target: EntityId, dev: DeviceFacts, ctx: Signals) -> Self {
        let nobody = EntityId::escaped("");
        let nothing = Unit01::clamped(0.0);
        Self {
            req: RequestFacts {
                entity: nobody.clone(),
                client: nobody,
                role: String::new(),
                human: false,
                trust: nothing,
                delegated: false,
                events: None,
                minute: None,
            },
            act: ActFacts { target, verb: String::new(), value: None, args: Map::new(), retained: false, signed: false },
            dev,
            ctx,
            stress: nothing,
        }
    }
}

/// What one rule did to the score. The shares sum to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    pub rule: String,
    /// `veto`, `escalate` or `weigh`.
    pub kind: String,
    /// Signed, in (-1, 1).
    pub share: f64,
    /// The duty, in the rule's words.
    pub duty: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub decision: Decision,
    /// S in (-1, 1).
    pub score: f64,
    pub theta_allow: f64,
    pub theta_deny: f64,
    /// Share of missing or stale signals among those that matter here, in [0, 1].
    pub uncertainty: Unit01,
    /// Rules that fired, greatest share first.
    pub contributions: Vec<Contribution>,
    /// One sentence for a person.
    pub reason: String,
}
