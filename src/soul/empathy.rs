//! How well an entity is understood: E = C^.4·A^.2·R^.4. It weighs harm and chooses tone; it never raises authority.

use crate::domain::EmpathyView;
use serde::{Deserialize, Serialize};

/// The running sums behind the three parts, O(1) an entity.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Empathy {}

impl Empathy {
    /// None while nothing is known.
    #[must_use]
    pub fn view(&self) -> Option<EmpathyView> {
        None
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        true
    }
}
