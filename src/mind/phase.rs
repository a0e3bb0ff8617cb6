//! How the house stands as a whole, and why.

use super::Mind;
use crate::domain::Turned;
use serde_json::Value;

impl Mind {
    /// A condition of the house begins or ends.
    pub(super) fn take_turn(&mut self, _turned: &Turned) {}

    /// Once a second.
    pub(super) fn look_at_phase(&mut self) {}

    /// The payload of `consciousness/state`.
    pub(super) fn state_view(&self) -> Value {
        self.state.workspace.view(self.state.now)
    }
}
