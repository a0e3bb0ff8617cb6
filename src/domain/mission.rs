//! What Jamey is there for: objectives that events further or block.

use super::{Signed1, Unit01};
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
