//! The owner's signals: what percepts say of them, and how they stand now.

use super::{HAZARDS, Mind, SAFE_HOME};
use crate::{
    domain::{Body, EntityId, Percept, SignalType, SignalValue, Signals, Signed1, Timestamp, limits, signal::Heard},
    soul::Event,
};

impl Mind {
    /// A device's state, in lower case: what it says under its own name, and on the state topics that its claims name.
    pub(super) fn hear_state(&mut self, percept: &Percept) {
        let said = match &percept.body {
            Body::Text(text) => Some(text.as_str()),
            body => body.object().and_then(|o| o.get("state")).and_then(|s| s.as_str()),
        };
        let Some(said) = said else { return };
        let registry = &self.state.registry;
        let itself = Some(&percept.entity).filter(|id| percept.body.object().is_some() && registry.device(id).is_some());
        let ids: Vec<EntityId> = itself.into_iter().chain(registry.told_on(&percept.topic)).cloned().collect();
        if ids.is_empty() {
            return;
        }
        let state: String = said.chars().take(limits::KIND_BYTES).flat_map(char::to_lowercase).collect();
        for id in ids {
            self.state.states.insert(id, state.clone());
        }
    }

    /// Takes what a percept says of the owner's signals. True when a hazard came true.
    pub(super) fn hear_signals(&mut self, percept: &Percept) -> bool {
        let now = self.state.now;
        let mut alarming = false;
        for spec in &self.settings.signals {
            if spec.entity.as_ref() != Some(&percept.entity) || spec.kind.as_deref().is_some_and(|k| k != percept.kind) {
                continue;
            }
            let value = match spec.type_of() {
                SignalType::Bool => percept.body.truth().map(SignalValue::Bool),
                SignalType::Number => percept.body.number().map(SignalValue::Number),
            };
            let Some(value) = value else { continue };
            let before = self.state.heard.insert(spec.name.clone(), Heard { value, at: now });
            let hazard = HAZARDS.contains(&spec.name.as_str()) && value == SignalValue::Bool(true);
            if hazard && before.is_none_or(|b| b.value != value) {
                alarming = true;
                let event = Event::happened(percept.entity.clone(), percept.id, SAFE_HOME, Signed1::clamped(-0.8), Signed1::clamped(0.0));
                self.state.soul.appraise(&event, now);
            }
            self.signals.insert(spec.name.clone());
            self.moment = None;
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
            .map(|spec| {
                let fresh = |h: &&Heard| spec.stale_after_seconds.is_none_or(|s| now.seconds_since(h.at) <= f64::from(s));
                let value = self.state.heard.get(&spec.name).filter(fresh).map_or((spec.default, false), |h| (h.value, true));
                (spec.name.clone(), value)
            })
            .collect();
        ctx.make_mut().insert("hour".into(), (SignalValue::Number(f64::from(now.hour(&self.settings.zone))), true));
        self.moment = Some((second, ctx.clone()));
        ctx
    }
}
