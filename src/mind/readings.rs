//! What is told, against what was told before: readings that are not as they should be.

use super::Mind;
use crate::{domain::Percept, soul::Evidence};

impl Mind {
    /// Takes the readings in a percept. Gives how much they concern the home, in [0, 1].
    pub(super) fn hear_readings(&mut self, percept: &Percept) -> f64 {
        self.state.soul.hear(&percept.entity, self.state.now, None, Evidence::Plausible);
        0.0
    }
}
