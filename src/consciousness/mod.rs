//! Consciousness: what matters now, out of all that happens. Pure: a workspace in which one content at a time wins and reaches all.

pub mod burn;
pub mod gaussian;
pub mod iit;
mod workspace;

pub use workspace::{Broadcast, Candidate, Workspace};
