//! Recall: what was asked for in words, found, ranked and shown.

mod asked;
mod find;
mod hours;
mod query;
pub mod rank;
mod when;
mod words;

pub use asked::told;
pub use find::{Page, RecallError, Recalled, find};
pub use query::Query;
