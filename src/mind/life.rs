//! Whether those who speak are there: rhythm, silence, bridges that went away.

use super::Mind;
use crate::{domain::Percept, soul::Evidence};

impl Mind {
    /// Takes a percept as a sign of life. Gives how much it concerns the home, in [0, 1].
    pub(super) fn hear_life(&mut self, percept: &Percept) -> f64 {
        self.state.soul.hear(&percept.entity, self.state.now, None, Evidence::OnTime);
        0.0
    }

    /// Once a second: who should have spoken and did not.
    pub(super) fn look_for_silence(&mut self) {}
}
