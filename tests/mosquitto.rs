//! Promise: a house changes from mosquitto to Jamey and back within minutes: the same clients with the same passwords may the same, what was retained
//! and what waited is there, and no line is dropped in silence. A real mosquitto and a real Jamey answer the same questions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "mosquitto/guides.rs"]
mod guides;
#[path = "mosquitto/kept.rs"]
mod kept;
mod support;
#[path = "mosquitto/table.rs"]
mod table;
#[path = "mosquitto/town.rs"]
mod town;
