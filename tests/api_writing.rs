//! Promise: by HTTP the house is told what it is told over MQTT, by the same people and no others; each word is on disk and on record before it is
//! answered, nobody writes over what they have not read, and nothing wrong changes anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "api_writing/approvals.rs"]
mod approvals;
#[path = "api_writing/errands.rs"]
mod errands;
#[path = "api_writing/guard.rs"]
mod guard;
#[path = "api_writing/replay.rs"]
mod replay;
#[path = "api_writing/roles.rs"]
mod roles;
#[path = "api_writing/rules.rs"]
mod rules;
#[path = "api_writing/site.rs"]
mod site;
mod support;
#[path = "api_writing/words.rs"]
mod words;
