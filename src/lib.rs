//! Jamey: an MQTT broker with a conscience. One line for each room; docs/ARCHITECTURE.md is the map.
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod broker;
pub mod cli;
pub mod config;
pub mod conscience;
pub mod consciousness;
pub mod domain;
pub mod home_assistant;
pub mod memory;
pub mod mind;
pub mod mosquitto;
pub mod observe;
pub mod phoenix;
pub mod runtime;
pub mod soul;
pub mod store;
pub mod web;
