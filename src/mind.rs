//! The mind: takes inputs one at a time and yields outcomes. Pure: the same inputs give the same outcomes, bit for bit; no clock, no randomness, no I/O.

use crate::{
    conscience::RuleSet,
    consciousness::{Candidate, Workspace},
    domain::{
        ActFacts, Applied, Change, Claim, Decision, DeviceClass, DeviceFacts, EntityId, Facts, Input, Judged, MemoryRecord, Outcome,
        OwnerGuard, Percept, Purpose, Registry, Request, RequestFacts, SignalSpec, SignalType, SignalValue, Signals, Signed1, Standing,
        Timestamp, Unit01, Verb, Verdict, limits, signal::Heard,
    },
    home_assistant::{self, Learned},
    memory::policy::{self, Factors, Habits},
    soul::{Event, Evidence, Soul},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the mind is told once, at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    pub zone: TimeZone,
    pub signals: Vec<SignalSpec>,
    pub discovery_prefixes: Vec<String>,
    pub zigbee_bases: Vec<String>,
    /// Jamey's own topics: nobody's device listens there.
    pub root: String,
    /// The owner's guards: what stands behind topics whose devices nobody described.
    pub guards: Vec<OwnerGuard>,
}

/// All that the mind learned: with the same settings and rules, the same state goes on the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    now: Timestamp,
    registry: Registry,
    soul: Soul,
    workspace: Workspace,
    habits: Habits,
    heard: BTreeMap<String, Heard>,
    commands: BTreeMap<EntityId, Commands>,
    states: BTreeMap<EntityId, String>,
}

/// The composition of conscience, soul, memory's policy and consciousness.
pub struct Mind {
    settings: Settings,
    rules: RuleSet,
    state: State,
    /// Rows that changed since they were last taken.
    devices: BTreeSet<EntityId>,
    signals: BTreeSet<String>,
    /// What the host did, to be kept.
    notes: Vec<Change>,
    /// The signals of one second.
    moment: Option<(i64, Signals)>,
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
            habits: Habits::new(),
            heard: BTreeMap::new(),
            commands: BTreeMap::new(),
            states: BTreeMap::new(),
        }
    }

    /// What was stored goes back where it was: devices, signals, and the soul that the caller restored.
    #[must_use]
    pub fn restored(now: Timestamp, registry: Registry, soul: Soul, heard: BTreeMap<String, Heard>) -> Self {
        Self { registry, soul, heard, ..Self::new(now) }
    }
}

/// Objectives that events bear on, until missions are declared.
const SAFE_HOME: &str = "safe_home";
const NO_UNSAFE_REQUEST: &str = "no_unsafe_request";
/// Signals whose coming true is bad news for the home.
const HAZARDS: [&str; 4] = ["smoke", "co", "leak", "intruder"];

impl Mind {
    #[must_use]
    pub fn new(settings: Settings, rules: RuleSet, state: State) -> Self {
        Self { settings, rules, state, devices: BTreeSet::new(), signals: BTreeSet::new(), notes: Vec::new(), moment: None }
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
        match input {
            Input::Tick(at) => {
                self.advance(*at);
                self.state.workspace.tick(self.state.now);
                Outcome::default()
            }
            Input::Note(change) => {
                self.notes.push((**change).clone());
                Outcome::default()
            }
            Input::Forged(forgery) => {
                self.advance(forgery.at);
                self.state.soul.declare(&forgery.by, Standing::Newcomer, self.state.now);
                self.state.soul.hear(&forgery.by, self.state.now, Some(&forgery.posed_as), Evidence::Impersonation);
                Outcome::default()
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

    /// Rows of the mind's own state that changed since the last call.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let now = self.state.now;
        let mut changes = self.state.soul.take_changes(now);
        changes.append(&mut self.notes);
        changes.extend(self.state.workspace.take_change(now));
        for id in std::mem::take(&mut self.devices) {
            changes.push(match self.state.registry.device(&id) {
                Some(device) => Change::Device(Box::new(device.clone())),
                None => Change::DeviceRemoved(id),
            });
        }
        for name in std::mem::take(&mut self.signals) {
            if let Some(heard) = self.state.heard.get(&name) {
                changes.push(Change::Signal { name, heard: *heard });
            }
        }
        changes
    }

    /// Time = max(previous, wall): a clock set back does not take the mind with it.
    fn advance(&mut self, at: Timestamp) {
        self.state.now = self.state.now.max(at);
        self.state.soul.advance(self.state.now);
    }

    fn observe(&mut self, percept: &Percept) -> Outcome {
        let now = self.state.now;
        if percept.repeat_of.is_some() {
            return Outcome::default();
        }
        self.meet(percept);
        self.state.soul.hear(&percept.entity, now, None, Evidence::Clean);
        let alarming = self.hear_signals(percept);
        if let Some(state) = percept.body.object().and_then(|o| o.get("state")).and_then(|s| s.as_str())
            && self.state.registry.device(&percept.entity).is_some()
        {
            self.state.states.insert(percept.entity.clone(), state.chars().take(limits::KIND_BYTES).collect());
        }
        let record = self.remember(percept, None, if alarming { 1.0 } else { 0.0 }, policy::text(percept, &[]));
        Outcome { record: Some(record), ..Outcome::default() }
    }

    /// Takes what a percept says of the owner's signals. True when a hazard came true.
    fn hear_signals(&mut self, percept: &Percept) -> bool {
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

    fn discover(&mut self, percept: &Percept) -> Outcome {
        let mut outcome = Outcome::default();
        self.meet(percept);
        let learned =
            home_assistant::learn(&percept.topic, &percept.payload, &self.settings.discovery_prefixes, &self.settings.zigbee_bases);
        let said = match learned {
            Ok(Learned::Claims(claims)) if claims.iter().any(|c| self.reaches_too_far(c)) => {
                outcome.refused = true;
                "refused: it names topics of Jamey, of the broker, or of discovery itself as commands".to_owned()
            }
            Ok(Learned::Claims(claims)) => {
                let mut names = Vec::new();
                for claim in claims {
                    let id = claim.device.clone();
                    match self.state.registry.apply(claim) {
                        Applied::Changed { newly_guarded } => {
                            outcome.registry_changed = true;
                            outcome.newly_guarded.extend(newly_guarded);
                            names.push(id.to_string());
                            self.devices.insert(id);
                        }
                        Applied::Unchanged => {}
                        Applied::Full => {
                            outcome.refused = true;
                            names.push(format!("{id} (refused: the registry is full)"));
                        }
                    }
                }
                if names.is_empty() { "nothing new".to_owned() } else { names.join(", ") }
            }
            Ok(Learned::Nothing) => "no actuator".to_owned(),
            Err(error) => {
                outcome.refused = true;
                format!("refused: {error}")
            }
        };
        let text = format!("{} describes devices on {}: {said}", percept.source.requester, percept.topic);
        outcome.record = Some(self.remember(percept, None, 0.0, text));
        outcome
    }

    /// Whether a claim would make Jamey guard, clear or command what is no device's: its own topics, `$`-topics, descriptions.
    fn reaches_too_far(&self, claim: &Claim) -> bool {
        let below = |topic: &str, root: &str| topic.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        claim.commands.iter().any(|command| {
            let topic = command.topic.as_str();
            topic.starts_with('$')
                || below(topic, &self.settings.root)
                || self.settings.discovery_prefixes.iter().any(|prefix| below(topic, prefix))
                || home_assistant::is_discovery(topic, &self.settings.discovery_prefixes, &self.settings.zigbee_bases)
        })
    }

    fn judge(&mut self, percept: &Percept, requests: &[Request]) -> Outcome {
        let now = self.state.now;
        let fresh = percept.repeat_of.is_none();
        self.meet(percept);
        let trust = self.state.soul.trust(&percept.source.requester, now);
        let ctx = self.signals_now();
        let judged: Vec<Judged> = requests.iter().map(|request| self.judge_one(percept, request, trust, &ctx)).collect();
        let mut outcome = Outcome { judged, ..Outcome::default() };
        if fresh {
            for judged in &outcome.judged {
                let (request, verdict) = (&judged.request, &judged.verdict);
                self.state.commands.entry(request.target.clone()).or_default().note(now, &percept.source.requester, &request.verb);
                let evidence = match verdict.decision {
                    Decision::Deny => Some(Evidence::Denied),
                    Decision::Allow => Some(Evidence::Clean),
                    Decision::Escalate => None,
                };
                if let Some(evidence) = evidence {
                    self.state.soul.hear(&percept.source.requester, now, Some(&request.target), evidence);
                }
                if verdict.decision != Decision::Allow {
                    let risk = judged.facts.dev.risk.get();
                    let (bad, conduct) = (Signed1::clamped(-risk / 2.0), Signed1::clamped(verdict.score));
                    let event = Event::happened(percept.source.requester.clone(), percept.id, NO_UNSAFE_REQUEST, bad, conduct);
                    self.state.soul.appraise(&event, now);
                }
            }
            self.bound_commands();
            let decision = outcome.decision();
            let worst = outcome.judged.iter().max_by_key(|j| j.verdict.decision);
            let stir = worst.map_or(0.0, |w| if w.verdict.decision == Decision::Allow { 0.0 } else { w.facts.dev.risk.get() });
            let text = policy::text(percept, &outcome.judged);
            outcome.record = Some(self.remember(percept, decision, stir, text));
        }
        outcome
    }

    fn judge_one(&mut self, percept: &Percept, request: &Request, trust: Unit01, ctx: &Signals) -> Judged {
        let (verb, source) = (request.verb.0.as_str(), &percept.source);
        let device = self.state.registry.device(&request.target);
        let guard = if device.is_some() { None } else { self.settings.guards.iter().find(|g| g.filter.matches(&percept.topic)) };
        let class = device.map(|d| d.class).or(guard.map(|g| g.class)).unwrap_or_else(|| class_by_verb(verb));
        let risk = device.map_or_else(|| class.risk_of(guard.and_then(|g| g.risk).unwrap_or(class.risk()), verb), |d| d.risk_of(verb));
        let past = self.state.commands.get(&request.target);
        let facts = Facts {
            req: RequestFacts {
                entity: source.requester.clone(),
                client: source.requester.clone(),
                role: source.role.clone(),
                human: source.human,
                trust,
                delegated: source.speaks_for_many,
            },
            act: ActFacts {
                target: request.target.clone(),
                verb: verb.to_owned(),
                value: request.value,
                args: request.args.clone(),
                retained: percept.retained,
                signed: false,
            },
            dev: DeviceFacts {
                class,
                area: device.and_then(|d| d.area.clone()).or_else(|| guard.and_then(|g| g.area.clone())).unwrap_or_default(),
                tags: device.map(|d| &d.tags).or(guard.map(|g| &g.tags)).cloned().unwrap_or_default(),
                state: self.state.states.get(&request.target).cloned().unwrap_or_default(),
                risk,
                cmds_60s: past.map_or(0, |c| c.last_minute(self.state.now)),
                opposite_5s: past.map_or(0, |c| c.opposites(self.state.now, &source.requester, &request.verb)),
            },
            ctx: ctx.clone(),
            stress: self.state.soul.stress(),
        };
        let verdict: Verdict = self.rules.judge(&facts);
        Judged { request: request.clone(), verdict, facts }
    }

    /// The signals as they stand: fresh ones known, the others at their defaults. Made once a second, and when one is heard.
    fn signals_now(&mut self) -> Signals {
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

    /// The soul hears of whoever speaks and of whatever is spoken about.
    fn meet(&mut self, percept: &Percept) {
        let now = self.state.now;
        let requester = &percept.source.requester;
        let standing = |mind: &Self, id: &EntityId| match mind.state.registry.device(id) {
            Some(_) => Standing::Paired,
            None => Standing::Newcomer,
        };
        let speaker = if percept.source.owner { Standing::Owner } else { standing(self, requester) };
        self.state.soul.declare(requester, speaker, now);
        if percept.entity != *requester {
            let spoken_of = standing(self, &percept.entity);
            self.state.soul.declare(&percept.entity, spoken_of, now);
        }
    }

    /// What to keep of a percept, and what of it may come to mind. `stir`, in [0, 1], is how much it concerns the home.
    fn remember(&mut self, percept: &Percept, decision: Option<Decision>, stir: f64, text: String) -> MemoryRecord {
        let now = self.state.now;
        let surprise_bits = self.state.habits.notice(&percept.entity, &percept.kind, now.hour(&self.settings.zone), now);
        let attention = self.state.workspace.attention(&percept.entity);
        let factors = Factors { surprise_bits, emotion_intensity: Unit01::clamped(stir), decision, attention, pinned: false };
        let record = policy::decide(&factors, text);
        let novelty = Unit01::clamped(surprise_bits / 10.0);
        let candidate = Candidate {
            entity: percept.entity.clone(),
            percept: percept.id,
            salience: Unit01::clamped(novelty.get().max(stir)),
            goal_relevance: Unit01::clamped(stir),
            novelty,
        };
        self.state.workspace.offer(candidate, || record.text.clone());
        record
    }

    /// Devices whose last command is older than a minute have nothing left to count.
    fn bound_commands(&mut self) {
        if self.state.commands.len() > limits::DEVICES {
            let now = self.state.now;
            self.state.commands.retain(|_, c| c.last_minute(now) > 0);
        }
        while self.state.commands.len() > limits::DEVICES {
            self.state.commands.pop_first();
        }
    }
}

/// What a device that nobody described must be taken for, from what is asked of it: the riskiest thing that knows the verb.
fn class_by_verb(verb: &str) -> DeviceClass {
    match verb {
        "lock" | "unlock" => DeviceClass::Lock,
        "arm" | "disarm" => DeviceClass::AlarmPanel,
        "open" | "close" => DeviceClass::Door,
        _ => DeviceClass::Unknown,
    }
}

/// A device's last commands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Commands {
    /// Second since 1970 and count, oldest first, one minute long.
    seconds: VecDeque<(u32, u32)>,
    /// Those of the last five seconds that something undoes, at most `RECENT`: when, who, and the verb's pole.
    recent: VecDeque<(Timestamp, EntityId, u8)>,
}

/// More commands than this in five seconds are counted by the minute, not looked at one by one.
const RECENT: usize = 16;
const RECENT_SECONDS: f64 = 5.0;

impl Commands {
    fn note(&mut self, now: Timestamp, requester: &EntityId, verb: &Verb) {
        let second = second(now);
        match self.seconds.back_mut() {
            Some((last, count)) if *last == second => *count = count.saturating_add(1),
            _ => self.seconds.push_back((second, 1)),
        }
        while self.seconds.front().is_some_and(|(s, _)| s.saturating_add(60) <= second) {
            self.seconds.pop_front();
        }
        let Some(pole) = verb.pole() else { return };
        while self.recent.len() == RECENT || self.recent.front().is_some_and(|(at, ..)| now.seconds_since(*at) > RECENT_SECONDS) {
            self.recent.pop_front();
        }
        self.recent.push_back((now, requester.clone(), pole));
    }

    fn last_minute(&self, now: Timestamp) -> u32 {
        let second = second(now);
        self.seconds.iter().filter(|(s, _)| s.saturating_add(60) > second).fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    fn opposites(&self, now: Timestamp, requester: &EntityId, verb: &Verb) -> u32 {
        let Some(opposite) = verb.pole().map(|pole| pole ^ 1) else { return 0 };
        let undone = |(at, who, pole): &&(Timestamp, EntityId, u8)| {
            now.seconds_since(*at) <= RECENT_SECONDS && who != requester && *pole == opposite
        };
        u32::try_from(self.recent.iter().filter(undone).count()).unwrap_or(u32::MAX)
    }
}

/// Whole seconds since 1970.
fn second(at: Timestamp) -> u32 {
    u32::try_from(at.micros().div_euclid(1_000_000)).unwrap_or(0)
}
