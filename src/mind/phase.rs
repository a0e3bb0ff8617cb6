//! How the house stands as a whole, and why.

use super::{Mind, round::ALARM};
use crate::{
    consciousness::Sight,
    domain::{Change, Turned},
};
use serde_json::{Value, json};

impl Mind {
    /// A condition of the house begins or ends.
    pub(super) fn take_turn(&mut self, turned: &Turned) {
        self.state.phases.turn(turned);
        self.look_at_phase();
    }

    /// Once a second.
    pub(super) fn look_at_phase(&mut self) {
        let alarm = self.alarms().remove(ALARM).map(|alarm| alarm.text);
        let workspace = &self.state.workspace;
        let has_focus = workspace.focus().is_some();
        let sight = Sight { has_broadcast: workspace.last().is_some(), has_focus, alarm: alarm.as_deref() };
        self.phase_turned |= self.state.phases.look(sight, self.state.now);
    }

    /// The payload of `consciousness/state`.
    #[must_use]
    pub fn state_view(&self) -> Value {
        let phases = &self.state.phases;
        let turns: Vec<Value> = phases
            .history()
            .map(|turn| json!({"at": turn.at.to_string(), "from": turn.from, "to": turn.to, "reason": turn.reason}))
            .collect();
        let mut view = self.state.workspace.view();
        if let Some(map) = view.as_object_mut() {
            map.insert("v".into(), json!(1));
            map.insert("at".into(), json!(self.state.now.to_string()));
            map.insert("state".into(), json!(phases.phase()));
            map.insert("since".into(), json!(phases.since().to_string()));
            map.insert("reason".into(), json!(phases.reason()));
            map.insert("transitions".into(), json!(turns));
        }
        view
    }

    /// The row is written anew when phase or focus changed.
    pub(super) fn phase_changes(&mut self, changes: &mut Vec<Change>) {
        if self.state.workspace.take_changed() | std::mem::take(&mut self.phase_turned) {
            changes.push(Change::Consciousness { at: self.state.now, view: self.state_view() });
        }
    }
}
