//! Consciousness: what matters now, whether the parts work as one, who Jamey is and what it is for. Pure: time and figures come in with every call.

pub mod burn;
mod flow;
pub mod gaussian;
mod identity;
pub mod iit;
mod mission;
mod observed;
mod phase;
mod round;
pub mod wiring;
mod workspace;

pub use flow::{Flow, Lost, nothing_flows};
pub use identity::{Gist, Identity};
pub use mission::{Missions, Pursued, Standing, Turn, Unreadable, advice};
pub use observed::{LEAST_SAMPLES, NotYet, Observed, network, parts};
pub use phase::{Phase, Phases, Sight};
pub use round::Round;
pub use wiring::Link;
pub use workspace::{Broadcast, Candidate, Workspace};
