//! Whether an entity is there: its rhythm, learned by kind; fresh, unchanged, replayed and silent told apart.

use crate::domain::LivenessView;
use serde::{Deserialize, Serialize};

/// What is known of an entity's rhythm and of its being there.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Life {}

impl Life {
    #[must_use]
    pub fn view(&self) -> LivenessView {
        LivenessView::default()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        true
    }
}
