//! Promise: from `jamey phoenix init` to the house risen again, a person and a program are told what is so; what is lost opens with what is left; and nothing is written over.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "phoenix_cli/keys.rs"]
mod keys;
#[path = "phoenix_cli/making.rs"]
mod making;
#[path = "phoenix_cli/restoring.rs"]
mod restoring;
#[path = "phoenix_cli/risen.rs"]
mod risen;
#[path = "phoenix_cli/running.rs"]
mod running;
#[path = "phoenix_cli/seen.rs"]
mod seen;
#[path = "phoenix_cli/site.rs"]
mod site;
mod support;
