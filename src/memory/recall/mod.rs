//! Recall: what was asked for in words, found, ranked and shown.

mod find;
mod query;
pub mod rank;
mod when;

pub use find::{Page, RecallError, Recalled, find};
pub use query::Query;
