//! Whether devices do what they are commanded: their state follows, or it does not.

use super::Mind;
use crate::domain::Percept;

impl Mind {
    /// Looks whether a percept tells that a command was obeyed.
    pub(super) fn follow(&mut self, _percept: &Percept) {}

    /// Once a second: commands that were not obeyed in time.
    pub(super) fn time_out_commands(&mut self) {}
}
