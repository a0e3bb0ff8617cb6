//! Consciousness: what matters now, whether the parts work as one, who Jamey is and what it is for. Pure: time and figures come in with every call.

pub mod burn;
pub mod gaussian;
mod identity;
pub mod iit;
mod mission;
mod observed;
mod phase;
pub mod wiring;
mod workspace;

pub use identity::Identity;
pub use mission::{Missions, Pursued, Standing, Turn, Unreadable, advice};
pub use observed::Observed;
pub use phase::Phases;
pub use workspace::{Broadcast, Candidate, Workspace};
