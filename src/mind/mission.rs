//! Once a second: whether each objective is met, and what that means to the soul.

use super::Mind;
use crate::domain::{Alarm, Change};
use serde_json::Value;
use std::collections::BTreeMap;

impl Mind {
    /// Once a second.
    pub(super) fn look_at_missions(&mut self) {}

    /// The payloads of `consciousness/mission/{id}` that are news.
    pub(super) fn mission_views(&mut self) -> Vec<(String, Value)> {
        Vec::new()
    }

    pub(super) fn mission_alarms(&self, _alarms: &mut BTreeMap<String, Alarm>) {}

    pub(super) fn mission_changes(&mut self, _changes: &mut Vec<Change>) {}
}
