//! The soul: what Jamey holds of each entity, and what events mean for its mission. Pure: time comes in with every call.

mod anomaly;
mod appraisal;
mod emotion;
mod empathy;
mod evidence;
pub mod fusion;
mod hearsay;
mod known;
mod ledger;
mod liveness;
mod mood;
mod opinion;
mod quantile;
mod reading;
mod relations;
mod senses;
mod stability;
#[cfg(test)]
mod tests;
mod view;

pub use anomaly::{Finding, News, What};
pub use appraisal::{Bearing, Event, likelihood};
pub use emotion::{Emotion, Pad};
pub use evidence::Evidence;
pub use mood::BigFive;

use crate::domain::{Change, EntityId, OpinionView, Standing, Timestamp, Unit01, limits};
use anomaly::Sightings;
use known::{Known, Want};
use mood::Mood;
use opinion::Belief;
use relations::Relations;
use senses::Senses;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, sync::LazyLock};

/// The form of the stored states. Another number is refused instead of guessed at.
const STATE_VERSION: u8 = 1;
/// Emotions change with every verdict; a second of them is lost to a crash at most, and a storm of them costs one row a second.
const EMOTION_ROW_SECONDS: f64 = 1.0;

/// Opinions of all entities, the emotions that events stirred, and the mood that they draw.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Soul {
    entities: BTreeMap<EntityId, Entity>,
    relations: Relations,
    #[serde(default)]
    sightings: Sightings,
    /// Entities whose stored row is out of date, each once, in the order in which they became so.
    stale: Vec<EntityId>,
    untracked: u64,
    default_mood: Pad,
    mood: Mood,
    mood_stored: Option<Timestamp>,
}

/// One entity: what is held of it, and what was learned of how it speaks.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Entity {
    known: Known,
    senses: Senses,
}

impl Entity {
    fn new(standing: Standing, at: Timestamp) -> Self {
        Self { known: Known::new(standing, at), senses: Senses::default() }
    }

    fn view(&mut self, id: &EntityId, relations: &Relations, at: Timestamp) -> OpinionView {
        let mut view = self.known.view(id, at);
        view.detail.liveness = self.senses.life.view();
        view.detail.anomalies = self.senses.series.view();
        view.detail.empathy = self.senses.empathy.view();
        view.detail.relations = relations.of(id).cloned().collect();
        view
    }
}

/// A stored state that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoulError {
    #[error("the stored state of {of} cannot be read ({why}): forget it, and it begins anew")]
    Unreadable { of: String, why: String },
    #[error("{0} is one more than the {max} entities that fit: forget some", max = limits::ENTITIES)]
    Full(EntityId),
}

#[derive(Serialize, Deserialize)]
struct State<T> {
    v: u8,
    state: T,
}

impl Default for Soul {
    fn default() -> Self {
        Self::new()
    }
}

impl Soul {
    /// A soul that knows nobody, in the default mood of the default temperament.
    #[must_use]
    pub fn new() -> Self {
        Self::with_temperament(BigFive::default())
    }

    #[must_use]
    pub fn with_temperament(temperament: BigFive) -> Self {
        let default_mood = temperament.default_mood();
        Self {
            entities: BTreeMap::new(),
            relations: Relations::default(),
            sightings: Sightings::default(),
            stale: Vec::new(),
            untracked: 0,
            default_mood,
            mood: Mood::new(default_mood),
            mood_stored: None,
        }
    }

    /// Gives an entity its standing; the same again changes nothing. An owner begins with 20 positive events.
    pub fn declare(&mut self, entity: &EntityId, standing: Standing, at: Timestamp) {
        if let Some(Entity { known, .. }) = self.entities.get_mut(entity) {
            let was_stale = known.is_stale();
            known.declare(standing, at);
            if known.is_stale() && !was_stale {
                self.stale.push(entity.clone());
            }
        } else if self.has_room() {
            self.entities.insert(entity.clone(), Entity::new(standing, at));
            self.stale.push(entity.clone());
        } else {
            self.untracked = self.untracked.saturating_add(1);
        }
    }

    /// Takes an entity back from its stored state.
    ///
    /// # Errors
    /// When the state cannot be one, or the house is full.
    pub fn restore(&mut self, entity: EntityId, state: &[u8], senses: Option<&[u8]>) -> Result<(), SoulError> {
        let known: Known = read(entity.as_str(), state, Known::is_sound)?;
        let senses = senses.map(|senses| read(entity.as_str(), senses, Senses::is_sound)).transpose()?.unwrap_or_default();
        if !self.entities.contains_key(&entity) && !self.has_room() {
            return Err(SoulError::Full(entity));
        }
        self.stale.retain(|stale| *stale != entity);
        self.entities.insert(entity, Entity { known, senses });
        Ok(())
    }

    /// Takes mood and emotions back from their stored state.
    ///
    /// # Errors
    /// When the state cannot be one.
    pub fn restore_mood(&mut self, state: &[u8]) -> Result<(), SoulError> {
        self.mood = read("the mood", state, Mood::is_sound)?;
        Ok(())
    }

    /// Trust t in [0, 1]: the lower bound of the opinion, as of the start of this minute; who is not known gets a newcomer's.
    /// Cheap: computed once a minute and entity, and after each piece of evidence.
    pub fn trust(&mut self, entity: &EntityId, at: Timestamp) -> Unit01 {
        static NEWCOMER: LazyLock<f64> = LazyLock::new(|| opinion::prior_lower_bound(opinion::base_rate(Standing::Newcomer)));
        match self.entities.get_mut(entity) {
            Some(entity) => entity.known.trust(at),
            None => Unit01::clamped(*NEWCOMER),
        }
    }

    /// Takes a piece of evidence about an entity, who is a newcomer if unknown; `target` is what it was done to.
    /// Gives whether it counted: the same counts once a minute, and one entity too many is not tracked.
    pub fn hear(&mut self, entity: &EntityId, at: Timestamp, target: Option<&EntityId>, evidence: Evidence) -> bool {
        self.weigh(entity, at, target, evidence, evidence.weight())
    }

    /// The same with a weight of its own, for evidence that comes in degrees.
    pub fn weigh(&mut self, entity: &EntityId, at: Timestamp, target: Option<&EntityId>, evidence: Evidence, weight: f64) -> bool {
        self.with(entity, at, |one| one.known.weigh(at, target, evidence, weight)).unwrap_or(false)
    }

    /// Takes what one entity says of another: discounted by how far the first is believed, and never of itself. Moves what is expected of
    /// it (P), never its trust t: nobody's word gives authority.
    pub fn hear_say(&mut self, by: &EntityId, about: &EntityId, belief: Unit01, disbelief: Unit01, at: Timestamp) {
        let sure = belief.get() + disbelief.get();
        let Some(p) = self.entities.get(by).map(|one| one.known.as_witness(at)).filter(|_| by != about && sure > 0.0) else { return };
        let scale = sure.max(1.0);
        let (b, d) = (belief.get() / scale, disbelief.get() / scale);
        let said = Belief { b, d, u: 1.0 - b - d, a: 0.5 };
        if self.entities.contains_key(about) {
            self.with(about, at, |one| one.known.hear_say(by, p, said, at));
        }
    }

    /// Seconds that a device was seen to take to obey, where that is more than usual; 0 otherwise.
    #[must_use]
    pub fn patience(&self, entity: &EntityId) -> f64 {
        self.entities.get(entity).map_or(0.0, |one| one.senses.patience())
    }

    /// Takes that a device obeyed after so many seconds, later than it was awaited.
    pub fn learn_patience(&mut self, entity: &EntityId, seconds: f64, at: Timestamp) {
        self.with(entity, at, |one| one.senses.learn_patience(seconds));
    }

    /// Takes a request that was not allowed, and the least trust with which it would have been; None: no trust would have done.
    pub fn want(&mut self, entity: &EntityId, target: &EntityId, verb: &str, at: Timestamp, trust: Option<f64>) {
        let verb = verb.chars().take(limits::KIND_BYTES / 4).collect();
        self.with(entity, at, |one| one.known.want(Want { target: target.clone(), verb, at, trust }));
    }

    /// Changes one entity, who is a newcomer if unknown. None: there is no room for it.
    fn with<T>(&mut self, entity: &EntityId, at: Timestamp, change: impl FnOnce(&mut Entity) -> T) -> Option<T> {
        if !self.entities.contains_key(entity) {
            if !self.has_room() {
                self.untracked = self.untracked.saturating_add(1);
                return None;
            }
            self.stale.push(entity.clone());
            self.entities.insert(entity.clone(), Entity::new(Standing::Newcomer, at));
        }
        let one = self.entities.get_mut(entity)?;
        let was_stale = one.known.is_stale();
        let done = change(one);
        if one.known.is_stale() && !was_stale {
            self.stale.push(entity.clone());
        }
        Some(done)
    }

    /// Takes what an event means for the mission; the strongest emotion it yielded, in [0, 1].
    pub fn appraise(&mut self, event: &Event, at: Timestamp) -> Unit01 {
        self.mood.appraise(self.default_mood, event, at)
    }

    /// Lets time pass: emotions fade and the mood moves, on a grid of 10 s, the same however often this is called.
    pub fn advance(&mut self, at: Timestamp) {
        self.mood.advance(self.default_mood, at);
    }

    /// Stress in [0, 1], which makes the conscience stricter, never milder.
    #[must_use]
    pub fn stress(&self) -> Unit01 {
        self.mood.stress()
    }

    /// How many pieces of evidence were heard of an entity; None when it is not known.
    #[must_use]
    pub fn events(&self, entity: &EntityId) -> Option<u64> {
        self.entities.get(entity).map(|one| one.known.events())
    }

    pub fn opinion(&mut self, entity: &EntityId, at: Timestamp) -> Option<OpinionView> {
        self.entities.get_mut(entity).map(|one| one.view(entity, &self.relations, at))
    }

    pub fn opinions(&mut self, at: Timestamp) -> Vec<OpinionView> {
        self.entities.iter_mut().map(|(entity, one)| one.view(entity, &self.relations, at)).collect()
    }

    /// Forgets all that is known of an entity; false when nothing was.
    pub fn forget(&mut self, entity: &EntityId) -> bool {
        self.stale.retain(|stale| stale != entity);
        self.sightings.forget(entity);
        for (id, one) in &mut self.entities {
            let was_stale = one.known.is_stale();
            one.known.unhear(entity);
            if one.known.is_stale() && !was_stale {
                self.stale.push(id.clone());
            }
        }
        self.entities.remove(entity).is_some()
    }

    /// Declarations of entities, and pieces of evidence about them, for which there was no room.
    #[must_use]
    pub fn untracked(&self) -> u64 {
        self.untracked
    }

    /// Emotions, mood and stability in public form (topic `jamey/soul/emotion`).
    #[must_use]
    pub fn emotion_view(&self) -> serde_json::Value {
        view::emotion(&self.mood)
    }

    /// What is to be stored: each entity whose evidence or standing changed, or who was seen a minute after the last row; emotions once a second.
    pub fn take_changes(&mut self, at: Timestamp) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.stale.len() + 1);
        for entity in std::mem::take(&mut self.stale) {
            let Some(one) = self.entities.get_mut(&entity) else { continue };
            one.known.stored();
            if let Some(state) = write(&one.known) {
                let senses = one.senses.take_due(at).then(|| write(&one.senses)).flatten();
                changes.push(Change::Entity { view: Box::new(one.view(&entity, &self.relations, at)), state, senses });
            }
        }
        let due = self.mood_stored.is_none_or(|stored| at.seconds_since(stored) >= EMOTION_ROW_SECONDS);
        if self.mood.is_changed() && due {
            self.mood_stored = Some(at);
            self.mood.stored();
            if let Some(state) = write(&self.mood) {
                changes.push(Change::Emotion { at, view: self.emotion_view(), state });
            }
        }
        changes
    }

    /// Has all be stored at the next `take_changes`: before a stop.
    pub fn settle(&mut self) {
        for (id, one) in &mut self.entities {
            if !one.known.is_stale() {
                self.stale.push(id.clone());
            }
            one.senses.due();
        }
    }

    fn has_room(&self) -> bool {
        self.entities.len() < limits::ENTITIES
    }
}

/// CBOR in memory: it fails only for types that CBOR cannot say, and ours are none.
fn write<T: Serialize>(state: &T) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(512);
    ciborium::into_writer(&State { v: STATE_VERSION, state }, &mut out).ok()?;
    Some(out)
}

fn read<T: DeserializeOwned>(of: &str, state: &[u8], is_sound: impl Fn(&T) -> bool) -> Result<T, SoulError> {
    let unreadable = |why: String| SoulError::Unreadable { of: of.to_owned(), why };
    let read: State<T> = ciborium::from_reader(state).map_err(|e| unreadable(e.to_string()))?;
    if read.v != STATE_VERSION {
        return Err(unreadable(format!("version {}, and this Jamey reads {STATE_VERSION}", read.v)));
    }
    if !is_sound(&read.state) {
        return Err(unreadable("a number is outside its range".to_owned()));
    }
    Ok(read.state)
}
