//! What Jamey does counts for who it is.

use super::Mind;
use crate::domain::Change;
use serde_json::Value;

impl Mind {
    /// The payload of `consciousness/identity`, where it is news.
    pub(super) fn identity_view(&mut self) -> Option<Value> {
        None
    }

    pub(super) fn identity_changes(&mut self, _changes: &mut Vec<Change>) {}
}
