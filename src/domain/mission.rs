//! What Jamey is there for: objectives that events further or block.

use super::{Signed1, Unit01, limits};
use serde::{Deserialize, Serialize};

/// One objective of the mission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissionSpec {
    pub id: String,
    /// How much it matters (u): below 0 for what must not come about.
    pub utility: Signed1,
    /// It is to be kept so; false: it is to be reached once.
    pub maintained: bool,
    /// How likely it is while nothing speaks for or against it; what is maintained goes back there by itself.
    pub rest: Unit01,
    /// For people: what it is.
    pub says: String,
    /// The owner's signal that tells it: true furthers it. The shipped ones hear of their own events.
    pub signal: Option<String>,
    /// What is counted of it; None: nothing is.
    #[serde(default)]
    pub aim: Option<Aim>,
}

/// What of an objective is counted, and how much of it may go wrong. It is stored with what was counted: what only weighs that may be missing
/// there, for it is taken from the config anyway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aim {
    /// CEL to a bool over signals (`ctx.…`) and figures (`fig.…`): what must be so.
    pub good: String,
    /// CEL to a bool over the same: where it is not so, or not known, nothing is counted. None: it is always counted.
    #[serde(default)]
    pub valid: Option<String>,
    /// The share that is to be good, in [0.5, 1).
    pub target: f64,
    /// Days over which the error budget is told, 1 to `limits::MISSION_DAYS`.
    #[serde(default = "least_days")]
    pub window_days: u16,
    /// How much it weighs when it goes badly, in [0, 1].
    #[serde(default = "full_weight")]
    pub priority: Unit01,
    /// Events below which a burn rate says nothing, 1 to `limits::MISSION_LEAST`.
    #[serde(default = "least_events")]
    pub least: u32,
}

fn least_days() -> u16 {
    1
}

fn full_weight() -> Unit01 {
    Unit01::clamped(1.0)
}

fn least_events() -> u32 {
    1
}

impl Aim {
    /// Whether the same is counted by the same measure.
    #[must_use]
    pub fn counts_as(&self, other: &Self) -> bool {
        self.good == other.good && self.valid == other.valid && self.target == other.target
    }

    /// Whether what was read from the store can be one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (limits::MISSION_TARGETS.0..=limits::MISSION_TARGETS.1).contains(&self.target)
            && (1..=limits::MISSION_DAYS).contains(&self.window_days)
            && (1..=limits::MISSION_LEAST).contains(&self.least)
    }
}

/// No smoke, gas, water or burglar.
pub const SAFE_HOME: &str = "safe_home";
/// Nobody asks for what must not be.
pub const NO_UNSAFE_REQUEST: &str = "no_unsafe_request";
/// What is guarded is there.
pub const DEVICES_REACHABLE: &str = "devices_reachable";
/// What is told can be so.
pub const READINGS_PLAUSIBLE: &str = "readings_plausible";
/// What is commanded is done.
pub const COMMANDS_OBEYED: &str = "commands_obeyed";
/// People have nothing to complain of.
pub const PEOPLE_WELL: &str = "people_well";
/// What is acknowledged stays.
pub const MEMORY_DURABLE: &str = "memory_durable";
/// There is a fresh copy of it elsewhere.
pub const SNAPSHOTS_FRESH: &str = "snapshots_fresh";
