//! What others may see of consciousness, once a second: values, made only where they are news.

use super::Mind;
use crate::domain::{Alarm, Change};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whereof it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    State,
    Phi,
    Identity,
    Mission(String),
}

impl Mind {
    /// What is news since the last call, each as it is published.
    pub fn told(&mut self) -> Vec<(Subject, Value)> {
        let mut told = vec![(Subject::State, self.state_view())];
        told.extend(self.phi_view().map(|view| (Subject::Phi, view)));
        told.extend(self.identity_view().map(|view| (Subject::Identity, view)));
        told.extend(self.mission_views().into_iter().map(|(id, view)| (Subject::Mission(id), view)));
        told
    }

    /// What is wrong now, by the code of its alert.
    #[must_use]
    pub fn alarms(&self) -> BTreeMap<String, Alarm> {
        let mut alarms = BTreeMap::new();
        self.flow_alarm(&mut alarms);
        self.mission_alarms(&mut alarms);
        alarms
    }

    /// Rows that changed since the last call.
    pub(super) fn take_conscious_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        self.phase_changes(&mut changes);
        self.identity_changes(&mut changes);
        self.mission_changes(&mut changes);
        self.flow_changes(&mut changes);
        self.exact_changes(&mut changes);
        changes
    }
}
