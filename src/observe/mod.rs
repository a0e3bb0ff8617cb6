//! What Jamey knows of its own running: counters, refusals, host figures. It observes and changes nothing.

mod counters;
mod host;
pub mod overheard;
mod recalls;
mod writes;

pub use counters::{Complaint, Counters};
pub use host::Host;
pub use recalls::{RecallFigures, RecallRoom, Recalled};
pub use writes::Writes;
