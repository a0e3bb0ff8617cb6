//! The mind: takes inputs one at a time and yields outcomes. Pure: the same inputs give the same outcomes, bit for bit; no clock, no randomness, no I/O.

mod areas;
mod commands;
mod discovery;
mod duties;
mod exact;
mod feeling;
mod figures;
mod following;
mod holding;
mod identity;
mod judging;
mod life;
mod mission;
mod names;
mod objectives;
mod phase;
mod readings;
mod round;
mod rules;
mod signals;
mod telling;
mod words;

use crate::{
    conscience::{RuleError, RuleSet},
    consciousness::{Candidate, Flow, Identity, Missions, Observed, Phases, Round, Standing as Pursuit, Unreadable, Workspace},
    domain::{
        Act, Applied, Change, Claim, Decision, EntityId, ExactPhi, Held, IdentitySpec, Input, InputSource, MemoryRecord, Names, Outcome,
        OwnerGuard, Part, Percept, Purpose, Registry, RelationKind, Rulings, Severed, ShadowTally, SignalSpec, Signals, Standing,
        Timestamp, Unit01, limits, signal::Heard,
    },
    memory::policy::{self, Factors, Habits},
    soul::{Evidence, Soul},
};
use commands::Commands;
pub use duties::Duties;
use duties::Pendings;
use exact::Exact;
pub use exact::cut as cut_words;
use following::Following;
pub use holding::Waits;
use jiff::tz::TimeZone;
use names::about;
pub use objectives::Objectives;
use round::{FlowTold, Inner};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
pub use telling::Subject;
use uuid::Uuid;

/// What the mind is told once, at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    pub zone: TimeZone,
    pub signals: Vec<SignalSpec>,
    pub discovery_prefixes: Vec<String>,
    pub zigbee_bases: Vec<String>,
    /// Bridges, by the first part of the topics on which they speak for devices.
    pub bridges: Vec<(String, EntityId)>,
    /// Which topics tell of whom: so it is known whom a description of a topic describes.
    pub inputs: Vec<InputSource>,
    /// Whose silence is nobody's business.
    pub unwatched: BTreeSet<EntityId>,
    /// Whom the owner named: nobody made them up.
    pub declared: BTreeSet<EntityId>,
    /// Jamey's own topics: nobody's device listens there.
    pub root: String,
    /// How Home Assistant tells this Jamey from others.
    pub node: String,
    /// The owner's guards: what stands behind topics whose devices nobody described.
    pub guards: Vec<OwnerGuard>,
    pub waits: Waits,
    pub duties: Duties,
    pub missions: Objectives,
    pub identity: IdentitySpec,
    /// A link that is cut on purpose.
    pub severed: Option<Severed>,
}

/// All that the mind learned: with the same settings and rules, the same state goes on the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    now: Timestamp,
    registry: Registry,
    soul: Soul,
    workspace: Workspace,
    #[serde(default)]
    round: Round,
    #[serde(default)]
    flow: Flow,
    #[serde(default)]
    inner: Inner,
    #[serde(default)]
    identity: Identity,
    #[serde(default)]
    missions: Missions,
    #[serde(default)]
    observed: Observed,
    /// The newest exact Φ.
    #[serde(default)]
    exact: Option<Box<ExactPhi>>,
    #[serde(default)]
    phases: Phases,
    /// When the newest snapshot was taken; None: there is none, or nobody knows.
    #[serde(default)]
    saved: Option<Timestamp>,
    habits: Habits,
    heard: BTreeMap<String, Heard>,
    commands: BTreeMap<EntityId, Commands>,
    /// Commands whose effect is awaited, by device; at most `limits::DEVICES`.
    following: BTreeMap<EntityId, Following>,
    states: BTreeMap<EntityId, String>,
    /// What descriptions say of what entities tell, in words; at most `limits::NAMED`.
    #[serde(default)]
    names: BTreeMap<EntityId, Names>,
    /// What waits for a person's word; at most `limits::HELD`.
    held: BTreeMap<Uuid, Held>,
    /// Who made something wait in the last minute, and when; at most `limits::HELD_PER_MINUTE_OF_ALL`.
    holds: VecDeque<(Timestamp, EntityId)>,
    duties: Pendings,
    /// The rules that hold, as text.
    rulings: Arc<Rulings>,
    shadow: Option<ShadowTally>,
}

/// The composition of conscience, soul, memory's policy and consciousness.
pub struct Mind {
    settings: Settings,
    rules: RuleSet,
    /// A candidate that judges beside them.
    shadow: Option<RuleSet>,
    shadow_moved: bool,
    /// Sets that were checked for an input to come.
    offered: Option<(RuleSet, Option<RuleSet>)>,
    state: State,
    /// Rows that changed since they were last taken.
    devices: BTreeSet<EntityId>,
    signals: BTreeSet<String>,
    told: BTreeSet<EntityId>,
    named: BTreeSet<EntityId>,
    /// What the host did, to be kept.
    notes: Vec<Change>,
    /// Memories that were recalled since changes were last taken: each counts once; at most `limits::RECALLED_A_BATCH`.
    recalled: BTreeMap<Uuid, Timestamp>,
    /// The signals of one second.
    moment: Option<(i64, Signals)>,
    /// The percept or word that is being heard; nil between them.
    hearing: Uuid,
    /// The live Φ was read anew since it was looked whether that is news.
    flow_is_read: bool,
    flow_told: FlowTold,
    identity_told: identity::Told,
    /// The phase is another one since it was stored.
    phase_turned: bool,
    exact: Exact,
}

impl State {
    /// A newborn mind.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            registry: Registry::default(),
            soul: Soul::new(),
            workspace: Workspace::new(),
            round: Round::born(now),
            flow: Flow::default(),
            inner: Inner::default(),
            identity: Identity::default(),
            missions: Missions::default(),
            observed: Observed::default(),
            exact: None,
            phases: Phases::default(),
            saved: None,
            habits: Habits::new(),
            heard: BTreeMap::new(),
            commands: BTreeMap::new(),
            following: BTreeMap::new(),
            states: BTreeMap::new(),
            names: BTreeMap::new(),
            held: BTreeMap::new(),
            holds: VecDeque::new(),
            duties: Pendings::new(),
            rulings: Arc::default(),
            shadow: None,
        }
    }

    /// What was stored goes back where it was: devices, signals, what waits, and the soul that the caller restored.
    #[must_use]
    pub fn restored(
        now: Timestamp,
        registry: Registry,
        soul: Soul,
        heard: BTreeMap<String, Heard>,
        held: impl IntoIterator<Item = (Percept, Timestamp)>,
        states: BTreeMap<EntityId, String>,
    ) -> Self {
        let mut soul = soul;
        soul.wake(now);
        Self { registry, soul, heard, held: holding::waiting(held), states, ..Self::new(now) }
    }

    /// What descriptions said before, put back; one past `limits::NAMED` is left out.
    #[must_use]
    pub fn with_names(self, names: impl IntoIterator<Item = (EntityId, Names)>) -> Self {
        Self { names: names.into_iter().take(limits::NAMED).collect(), ..self }
    }

    /// What the identity was counted from.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// How each objective stood before, put back.
    ///
    /// # Errors
    /// When that cannot be what was stored.
    pub fn with_missions<'a>(mut self, states: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Unreadable> {
        for (id, state) in states {
            self.missions.restore(id, state)?;
        }
        Ok(self)
    }
}

/// Signals whose coming true is bad news for the home.
const HAZARDS: [&str; 4] = ["smoke", "co", "leak", "intruder"];

impl Mind {
    #[must_use]
    pub fn new(settings: Settings, rules: RuleSet, state: State) -> Self {
        Self::with_shadow(settings, rules, None, state)
    }

    /// The same with a candidate that judges beside the rules.
    #[must_use]
    pub fn with_shadow(settings: Settings, rules: RuleSet, shadow: Option<RuleSet>, mut state: State) -> Self {
        state.rulings = Arc::new(Rulings { live: rules.ruling().clone(), shadow: shadow.as_ref().map(|s| s.ruling().clone()) });
        state.soul.pursue(settings.missions.specs(), state.now);
        state.missions.pursue(settings.missions.pursued(), state.now);
        state.identity.adopt(&settings.identity);
        Self {
            settings,
            rules,
            shadow,
            shadow_moved: false,
            offered: None,
            state,
            devices: BTreeSet::new(),
            signals: BTreeSet::new(),
            told: BTreeSet::new(),
            named: BTreeSet::new(),
            notes: Vec::new(),
            recalled: BTreeMap::new(),
            moment: None,
            hearing: Uuid::nil(),
            flow_is_read: false,
            flow_told: None,
            identity_told: None,
            phase_turned: false,
            exact: Exact::default(),
        }
    }

    /// A mind as it was recorded, by the rules that held then.
    ///
    /// # Errors
    /// When this build refuses those rules.
    pub fn revived(settings: Settings, state: State) -> Result<Self, Vec<RuleError>> {
        let rulings = Arc::clone(&state.rulings);
        let rules = RuleSet::of(&rulings.live, &settings.signals)?;
        let shadow = rulings.shadow.as_ref().map(|ruling| RuleSet::of(ruling, &settings.signals)).transpose()?;
        Ok(Self::with_shadow(settings, rules, shadow, state))
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.now
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.state.registry
    }

    pub fn soul(&mut self) -> &mut Soul {
        &mut self.state.soul
    }

    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.state.workspace
    }

    /// The owner's word on devices and entities, from the config: taken at each start.
    pub fn declare(&mut self, claims: impl IntoIterator<Item = Claim>, entities: impl IntoIterator<Item = (EntityId, Standing)>) {
        for claim in claims {
            let device = claim.device.clone();
            self.place(&device, claim.area.as_deref());
            if !matches!(self.state.registry.apply(claim), Applied::Unchanged) {
                self.devices.insert(device);
            }
        }
        for (entity, standing) in entities {
            self.state.soul.declare(&entity, standing, self.state.now);
        }
    }

    /// One input, one outcome.
    pub fn step(&mut self, input: &Input) -> Outcome {
        self.hearing = match input {
            Input::Percept(percept) => percept.id,
            Input::Word(word) => word.id,
            _ => Uuid::nil(),
        };
        match input {
            Input::Tick(at) => {
                self.advance(*at);
                let asks = self.go_round();
                if self.state.workspace.tick(self.state.now).is_some() {
                    self.state.round.stir(Part::Workspace);
                }
                self.look_for_silence();
                self.time_out_commands();
                let silences = self.take_silences();
                self.look_at_missions();
                self.look_at_phase();
                self.look_at_identity();
                Outcome { settled: self.expire(), duties: self.look_at_duties(), silences, asks, ..Outcome::default() }
            }
            Input::Note(change) => {
                self.notes.push((**change).clone());
                Outcome::default()
            }
            Input::Recalled { at, records } => {
                self.advance(*at);
                for record in records.iter().take(limits::RECALLED) {
                    if self.recalled.len() < limits::RECALLED_A_BATCH || self.recalled.contains_key(record) {
                        self.recalled.insert(*record, self.state.now);
                    }
                }
                Outcome::default()
            }
            Input::Rules(rulings) => {
                self.adopt(rulings);
                Outcome::default()
            }
            Input::Word(word) => {
                self.advance(word.at);
                self.take_word(word)
            }
            Input::Forged(forgery) => {
                self.advance(forgery.at);
                self.state.soul.declare(&forgery.by, Standing::Newcomer, self.state.now);
                self.state.soul.hear(&forgery.by, self.state.now, Some(&forgery.posed_as), Evidence::Impersonation);
                self.feel_forgery(&forgery.by);
                self.acted(Act::Forged, Uuid::nil(), &forgery.by);
                Outcome::default()
            }
            Input::Reported(report) => {
                self.advance(report.at);
                self.take_report(report);
                Outcome::default()
            }
            Input::Exact(exact) => {
                self.advance(exact.at);
                self.take_exact(exact);
                Outcome::default()
            }
            Input::Turned(turned) => {
                self.advance(turned.at);
                self.take_turn(turned);
                self.note_condition(turned);
                Outcome::default()
            }
            Input::Saved { at, taken_at } => {
                self.advance(*at);
                // The first is told anew at each start: one that follows is work of phoenix.
                if self.state.saved.replace(*taken_at).is_some_and(|before| before != *taken_at) {
                    self.state.round.stir(Part::Phoenix);
                }
                Outcome::default()
            }
            Input::Answer(answer) => {
                self.advance(answer.at);
                self.answer(answer)
            }
            Input::WentOn { at, id } => {
                self.advance(*at);
                self.went_on(*id)
            }
            Input::Percept(percept) => {
                self.advance(percept.at);
                match &percept.purpose {
                    Purpose::Observation => self.observe(percept),
                    Purpose::Discovery => self.discover(percept),
                    Purpose::Requests { requests, .. } => self.judge(percept, requests),
                }
            }
        }
    }

    /// Has all be stored at the next `take_changes`: before a stop.
    pub fn settle(&mut self) {
        self.state.soul.settle();
        self.state.missions.iter_mut().for_each(Pursuit::due);
        self.state.identity.hurry();
    }

    /// Rows of the mind's own state that changed since the last call.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let now = self.state.now;
        // First what the host and the owner did: what they have the store forget is counted there before the mind's own rows go.
        let mut changes = std::mem::take(&mut self.notes);
        changes.extend(self.state.soul.take_changes(now));
        if !self.recalled.is_empty() {
            changes.push(Change::Recalled(std::mem::take(&mut self.recalled).into_iter().collect()));
        }
        if std::mem::take(&mut self.shadow_moved) {
            changes.extend(self.state.shadow.clone().map(|tally| Change::Shadow(Box::new(tally))));
        }
        changes.extend(self.take_conscious_changes());
        for id in std::mem::take(&mut self.devices) {
            changes.push(match self.state.registry.device(&id) {
                Some(device) => Change::Device(Box::new(device.clone())),
                None => Change::DeviceRemoved(id),
            });
        }
        for device in std::mem::take(&mut self.told) {
            if let Some(state) = self.state.states.get(&device) {
                changes.push(Change::State { device, state: state.clone() });
            }
        }
        for entity in std::mem::take(&mut self.named) {
            if let Some(names) = self.state.names.get(&entity) {
                changes.push(Change::Names { entity, names: Box::new(names.clone()) });
            }
        }
        for name in std::mem::take(&mut self.signals) {
            if let Some(heard) = self.state.heard.get(&name) {
                changes.push(Change::Signal { name, heard: *heard });
            }
        }
        changes
    }

    /// Time = max(previous, what is told): what comes late does not take the mind back.
    fn advance(&mut self, at: Timestamp) {
        self.state.now = self.state.now.max(at);
        self.state.soul.advance(self.state.now);
    }

    fn observe(&mut self, percept: &Percept) -> Outcome {
        if percept.repeat_of.is_some() {
            return Outcome::default();
        }
        self.meet(percept);
        let mut stir = self.hear_life(percept);
        // What another broker had kept was read, and said, some other time.
        let (mut found, mut begins) = (String::new(), false);
        if !percept.stored {
            let (odd, words, is_new) = self.hear_readings(percept);
            (found, begins) = (words, is_new);
            stir = stir.max(odd).max(self.hear_feeling(percept));
        }
        if self.hear_signals(percept) {
            stir = 1.0;
        }
        let told = self.hear_state(percept);
        // What another broker had in its store answers no command.
        if !percept.stored {
            self.follow(&told);
        }
        self.hear_say(percept);
        let mut record = self.remember(percept, None, stir, self.text_of(percept, &[]) + &found);
        if begins {
            policy::keep(&mut record);
        }
        self.acted(Act::Kept, percept.id, &percept.entity);
        Outcome { record: Some(record), silences: self.take_silences(), ..Outcome::default() }
    }

    /// The soul hears of whoever speaks and of whatever is spoken about.
    fn meet(&mut self, percept: &Percept) {
        let requester = &percept.source.requester;
        let standing = |mind: &Self, id: &EntityId| match mind.state.registry.device(id) {
            Some(_) => Standing::Paired,
            None => Standing::Newcomer,
        };
        let speaker = if percept.source.owner { Standing::Owner } else { standing(self, requester) };
        self.greet(requester, speaker, percept.id);
        if percept.entity != *requester {
            if percept.source.speaks_for_many
                && matches!(percept.purpose, Purpose::Observation)
                && self.state.soul.relate_seen(&percept.entity, RelationKind::BridgedBy, requester)
            {
                self.acted(Act::Related, percept.id, &percept.entity);
            }
            let spoken_of = standing(self, &percept.entity);
            self.greet(&percept.entity, spoken_of, percept.id);
        }
    }

    fn greet(&mut self, entity: &EntityId, standing: Standing, percept: Uuid) {
        let is_new = self.state.soul.events(entity).is_none();
        self.state.soul.declare(entity, standing, self.state.now);
        // One for whom there was no room is not met.
        if is_new && self.state.soul.events(entity).is_some() {
            self.acted(Act::Met, percept, entity);
        }
    }

    /// What to keep of a percept, and what of it may come to mind. `stir`, in [0, 1], is how much it concerns the home.
    fn remember(&mut self, percept: &Percept, decision: Option<Decision>, stir: f64, text: String) -> MemoryRecord {
        let now = self.state.now;
        let surprise_bits = self.state.habits.notice(&percept.entity, &percept.kind, now.hour(&self.settings.zone), now);
        let attention = self.attention(&percept.entity);
        let about = about(percept);
        let is_fact = about.is_some() && matches!(percept.purpose, Purpose::Observation);
        let factors = Factors { surprise_bits, emotion_intensity: Unit01::clamped(stir), decision, attention, is_fact, pinned: false };
        let record = MemoryRecord { about, ..policy::decide(&factors, text) };
        let novelty = Unit01::clamped(surprise_bits / 10.0);
        let candidate = Candidate {
            entity: percept.entity.clone(),
            percept: percept.id,
            salience: Unit01::clamped(novelty.get().max(stir)),
            goal_relevance: Unit01::clamped(stir),
            novelty,
        };
        self.notice(candidate, || record.text.clone());
        record
    }
}
