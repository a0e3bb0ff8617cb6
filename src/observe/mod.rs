//! What Jamey knows of its own running: counters, refusals, host figures. It observes and changes nothing.

mod counters;
mod host;
pub mod overheard;

pub use counters::{Complaint, Counters};
pub use host::Host;
