//! The soul: what Jamey holds of each entity, and what events mean for its mission. Pure: time comes in with every call.

mod anomaly;
mod appraisal;
mod attention;
mod counted;
mod departed;
mod emotion;
mod empathy;
mod evidence;
pub mod fusion;
mod hearsay;
mod known;
mod ledger;
mod liveness;
mod mood;
mod moving;
mod objectives;
mod opinion;
mod reading;
mod relations;
mod senses;
mod stability;
mod stirred;
#[cfg(test)]
mod tests;
mod text;
mod view;

pub use anomaly::{Finding, News as SeriesNews, SeriesSet, Settings as SeriesSettings, What};
pub use appraisal::{Bearing, Event, likelihood};
pub use attention::Seen;
pub use emotion::{Emotion, Pad};
pub use empathy::Lot;
pub use evidence::Evidence;
pub use liveness::{Via, phi_normal};
pub use mood::BigFive;
pub use objectives::{News, Turn};
pub use relations::{Unrelated, area_id};
pub use text::sentiment;

use crate::domain::{
    Body, Change, EntityId, MissionSpec, OpinionView, Relation, RelationKind, Signed1, Standing, Timestamp, Unit01, limits,
};
use anomaly::Sightings;
use departed::Departed;
use known::{Known, Past, Want};
use liveness::Watch;
use mood::{Alone, Mood};
use objectives::{Move, Objectives};
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
    /// Each in a place of its own: the nodes of the tree are half empty, and an entity is not small.
    entities: BTreeMap<EntityId, Box<Entity>>,
    relations: Relations,
    #[serde(default)]
    sightings: Sightings,
    departed: Departed,
    /// Entities whose rows are to be deleted.
    gone: Vec<EntityId>,
    #[serde(default)]
    watch: Watch,
    /// Who has attention now, as the workspace has it.
    #[serde(default)]
    attended: BTreeMap<EntityId, f64>,
    /// Entities whose stored row is out of date, each once, in the order in which they became so.
    stale: Vec<EntityId>,
    untracked: u64,
    default_mood: Pad,
    mood: Mood,
    objectives: Objectives,
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
        view.detail.empathy = self.senses.empathy.view(at);
        view.detail.relations = relations.of(id).take(limits::RELATIONS_TOLD).collect();
        view
    }
}

/// A stored state that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoulError {
    #[error("the stored state of {of} cannot be read ({why})")]
    Unreadable { of: String, why: String },
    #[error("{0} is one more than the {max} entities that fit: forget some", max = limits::ENTITIES)]
    Full(EntityId),
}

/// What is stored of mood and objectives.
#[derive(Serialize, Deserialize)]
struct Feeling {
    mood: Mood,
    objectives: Objectives,
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
            departed: Departed::default(),
            gone: Vec::new(),
            watch: Watch::default(),
            attended: BTreeMap::new(),
            stale: Vec::new(),
            untracked: 0,
            default_mood,
            mood: Mood::new(default_mood),
            objectives: Objectives::default(),
            mood_stored: None,
        }
    }

    /// Gives an entity its standing; the same again changes nothing. An owner begins with 20 positive events.
    pub fn declare(&mut self, entity: &EntityId, standing: Standing, at: Timestamp) {
        if let Some(one) = self.entities.get_mut(entity) {
            let known = &mut one.known;
            let was_stale = known.is_stale();
            known.declare(standing, at);
            if known.is_stale() && !was_stale {
                self.stale.push(entity.clone());
            }
        } else {
            self.welcome(entity, standing, at);
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
        self.entities.insert(entity, Box::new(Entity { known, senses }));
        Ok(())
    }

    /// Takes mood, emotions and objectives back from their stored state.
    ///
    /// # Errors
    /// When the state cannot be one.
    pub fn restore_mood(&mut self, state: &[u8]) -> Result<(), SoulError> {
        let whole = read("the mood", state, |s: &Feeling| s.mood.is_sound() && s.objectives.is_sound());
        let alone = |error| {
            let alone: Alone = read("the mood", state, Alone::is_sound).map_err(|_| error)?;
            Ok(Feeling { mood: alone.into(), objectives: Objectives::default() })
        };
        let Feeling { mood, objectives } = whole.or_else(alone)?;
        (self.mood, self.objectives) = (mood, objectives);
        Ok(())
    }

    /// Takes the owner's objectives. Those that were pursued before stand where they stood.
    pub fn pursue(&mut self, missions: &[MissionSpec], at: Timestamp) {
        self.objectives.pursue(missions, at);
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

    /// When the last request of its that was not allowed was noted.
    #[must_use]
    pub fn wanted_at(&self, entity: &EntityId) -> Option<Timestamp> {
        self.entities.get(entity)?.known.wanted_at()
    }

    /// Changes one entity, who is a newcomer if unknown. None: there is no room for it.
    fn with<T>(&mut self, entity: &EntityId, at: Timestamp, change: impl FnOnce(&mut Entity) -> T) -> Option<T> {
        if !self.entities.contains_key(entity) && !self.welcome(entity, Standing::Newcomer, at) {
            return None;
        }
        let one = self.entities.get_mut(entity)?.as_mut();
        let was_stale = one.known.is_stale();
        let done = change(one);
        if one.known.is_stale() && !was_stale {
            self.stale.push(entity.clone());
        }
        Some(done)
    }

    /// Takes a relation; gives whether it is news.
    ///
    /// # Errors
    /// When there are too many, it is one to itself, or the owner said otherwise.
    pub fn relate(&mut self, relation: Relation) -> Result<bool, Unrelated> {
        let (from, to) = (relation.from.clone(), relation.to.clone());
        let news = self.relations.relate(relation)?;
        if news {
            self.touch(&from);
            self.touch(&to);
        }
        Ok(news)
    }

    /// Takes a relation as it is seen, time and again: at once when it is known. Gives whether it is news.
    pub fn relate_seen(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) -> bool {
        let news = self.relations.relate_seen(from, kind, to);
        if news {
            self.touch(from);
            self.touch(to);
        }
        news
    }

    /// Takes the owner's word that a relation is not; false when nobody said that it was.
    pub fn unrelate(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) -> bool {
        let done = self.relations.unrelate(from, kind, to);
        if done {
            self.touch(from);
            self.touch(to);
        }
        done
    }

    /// What was spoken of under another name (an identifier of discovery) is this entity.
    pub fn is_the_same(&mut self, other: &EntityId, entity: &EntityId) {
        self.relations.rename(other, entity);
    }

    /// Those near an entity, at most `limits::NEIGHBOURS`: said to be, or in the same place.
    pub fn neighbours<'s>(&'s self, entity: &'s EntityId, area: Option<&str>) -> impl Iterator<Item = &'s EntityId> + 's {
        self.relations.neighbours(entity, area)
    }

    /// Through whom an entity reaches the broker.
    #[must_use]
    pub fn bridge_of(&self, entity: &EntityId) -> Option<&EntityId> {
        self.relations.bridge_of(entity)
    }

    /// Those who reach the broker through an entity.
    pub fn bridged_by<'s>(&'s self, bridge: &'s EntityId) -> impl Iterator<Item = &'s EntityId> + 's {
        self.relations.bridged_by(bridge)
    }

    /// How far what is good for `to` is good for `from`, in [-1, 1]; 0 between strangers.
    #[must_use]
    pub fn like(&self, from: &EntityId, to: &EntityId) -> f64 {
        self.relations.like(from, to)
    }

    /// Takes back from the store what stood against one who left.
    ///
    /// # Errors
    /// When the state cannot be one.
    pub fn restore_departed(&mut self, id: [u8; 16], state: &[u8]) -> Result<(), SoulError> {
        let past: Past = read("one who left", state, Past::is_sound)?;
        self.departed.restore(u128::from_be_bytes(id), past);
        Ok(())
    }

    /// Takes a relation back from the store.
    pub fn restore_relation(&mut self, relation: Relation, denied: bool) {
        self.relations.restore(relation, denied);
    }

    /// What others see of an entity is another thing now.
    fn touch(&mut self, entity: &EntityId) {
        if let Some(one) = self.entities.get_mut(entity) {
            if !one.known.is_stale() {
                self.stale.push(entity.clone());
            }
            one.known.touch();
        }
    }

    /// Takes what an event means for the mission; the strongest emotion it yielded, in [0, 1].
    pub fn appraise(&mut self, event: &Event, at: Timestamp) -> Unit01 {
        self.mood.appraise(self.default_mood, event, at)
    }

    /// Takes what a percept tells of an objective: it moves, and that stirs emotions. The strongest of them, in [0, 1].
    pub fn hear_news(&mut self, news: &News, at: Timestamp) -> Unit01 {
        let c = news.congruence.get();
        // Words weigh as they do, and nobody is made happier by having talked.
        let sharpness = if news.in_words || c > 0.0 { 1.0 } else { self.sharpness(&news.cause) };
        let sharper = News { congruence: Signed1::clamped(c * sharpness), ..news.clone() };
        self.take_news(&sharper, self.shared(&news.cause), at)
    }

    /// The same, with the like for the one whose fortune it is besides.
    fn take_news(&mut self, news: &News, like: f64, at: Timestamp) -> Unit01 {
        let Some(Move { utility, before, after }) = self.objectives.hear(news, at) else { return Unit01::clamped(0.0) };
        self.mood.touch();
        let event = Event {
            cause: news.cause.clone(),
            percept: news.percept,
            objective: news.objective.to_owned().into(),
            bearing: Bearing::Likelihood { utility, before, after },
            praise: news.praise,
            own_act: news.own_act,
            like: None,
            in_words: news.in_words,
        };
        let own = self.appraise(&event, at);
        if like == 0.0 || news.own_act {
            return own;
        }
        let theirs = Event { like: Some(Signed1::clamped(like)), praise: Signed1::clamped(0.0), ..event };
        Unit01::clamped(own.get().max(self.appraise(&theirs, at).get()))
    }

    /// How far what an entity lives through is shared for the sake of the person to whom it belongs, in [-1, 1]; 0 with none.
    fn shared(&self, entity: &EntityId) -> f64 {
        let own = self.relations.of(entity).take_while(|r| r.from == *entity).filter(|r| r.kind == RelationKind::OwnedBy);
        own.map(|r| r.like).fold(0.0, |most: f64, like| if like.abs() > most.abs() { like } else { most })
    }

    /// Takes a word of an entity, for how well it is understood.
    pub fn understand(&mut self, entity: &EntityId, kind: &str, body: &Body, at: Timestamp) {
        self.with(entity, at, |one| one.senses.empathy.hear(kind, body));
    }

    /// Takes what befell an entity, beside the regard in which it is held then.
    pub fn live_through(&mut self, entity: &EntityId, lot: Lot, at: Timestamp) {
        let regard = self.mood.regard(entity);
        self.with(entity, at, |one| one.senses.empathy.live(lot, regard, at));
    }

    /// E of an entity in [0, 1], and whether it is in distress. Nothing of it goes into trust or thresholds.
    #[must_use]
    pub fn empathy(&self, entity: &EntityId, at: Timestamp) -> (Unit01, bool) {
        let one = self.entities.get(entity).map(|one| &one.senses.empathy);
        one.map_or((Unit01::clamped(0.0), false), |e| (Unit01::clamped(e.value()), e.in_distress(at)))
    }

    /// P of an entity in [0, 1]: how far it is believed; a newcomer's base rate where it is not known.
    #[must_use]
    pub fn belief(&self, entity: &EntityId, at: Timestamp) -> Unit01 {
        let p = self.entities.get(entity).map_or_else(|| opinion::base_rate(Standing::Newcomer), |one| one.known.expectation(at));
        Unit01::clamped(p)
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

    /// Whether it has to behave for a while after a breach; None when it is not known.
    #[must_use]
    pub fn on_probation(&self, entity: &EntityId) -> Option<bool> {
        self.entities.get(entity).map(|one| one.known.on_probation())
    }

    pub fn opinion(&mut self, entity: &EntityId, at: Timestamp) -> Option<OpinionView> {
        self.entities.get_mut(entity).map(|one| one.view(entity, &self.relations, at))
    }

    pub fn opinions(&mut self, at: Timestamp) -> Vec<OpinionView> {
        self.entities.iter_mut().map(|(entity, one)| one.view(entity, &self.relations, at)).collect()
    }

    /// Forgets all that is known of an entity; false when nothing was.
    ///
    /// What stood against it is forgotten too: this is the owner's word, and on record.
    pub fn forget(&mut self, entity: &EntityId) -> bool {
        self.departed.take(entity);
        // What others see of those who stood in a relation to it names it.
        let others = self.relations.of(entity).map(|r| if r.from == *entity { r.to } else { r.from });
        others.collect::<Vec<_>>().iter().for_each(|other| self.touch(other));
        self.mood.forget(entity);
        self.objectives.forget(entity);
        self.attended.remove(entity);
        // The row that names it is written anew at once.
        self.mood_stored = None;
        self.leave(entity);
        self.stale.retain(|stale| stale != entity);
        self.sightings.forget(entity);
        for (id, one) in &mut self.entities {
            let was_stale = one.known.is_stale();
            one.known.forget(entity);
            if one.known.is_stale() && !was_stale {
                self.stale.push(id.clone());
            }
        }
        self.relations.forget(entity);
        self.entities.remove(entity).is_some()
    }

    /// Whether anything is held of an entity, also of one who left.
    #[must_use]
    pub fn keeps(&self, entity: &EntityId) -> bool {
        self.entities.contains_key(entity) || self.departed.has(entity) || self.relations.of(entity).next().is_some()
    }

    /// Declarations of entities, and pieces of evidence about them, for which there was no room.
    #[must_use]
    pub fn untracked(&self) -> u64 {
        self.untracked
    }

    /// Emotions, mood and stability in public form (topic `jamey/soul/emotion`).
    #[must_use]
    pub fn emotion_view(&self) -> serde_json::Value {
        view::emotion(&self.mood, &self.objectives)
    }

    /// What is to be stored: each entity whose evidence or standing changed, or who was seen a minute after the last row; emotions once a second.
    pub fn take_changes(&mut self, at: Timestamp) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.stale.len() + 1);
        changes.extend(std::mem::take(&mut self.gone).into_iter().map(Change::EntityGone));
        changes.extend(self.departed.take_changes(write));
        for entity in std::mem::take(&mut self.stale) {
            let Some(one) = self.entities.get_mut(&entity) else { continue };
            one.known.stored();
            if let Some(state) = write(&one.known) {
                let senses = one.senses.take_due(at).then(|| write(&one.senses)).flatten();
                changes.push(Change::Entity { view: Box::new(one.view(&entity, &self.relations, at)), state, senses });
            }
        }
        changes.extend(self.relations.take_changes());
        let due = self.mood_stored.is_none_or(|stored| at.seconds_since(stored) >= EMOTION_ROW_SECONDS);
        if self.mood.is_changed() && due {
            self.mood_stored = Some(at);
            self.mood.stored();
            if let Some(state) = write(&Feeling { mood: self.mood.clone(), objectives: self.objectives.clone() }) {
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

    /// Takes in one that is not known, with what stood against it if it was here before. False: there is no room, for all who are here stay.
    fn welcome(&mut self, entity: &EntityId, standing: Standing, at: Timestamp) -> bool {
        if !self.has_room() && !self.make_room(at) {
            self.untracked = self.untracked.saturating_add(1);
            return false;
        }
        let mut one = Box::new(Entity::new(standing, at));
        if let Some(past) = self.departed.take(entity) {
            one.known.recall(past, at);
        }
        self.entities.insert(entity.clone(), one);
        self.stale.push(entity.clone());
        true
    }

    /// Has the least useful leave.
    fn make_room(&mut self, at: Timestamp) -> bool {
        let usefulness = |id: &EntityId| self.entities.get(id).and_then(|one| one.known.usefulness());
        let all = self.entities.iter().filter_map(|(id, one)| Some((id, one.known.usefulness()?)));
        let Some(least) = self.departed.next(usefulness, all, &self.relations) else { return false };
        self.depart(&least, at).is_some()
    }

    /// One leaves: what stands against it is kept.
    fn depart(&mut self, entity: &EntityId, at: Timestamp) -> Option<()> {
        if self.is_carrier(entity) {
            self.leave(entity);
        } else {
            self.part(entity);
        }
        let one = self.entities.remove(entity)?;
        if let Some(past) = one.known.past(at) {
            self.departed.keep(entity, past);
        }
        self.relations.forget(entity);
        self.gone.push(entity.clone());
        Some(())
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
