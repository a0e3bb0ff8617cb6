//! What was told last, what is to be told next, and what of it is news.

use super::{super::view, ENTITIES_A_BEAT, ENTITY_EVERY, LIVENESS_EVERY, MATERIAL};
use crate::domain::{
    EntityId, Liveness, OpinionView, Relation, Timestamp,
    topics::{self, Topic},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::{task::JoinSet, time::Instant};

#[derive(Default)]
pub struct Told {
    /// What an earlier run left standing was looked at.
    pub(super) begun: bool,
    /// Topics of entities that stand retained.
    pub(super) standing: BTreeSet<String>,
    /// Last payload of each other retained state.
    pub(super) last: BTreeMap<String, Vec<u8>>,
    /// What is to be told at the next beat.
    pub(super) next: BTreeMap<String, Vec<u8>>,
    pub(super) entities: BTreeMap<EntityId, (Gist, Instant)>,
    /// Opinions that wait for their minute.
    pub(super) opinions: BTreeMap<EntityId, OpinionView>,
    pub(super) failing: bool,
    pub(super) break_glass: Option<Timestamp>,
    /// When Home Assistant last came to life.
    pub(super) born: Option<Instant>,
    /// Answers that wait until somebody is forgotten everywhere.
    pub(super) replies: JoinSet<()>,
}

/// What of an opinion is worth telling again.
#[derive(PartialEq)]
pub(super) struct Gist {
    expectation: f64,
    /// And whether a bridge is why.
    liveness: (Liveness, bool),
    anomalies: Vec<(String, Timestamp)>,
    relations: Vec<Relation>,
}

impl Gist {
    fn of(view: &OpinionView) -> Self {
        Self {
            expectation: view.expectation.get(),
            liveness: (view.detail.liveness.state, view.detail.liveness.because_of.is_some()),
            anomalies: view.detail.anomalies.iter().map(|a| (a.field.clone(), a.since)).collect(),
            relations: view.detail.relations.clone(),
        }
    }

    fn is_news_after(&self, before: &Self) -> bool {
        (before.expectation - self.expectation).abs() >= MATERIAL
            || before.liveness != self.liveness
            || before.anomalies != self.anomalies
            || before.relations != self.relations
    }
}

impl Told {
    /// An entity's first opinion at once; then when it moved, what is told of it is another thing, and its minute is over; whether it is
    /// there sooner.
    pub(super) fn tell_opinions(&mut self, root: &str) {
        let now = Instant::now();
        let (entities, next) = (&mut self.entities, &mut self.next);
        let mut left = ENTITIES_A_BEAT;
        self.opinions.retain(|entity, view| {
            if left == 0 {
                return true;
            }
            let gist = Gist::of(view);
            if let Some((before, at)) = entities.get(entity) {
                if !gist.is_news_after(before) {
                    return false;
                }
                let turned = gist.liveness != before.liveness;
                if now.duration_since(*at) < if turned { LIVENESS_EVERY } else { ENTITY_EVERY } {
                    return true;
                }
            }
            left -= 1;
            entities.insert(entity.clone(), (gist, now));
            next.insert(topics::of_entity(root, Topic::Entity, entity), view::opinion(view).to_string().into_bytes());
            false
        });
    }

    /// The state as it was told last, but degraded.
    pub(super) fn is_degraded(&mut self, root: &str, reason: &str) {
        let topic = topics::name(root, Topic::Consciousness);
        let state = self.next.get(&topic).or_else(|| self.last.get(&topic)).and_then(|told| serde_json::from_slice::<Value>(told).ok());
        if let Some(Value::Object(mut state)) = state {
            state.insert("state".into(), json!("degraded"));
            state.insert("reason".into(), json!(reason));
            self.next.insert(topic, Value::Object(state).to_string().into_bytes());
        }
    }
}

/// What of a state is worth telling again: all but its own time, and numbers to the nearest twentieth.
/// An emotion fades by a thousandth a second; each telling is a retained value and costs the disk a sync.
pub(super) fn material(payload: &[u8]) -> Value {
    fn coarse(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("at");
                map.remove("candidates");
                map.values_mut().for_each(coarse);
            }
            Value::Array(items) => items.iter_mut().for_each(coarse),
            Value::Number(number) => *value = json!((number.as_f64().unwrap_or(0.0) * 20.0).round()),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    coarse(&mut value);
    value
}
