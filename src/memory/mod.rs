//! Memory: what is kept of what was perceived, and for how long.

pub mod index;
pub mod policy;
pub mod recall;
pub mod verify;
pub mod working;
