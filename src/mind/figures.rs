//! The figures that objectives speak of, as they stand at a look: each counted in what the mind knows anyway, once in ten seconds.

use super::{HAZARDS, Mind};
use crate::domain::{DeviceClass, Figure, Figures, SignalValue};

/// The risk from which a device is missed by itself: locks, doors, valves, alarms. The same from which a guard fails closed.
const CRITICAL_RISK: f64 = 0.6;

impl Mind {
    pub(super) fn figures_now(&self) -> Figures {
        let mut figures = Figures::default();
        for figure in [Figure::StoreFailing, Figure::Damaged] {
            figures.set(figure, self.state.missions.figures().get(figure).unwrap_or(SignalValue::Bool(false)));
        }
        if let Some(taken_at) = self.state.saved {
            figures.set(Figure::SnapshotAgeHours, self.state.now.seconds_since(taken_at) / 3_600.0);
        }
        figures.set(Figure::Held, number(self.state.held.len()));
        self.count_devices(&mut figures);
        self.count_entities(&mut figures);
        self.count_hazards(&mut figures);
        figures
    }

    fn count_devices(&self, figures: &mut Figures) {
        let (mut all, mut silent, mut critical) = (0, 0, 0);
        let guarded = self.state.registry.devices().filter(|device| device.class != DeviceClass::Gateway);
        for device in guarded.filter(|device| !self.settings.unwatched.contains(&device.id)) {
            let Some(gone) = self.state.soul.is_gone(&device.id) else { continue };
            all += 1;
            silent += usize::from(gone);
            critical += usize::from(gone && device.risk.get() >= CRITICAL_RISK);
        }
        figures.set(Figure::Devices, number(all));
        figures.set(Figure::DevicesSilent, number(silent));
        figures.set(Figure::CriticalSilent, number(critical));
        if all > 0 {
            figures.set(Figure::Reachable, 1.0 - number(silent) / number(all));
        }
    }

    fn count_entities(&self, figures: &mut Figures) {
        let all = self.state.soul.oddities(|entity| self.settings.declared.contains(entity) || self.state.names.contains_key(entity));
        figures.set(Figure::Entities, number(all.entities));
        figures.set(Figure::Anomalies, number(all.odd));
        // Of those whom nobody can have made up: else who makes up a hundred that are well hides ten that are not.
        let (of, odd) = if all.known > 0 { (all.known, all.known_odd) } else { (all.entities, all.odd) };
        if of > 0 {
            figures.set(Figure::Plausible, 1.0 - number(odd) / number(of));
        }
    }

    /// What nobody ever told is not known, however its default stands.
    fn count_hazards(&self, figures: &mut Figures) {
        let specs = self.settings.signals.iter().filter(|spec| HAZARDS.contains(&spec.name.as_str()));
        let heard: Vec<SignalValue> = specs.filter_map(|spec| spec.at(self.state.now, &self.state.heard)).collect();
        if !heard.is_empty() {
            figures.set(Figure::Hazards, number(heard.iter().filter(|value| **value == SignalValue::Bool(true)).count()));
        }
    }
}

fn number(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}
