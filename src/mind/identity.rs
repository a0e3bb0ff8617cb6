//! What Jamey does counts for who it is.

use super::Mind;
use crate::{
    consciousness::Gist,
    domain::{Act, Change, Context, EntityId, SignalValue, Timestamp, identity::Presence},
};
use serde_json::Value;
use uuid::Uuid;

/// It is told so often at most.
const TOLD_SECONDS: f64 = 60.0;

/// What was told of it last, and when.
pub(super) type Told = Option<(Timestamp, Gist)>;

impl Mind {
    /// Jamey did something: because of a percept, nil where time alone brought it, and with an entity.
    pub(super) fn acted(&mut self, act: Act, percept: Uuid, entity: &EntityId) {
        let now = self.state.now;
        // Most of what is told all day counts nothing more: that is known before anything is asked.
        if self.state.identity.worth(act, now).is_some() {
            let context = self.context();
            self.state.identity.act(&self.settings.identity, act, context, percept, entity, now);
        }
    }

    /// Once a second.
    pub(super) fn look_at_identity(&mut self) {
        self.state.identity.look(&self.settings.identity, self.state.now);
    }

    /// The payload of `consciousness/identity`, where it is news.
    pub(super) fn identity_view(&mut self) -> Option<Value> {
        let (now, identity, spec) = (self.state.now, &self.state.identity, &self.settings.identity);
        if self.identity_told.as_ref().is_some_and(|(at, _)| now.seconds_since(*at) < TOLD_SECONDS) {
            return None;
        }
        let gist = identity.gist(spec, now)?;
        if self.identity_told.as_ref().is_some_and(|(_, before)| !gist.is_news_after(before)) {
            return None;
        }
        self.identity_told = Some((now, gist));
        identity.view(spec, now)
    }

    pub(super) fn identity_changes(&mut self, changes: &mut Vec<Change>) {
        let at = self.state.now;
        if let Some(state) = self.state.identity.take_due(at)
            && let Some(view) = self.state.identity.view(&self.settings.identity, at)
        {
            changes.push(Change::Identity { at, view, state });
        }
    }

    /// Lets go of an entity. What was told may name it, however long ago: it is told anew.
    pub(super) fn forget_acts(&mut self, entity: &EntityId) {
        self.state.identity.forget(entity);
        self.identity_told = None;
    }

    fn context(&mut self) -> Context {
        let night = self.settings.identity.is_night(self.state.now.hour(&self.settings.zone));
        let signals = self.signals_now();
        let presence = match signals.0.get(&self.settings.identity.home_signal) {
            Some((SignalValue::Bool(true), true)) => Presence::Home,
            Some((SignalValue::Bool(false), true)) => Presence::Away,
            _ => Presence::Unknown,
        };
        Context { night, presence }
    }
}
