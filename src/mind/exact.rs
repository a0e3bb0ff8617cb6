//! Φ, exactly: what it is computed from, and what came of it.

use super::Mind;
use crate::domain::{Change, ExactPhi};
use serde_json::Value;

impl Mind {
    pub(super) fn take_exact(&mut self, _exact: &ExactPhi) {}

    /// The payload of `consciousness/phi`, where it is news.
    pub(super) fn phi_view(&mut self) -> Option<Value> {
        let mut view = self.flow_view()?;
        view.insert("v".to_owned(), 1.into());
        Some(Value::Object(view))
    }

    pub(super) fn exact_changes(&mut self, _changes: &mut Vec<Change>) {}
}
