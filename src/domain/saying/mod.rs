//! How what devices tell is said in the words that a person would type: lines, values with their names and units, yes and no. Pure.

mod line;
mod reading;
mod senses;

pub use line::{Line, beside, says};
pub use reading::{is_left_out, measured, number, phrases, plain, sensed, spaced};

use super::{Names, ValueName};
use std::collections::BTreeMap;

/// What is known of an entity, in words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'n> {
    pub name: Option<&'n str>,
    pub area: Option<&'n str>,
    /// By field, as `Names` has them.
    pub values: Option<&'n BTreeMap<String, ValueName>>,
}

impl<'n> Known<'n> {
    #[must_use]
    pub fn of(names: &'n Names) -> Self {
        Self { name: names.name.as_deref(), area: names.area.as_deref(), values: Some(&names.values) }
    }
}
