//! The global workspace (Baars; LIDA's mechanism): candidates compete for attention, the strongest ignites and is broadcast.

use crate::domain::{EntityId, Timestamp, Unit01, is_named};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Candidates at one time: a person could not name more that might matter now, and one scan of them costs under a microsecond.
pub const CANDIDATES: usize = 64;
/// Entities whose last win still counts: wins come 2 s apart at least and are felt for about 2 minutes.
pub const ATTENDED: usize = 64;
/// Bytes of a summary kept.
const SUMMARY_BYTES: usize = 256;
/// Weights of salience, goal relevance and novelty; their sum is 1, so one cycle adds 1 at most.
const W_SALIENCE: f64 = 0.4;
const W_GOAL: f64 = 0.4;
const W_NOVELTY: f64 = 0.2;
/// What adds less than this is not noticed at all: an ordinary reading costs no allocation.
const NOTICED: f64 = 0.02;
/// A candidate below this is over.
const FADED: f64 = 0.01;
/// Half-life of an activation: a denied request stays a candidate for some 10 s.
const ACTIVATION_SECONDS: f64 = 2.0;
/// θ: one cycle of a grave event (.9, 1, .8) reaches it at once, a mild one (.3) must go on for some seconds.
const IGNITION: f64 = 0.6;
/// δ over the second: two of equal weight are not told apart by the order of their names.
const MARGIN: f64 = 0.05;
/// After a broadcast nothing ignites for so long: what was broadcast needs time to act.
const REFRACTORY_SECONDS: f64 = 2.0;
/// Ticks without a broadcast after which the best candidate wins below θ or without a margin: a tie of two alarms lasts 10 s at most.
const PATIENCE_TICKS: u32 = 10;
/// A focus without a successor is lost after this.
const FOCUS_SECONDS: f64 = 30.0;
/// Half-life of the attention that a win gives.
const ATTENTION_SECONDS: f64 = 30.0;
const ATTENTION_LEAST: f64 = 0.05;
/// What a candidate gains each time it is weighed, at full attention: a tenth of the least that is noticed.
const REHEARSAL: f64 = 0.002;

/// Something that might matter now.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    pub entity: EntityId,
    pub percept: Uuid,
    /// How strong or strange it is in itself (the memory's importance is a good measure).
    pub salience: Unit01,
    /// How far it bears on a mission objective.
    pub goal_relevance: Unit01,
    pub novelty: Unit01,
}

/// The content that won.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Broadcast {
    pub entity: EntityId,
    pub percept: Uuid,
    pub summary: String,
    /// As it ignited; in [0, 3.5].
    pub activation: f64,
    pub at: Timestamp,
}

/// Candidates, the focus, and what recent broadcasts left behind.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Workspace {
    candidates: BTreeMap<EntityId, Content>,
    /// With a full house, what a newcomer must exceed.
    weakest: f64,
    focus: Option<Broadcast>,
    last: Option<Broadcast>,
    attention: BTreeMap<EntityId, f64>,
    broadcasts: u64,
    ticks_without: u32,
    ticked: Option<Timestamp>,
    changed: bool,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Content {
    percept: Uuid,
    summary: String,
    /// From the cycles before.
    activation: f64,
    /// The strongest offer of this cycle, so that a talkative entity does not win by the number of its messages.
    offered: f64,
}

impl Content {
    fn strength(&self) -> f64 {
        self.activation + self.offered
    }
}

impl Workspace {
    #[must_use]
    pub fn new() -> Self {
        Self { changed: true, ..Self::default() }
    }

    /// Offers a candidate; false when it is too weak to be noticed. The summary is made only if it is kept.
    ///
    /// One cycle adds w_s·salience + w_g·goal relevance + w_n·novelty, in [0, 1]: for each entity the most of its offers.
    pub fn offer(&mut self, candidate: Candidate, summary: impl FnOnce() -> String) -> bool {
        let Candidate { entity, percept, salience, goal_relevance, novelty } = candidate;
        let offered = W_SALIENCE * salience.get() + W_GOAL * goal_relevance.get() + W_NOVELTY * novelty.get();
        if offered < NOTICED {
            return false;
        }
        if let Some(content) = self.candidates.get_mut(&entity) {
            if offered > content.offered {
                *content = Content { percept, summary: shortened(summary()), offered, ..*content };
            }
            return true;
        }
        if self.candidates.len() >= CANDIDATES && !self.make_room(offered) {
            return false;
        }
        self.candidates.insert(entity, Content { percept, summary: shortened(summary()), activation: 0.0, offered });
        true
    }

    /// One cycle: activations fade and take in what was offered, a ← 2^(−Δt/h)·a + offered. The best ignites when it reaches θ with margin δ
    /// and the last broadcast is past, or when nothing was broadcast for 10 ticks. The winner leaves the candidates and gets attention.
    pub fn tick(&mut self, at: Timestamp) -> Option<Broadcast> {
        let at = self.ticked.map_or(at, |before| before.max(at));
        let seconds = self.ticked.map_or(0.0, |before| at.seconds_since(before));
        self.changed |= self.ticked.is_none();
        self.ticked = Some(at);
        self.fade(seconds, at);
        self.ticks_without = self.ticks_without.saturating_add(1);
        let (entity, best, margin) = self.best()?;
        let rested = self.last.as_ref().is_none_or(|last| at.seconds_since(last.at) >= REFRACTORY_SECONDS);
        let ignites = best >= IGNITION && margin >= MARGIN && rested;
        if !ignites && self.ticks_without < PATIENCE_TICKS {
            return None;
        }
        let won = self.candidates.remove(&entity)?;
        let broadcast = Broadcast { entity, percept: won.percept, summary: won.summary, activation: best, at };
        self.attend(&broadcast);
        self.focus = Some(broadcast.clone());
        self.last = Some(broadcast.clone());
        self.broadcasts = self.broadcasts.saturating_add(1);
        self.ticks_without = 0;
        self.changed = true;
        Some(broadcast)
    }

    #[must_use]
    pub fn focus(&self) -> Option<&Broadcast> {
        self.focus.as_ref()
    }

    /// Strengthens a candidate that is there already: what is remembered of it does not bring it up by itself.
    pub fn remind(&mut self, candidate: &Candidate) {
        if let Some(content) = self.candidates.get_mut(&candidate.entity) {
            content.activation += W_SALIENCE * candidate.salience.get();
        }
    }

    /// Weighs the strongest candidates once more, at most so many: what is about those who have attention anyway gains a little by it.
    pub fn weigh(&mut self, most: u32) {
        let mut strongest: Vec<(f64, &EntityId)> = self.candidates.iter().map(|(entity, content)| (content.activation, entity)).collect();
        strongest.sort_by(|(x, _), (y, _)| y.total_cmp(x));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let attended = |entity: &EntityId| self.attention.get(entity).copied().unwrap_or(0.0);
        let gains: Vec<(EntityId, f64)> =
            strongest.into_iter().take(most).map(|(_, entity)| (entity.clone(), REHEARSAL * attended(entity))).collect();
        for (entity, gain) in gains {
            if let Some(content) = self.candidates.get_mut(&entity) {
                content.activation += gain;
            }
        }
    }

    /// All that have attention, each in [0, 1].
    pub fn attended(&self) -> impl Iterator<Item = (&EntityId, f64)> {
        self.attention.iter().map(|(entity, attention)| (entity, *attention))
    }

    /// How much attention an entity has, in [0, 1]: min(1, a/θ) at its win, halved each 30 s. Memory and appraisal weigh by it:
    /// this is how a broadcast changes what the others do.
    #[must_use]
    pub fn attention(&self, entity: &EntityId) -> f64 {
        self.attention.get(entity).copied().unwrap_or(0.0)
    }

    /// Lets go of all that was said of an entity.
    pub fn forget(&mut self, entity: &EntityId) {
        // Others may have asked for it.
        self.candidates.retain(|who, content| who != entity && !is_named(&content.summary, entity.as_str()));
        self.attention.remove(entity);
        let of_it = |broadcast: &Broadcast| broadcast.entity == *entity || is_named(&broadcast.summary, entity.as_str());
        self.focus.take_if(|focus| of_it(focus));
        self.last.take_if(|last| of_it(last));
        self.changed = true;
    }

    /// What of the payload of `jamey/consciousness/state` is the workspace's.
    #[must_use]
    pub fn view(&self) -> Value {
        let told = |broadcast: &Broadcast| {
            json!({
                "entity": broadcast.entity,
                "percept": broadcast.percept,
                "text": broadcast.summary,
                "activation": (broadcast.activation * 1_000.0).round() / 1_000.0,
                "at": broadcast.at.to_string(),
            })
        };
        json!({
            "focus": self.focus.as_ref().map(told),
            "last_broadcast": self.last.as_ref().map(told),
            "candidates": self.candidates.len(),
            "broadcasts_total": self.broadcasts,
        })
    }

    /// Whether the focus changed since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What was broadcast last, if anything ever was.
    #[must_use]
    pub fn last(&self) -> Option<&Broadcast> {
        self.last.as_ref()
    }

    fn fade(&mut self, seconds: f64, at: Timestamp) {
        let kept = libm::exp2(-seconds / ACTIVATION_SECONDS);
        self.candidates.retain(|_, content| {
            content.activation = kept * content.activation + content.offered;
            content.offered = 0.0;
            content.activation >= FADED
        });
        self.weakest = 0.0;
        let kept = libm::exp2(-seconds / ATTENTION_SECONDS);
        self.attention.retain(|_, attention| {
            *attention *= kept;
            *attention >= ATTENTION_LEAST
        });
        if self.focus.as_ref().is_some_and(|focus| at.seconds_since(focus.at) >= FOCUS_SECONDS) {
            self.focus = None;
            self.changed = true;
        }
    }

    /// The strongest candidate, and how far the second is behind.
    fn best(&self) -> Option<(EntityId, f64, f64)> {
        let mut best: Option<(&EntityId, f64)> = None;
        let mut second = 0.0;
        for (entity, content) in &self.candidates {
            match best {
                Some((_, activation)) if content.activation <= activation => second = content.activation.max(second),
                _ => {
                    second = best.map_or(second, |(_, activation)| activation);
                    best = Some((entity, content.activation));
                }
            }
        }
        best.map(|(entity, activation)| (entity.clone(), activation, activation - second))
    }

    /// Removes the weakest candidate if the offer is stronger. The known lower bound of all saves most scans.
    fn make_room(&mut self, offered: f64) -> bool {
        if offered <= self.weakest {
            return false;
        }
        let weakest = self.candidates.iter().min_by(|(_, x), (_, y)| x.strength().total_cmp(&y.strength()));
        let Some((entity, strength)) = weakest.map(|(entity, content)| (entity.clone(), content.strength())) else { return true };
        // Within a cycle strengths only grow, so what is the least now bounds all until the next tick, if the newcomer is no weaker.
        self.weakest = strength;
        if offered <= strength {
            return false;
        }
        self.candidates.remove(&entity);
        true
    }

    fn attend(&mut self, broadcast: &Broadcast) {
        if self.attention.len() >= ATTENDED && !self.attention.contains_key(&broadcast.entity) {
            let least = self.attention.iter().min_by(|(_, x), (_, y)| x.total_cmp(y)).map(|(entity, _)| entity.clone());
            least.map(|least| self.attention.remove(&least));
        }
        let level = (broadcast.activation / IGNITION).min(1.0);
        let attention = self.attention.entry(broadcast.entity.clone()).or_insert(0.0);
        *attention = attention.max(level);
    }
}

fn shortened(mut summary: String) -> String {
    summary.truncate(summary.floor_char_boundary(SUMMARY_BYTES));
    summary
}

#[cfg(test)]
#[path = "workspace_tests.rs"]
mod tests;
