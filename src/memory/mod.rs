//! Memory: what is kept of what was perceived, and for how long.

pub mod index;
pub mod policy;
pub mod recall;
pub mod steady;
pub mod upkeep;
pub mod verify;
pub mod working;
