//! Recall: what was asked for in words, found, ranked and shown.

mod asked;
mod find;
mod hours;
mod paged;
mod query;
pub mod rank;
#[cfg(test)]
mod tests;
mod when;
mod words;

pub use asked::told;
pub use find::{Mindset, Page, RecallError, Recalled, find, find_in};
pub use paged::Paged;
pub use query::Query;
