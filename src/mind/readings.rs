//! What is told, against what was told before: readings that are not as they should be.

use super::Mind;
use crate::{
    domain::{Act, EntityId, Percept},
    soul::SeriesNews,
};

impl Mind {
    /// Takes the readings in a percept. Gives how much they concern the home, in [0, 1], what is found in them, in words that follow
    /// the percept's own, and whether an oddity begins in them.
    pub(super) fn hear_readings(&mut self, percept: &Percept) -> (f64, String, bool) {
        let registry = &self.state.registry;
        let area = |id: &EntityId| registry.device(id).and_then(|device| device.area.as_ref());
        let here = area(&percept.entity);
        let near = |other: &EntityId| here.is_some() && area(other) == here;
        let findings = self.state.soul.read(&percept.entity, self.state.now, &percept.kind, &percept.body, near);
        for finding in &findings {
            match finding.news {
                SeriesNews::Began { z, .. } => {
                    self.feel_anomaly(&percept.entity, percept.id, true, z);
                    self.acted(Act::Odd, percept.id, &percept.entity);
                }
                // Another of its series may still be odd.
                SeriesNews::Unit(_) => {}
                _ if self.state.soul.is_odd(&percept.entity) => {}
                _ => self.feel_anomaly(&percept.entity, percept.id, false, 0.0),
            }
        }
        let stir = findings.iter().map(|f| f.importance()).fold(0.0, f64::max);
        let mark = |news| if matches!(news, SeriesNews::Began { .. }) { "unusual: " } else { "" };
        let words = findings.iter().map(|f| format!("; {}{}", mark(f.news), f.text)).collect();
        (stir, words, findings.iter().any(|f| matches!(f.news, SeriesNews::Began { .. })))
    }
}
