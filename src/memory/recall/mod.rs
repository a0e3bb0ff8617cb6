//! Recall: what was asked for in words, found, ranked and shown.

mod asked;
mod find;
mod query;
pub mod rank;
#[cfg(test)]
mod tests;
mod when;

pub use asked::told;
pub use find::{Mindset, Page, RecallError, Recalled, find, find_in};
pub use query::Query;
