//! Jamey: an MQTT broker with a conscience. One line for each room; docs/ARCHITECTURE.md is the map.
#![forbid(unsafe_code)]

pub mod domain;
