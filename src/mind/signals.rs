//! The owner's signals: what percepts say of them, and how they stand now.

use super::{HAZARDS, Mind};
use crate::domain::{Body, EntityId, Percept, SignalValue, Signals, Timestamp, limits, signal::Heard};

impl Mind {
    /// A device's state, in lower case: what it says under its own name, and on the state topics that its claims name.
    /// Gives the devices that told theirs.
    pub(super) fn hear_state(&mut self, percept: &Percept) -> Vec<EntityId> {
        let said = match &percept.body {
            Body::Text(text) => Some(text.as_str()),
            body => body.object().and_then(|o| o.get("state")).and_then(|s| s.as_str()),
        };
        let Some(said) = said else { return Vec::new() };
        let registry = &self.state.registry;
        let itself = Some(&percept.entity).filter(|id| percept.body.object().is_some() && registry.device(id).is_some());
        let ids: Vec<EntityId> = itself.into_iter().chain(registry.told_on(&percept.topic)).cloned().collect();
        if ids.is_empty() {
            return ids;
        }
        let state: String = said.chars().take(limits::KIND_BYTES).flat_map(char::to_lowercase).collect();
        for id in &ids {
            if self.state.states.get(id) != Some(&state) {
                self.told.insert(id.clone());
                self.state.states.insert(id.clone(), state.clone());
            }
        }
        ids
    }

    /// Takes what a percept says of the owner's signals. True when a hazard came true.
    pub(super) fn hear_signals(&mut self, percept: &Percept) -> bool {
        let now = self.state.now;
        let mut turned = Vec::new();
        for spec in &self.settings.signals {
            for source in spec.from.iter().filter(|s| s.entity == percept.entity && s.kind == percept.kind) {
                let Some(value) = source.read(spec.type_of(), &percept.body) else { continue };
                let before = spec.at(now, &self.state.heard);
                let key = spec.key(source);
                self.state.heard.insert(key.clone(), Heard { value, at: now });
                let after = spec.at(now, &self.state.heard);
                if let Some(SignalValue::Bool(truth)) = after.filter(|after| before != Some(*after)) {
                    turned.push((spec.name.clone(), truth));
                }
                self.signals.insert(key);
                self.moment = None;
            }
        }
        let mut alarming = false;
        for (signal, truth) in turned {
            if HAZARDS.contains(&signal.as_str()) {
                alarming |= truth;
                self.feel_hazard(percept, &signal, truth);
            }
            self.feel_signal(percept, &signal, truth);
        }
        alarming
    }

    /// The signals as they stand: fresh ones known, the others at their defaults. Made once a second, and when one is heard.
    pub(super) fn signals_now(&mut self) -> Signals {
        let now = self.state.now;
        let second = now.micros().div_euclid(1_000_000);
        if let Some((made, signals)) = &self.moment
            && *made == second
        {
            return signals.clone();
        }
        // Staleness is looked at on whole seconds, so that what is cached is what would be made.
        let now = Timestamp::from_micros(second * 1_000_000);
        let mut ctx: Signals = self
            .settings
            .signals
            .iter()
            .map(|spec| (spec.name.clone(), spec.at(now, &self.state.heard).map_or((spec.default, false), |value| (value, true))))
            .collect();
        ctx.make_mut().insert("hour".into(), (SignalValue::Number(f64::from(now.hour(&self.settings.zone))), true));
        self.moment = Some((second, ctx.clone()));
        ctx
    }
}
