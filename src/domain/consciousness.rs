//! The words of consciousness that cross rooms: the parts that work as one, what an exact Φ came to, and how the house stands.

use super::{EntityId, Timestamp, Unit01};
use serde::{Deserialize, Serialize};

/// The parts whose working as one is watched, in the order of the state vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Perception,
    Conscience,
    Soul,
    Memory,
    Workspace,
    Phoenix,
}

impl Part {
    pub const ALL: [Self; 6] = [Self::Perception, Self::Conscience, Self::Soul, Self::Memory, Self::Workspace, Self::Phoenix];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Perception => "perception",
            Self::Conscience => "conscience",
            Self::Soul => "soul",
            Self::Memory => "memory",
            Self::Workspace => "workspace",
            Self::Phoenix => "phoenix",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }

    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Perception => 0,
            Self::Conscience => 1,
            Self::Soul => 2,
            Self::Memory => 3,
            Self::Workspace => 4,
            Self::Phoenix => 5,
        }
    }
}

/// What a part outside of the mind did when the mind asked it, once a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub at: Timestamp,
    pub of: Part,
    /// How much it worked.
    pub did: u32,
    /// How much of that came to something, and reached the mind.
    pub found: u32,
    /// The gravest of it, in [0, 1].
    pub weight: Unit01,
}

/// What the mind asks of the parts outside of it, once a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// Whose memories come first; None: anybody's.
    pub of: Option<EntityId>,
    /// Memories to be read again.
    pub recall: u32,
    /// Records to be proved readable on disk.
    pub prove: u32,
}

/// A link of the house cut on purpose, to see whether it is found: tests only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severed {
    /// What goes out from this part is lost; of the workspace, the broadcast.
    pub part: Part,
    /// From this second of the run on.
    pub after_seconds: u64,
}

/// How the house stands, told by whoever sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Memory sums up and tidies.
    Consolidating,
    /// The store cannot write.
    StoreFailing,
    /// A page of the database is damaged.
    Damaged,
    Stopping,
}

/// A condition begins or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    pub at: Timestamp,
    pub condition: Condition,
    pub holds: bool,
    pub reason: String,
}

/// What their figures are kept as: the live Φ, the exact one, and why there is no exact one.
pub const PHI_FLOW: &str = "phi_flow";
pub const PHI_EXACT: &str = "phi_exact";
pub const PHI_EXACT_WAITS: &str = "phi_exact_waits";

/// The parts as a network of on and off, as it was observed: what exact Φ is computed from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Observation {
    /// Whose activity changes, in the order of `Part::ALL`. The others stand still, and are a condition under which these work.
    pub nodes: Vec<Part>,
    /// The state of all parts, in the order of `Part::ALL`: true is more than usual.
    pub state: [bool; 6],
    /// Of each node: the probability that it is on a second after, for each state of the parts that act on it; the first of those is the lowest
    /// bit. Parts that stand still are as they stand.
    pub tables: Vec<Vec<f64>>,
    /// Transitions that were seen.
    pub samples: u64,
}

/// What an exact computation of Φ came to (IIT 3.0), on the binarised parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExactPhi {
    pub at: Timestamp,
    /// None: it was not done in time.
    pub phi: Option<f64>,
    /// The directed cut that loses least; the parts on its two sides. None where they do not act on each other as one.
    pub from: Vec<Part>,
    pub to: Vec<Part>,
    pub concepts: u32,
    /// What it was computed from.
    pub of: Observation,
    pub took_millis: u32,
    /// Φ_G and Φ_R of the activities at that time, in nats, each the least over all ways to part the parts in two. None: not known.
    #[serde(default)]
    pub phi_g: Option<f64>,
    #[serde(default)]
    pub phi_r: Option<f64>,
}

/// Something is wrong that people must know of, by the code of its alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub critical: bool,
    pub since: Timestamp,
    pub text: String,
    pub what_to_do: String,
}
