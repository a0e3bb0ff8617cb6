//! Recall: what was asked for in words, found, ranked and shown.

pub mod query;
pub mod rank;
pub mod when;

pub use query::Query;
