//! What events mean for the mission's objectives, and what people's words tell of them.

use super::Mind;
use crate::domain::Percept;

impl Mind {
    /// Takes what a percept says in words. Gives how much it concerns the home, in [0, 1].
    pub(super) fn hear_feeling(&mut self, _percept: &Percept) -> f64 {
        0.0
    }
}
