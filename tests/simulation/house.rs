//! The house that the world befalls: the real rules, mind, store, index and upkeep on a folder, moved one step at a time by one hand. It does with
//! them what the thread of the mind and the writer's do, so that a run can be stopped between any two steps.

use super::{
    alive::{self, Who},
    faults::Fault,
    invariants::{self, Broken},
    ledger::{Ack, Ledger, names},
    town::{ANSWERERS, ASKED, ASKERS, CONFIG, DESCRIBED, SIGNALS},
    world::{Action, Proof},
};
use jamey::{
    app::{self, Approvals, Journal, rules::Sets},
    broker::{
        guard::{self, GuardRules, Reading},
        repeats::{Heard, Voices},
    },
    config::{self, Config},
    domain::{
        Answer, Body, Change, Decision, EntityId, Forgery, Input, Kept, Origin, Outcome, OwnersWord, Percept, Purpose, Request, Says,
        Settled, Timestamp, Verb, limits, percept::digest,
    },
    home_assistant,
    memory::{
        index::Follower,
        upkeep::{Plan, Upkeep},
    },
    mind::Mind,
    store::{Batch, Entry, Reader, Store},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

/// What is known wrong on purpose, so that it is seen that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// The sender is told before the disk has it.
    AcknowledgesEarly,
    /// What was approved goes on twice.
    ReleasesTwice,
    /// What is repeated is news.
    KnowsNoRepetition,
    /// Not every input is written down.
    LeavesOutAnInput,
}

/// A client, and what it waits to be acknowledged.
#[derive(Default)]
pub struct Client {
    pub last_id: u16,
    pub waiting: Vec<Sent>,
}

#[derive(Clone)]
pub struct Sent {
    pub packet_id: u16,
    topic: String,
    payload: Vec<u8>,
    retained: bool,
    loses_ack: bool,
}

/// What is done once a batch is on disk.
#[derive(Default)]
pub struct After {
    pub acks: Vec<Ack>,
    pub released: Vec<(Kept, Settled)>,
    pub forgets: Vec<EntityId>,
}

pub struct House {
    pub folder: TempDir,
    pub config: Config,
    pub sets: Sets,
    pub guards: GuardRules,
    pub store: Option<Store>,
    pub reader: Option<Reader>,
    pub mind: Mind,
    pub journal: Journal,
    pub approvals: Approvals,
    pub voices: Voices,
    pub follower: Option<Follower>,
    pub upkeep: Upkeep,
    pub batch: Batch,
    pub after: After,
    pub handed: Option<(Batch, After)>,
    pub broken: bool,
    pub slow: u8,
    pub wall: Timestamp,
    /// As the clock of the house gives it: never back.
    pub clock: Timestamp,
    pub newest_id: Timestamp,
    pub ids: u64,
    pub clients: BTreeMap<String, Client>,
    pub sent_before: Vec<(String, Vec<u8>)>,
    pub ledger: Ledger,
    pub planted: Planted,
    pub seen: Sha256,
    pub steps: u64,
}

/// Where files are made: in memory where the host has it, for what is awaited here is no disk's pace.
pub fn folder() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::with_prefix_in("jamey-sim-", memory).unwrap() } else { TempDir::with_prefix("jamey-sim-").unwrap() }
}

/// The rules, compiled once for all runs.
#[derive(Clone)]
pub struct Ground {
    config: Config,
    sets: Sets,
}

impl Ground {
    pub fn new() -> Self {
        let folder = folder();
        let file = folder.path().join("jamey.toml");
        std::fs::write(&file, CONFIG).unwrap();
        let config = config::load(Some(&file), Vec::new()).unwrap_or_else(|e| panic!("{e:?}"));
        let sets = app::rules::sets(&config).unwrap_or_else(|e| panic!("{e}"));
        Self { config, sets }
    }
}

impl House {
    pub fn new(ground: &Ground, planted: Planted) -> Self {
        let Ground { mut config, sets } = ground.clone();
        let folder = folder();
        config.store.data = folder.path().to_owned();
        let start = Timestamp::read("2026-03-02T06:00:00+01:00").unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let (mind, _) = app::wake(&config, sets.clone(), &mut store, |_| start).unwrap();
        let plan = Plan { keeping: config.memory, retentions: config.retentions.clone(), zone: config.zone() };
        Self {
            guards: GuardRules::of(&config),
            reader: Some(Reader::open(folder.path()).unwrap()),
            store: Some(store),
            mind,
            journal: Journal::default(),
            approvals: Approvals::new(Vec::new()),
            voices: Voices::default(),
            follower: None,
            upkeep: Upkeep::new(plan),
            batch: Batch::default(),
            after: After::default(),
            handed: None,
            broken: false,
            slow: 0,
            wall: start,
            clock: start,
            newest_id: start,
            ids: 0,
            clients: BTreeMap::new(),
            sent_before: Vec::new(),
            ledger: Ledger::default(),
            planted,
            seen: Sha256::new(),
            steps: 0,
            folder,
            config,
            sets,
        }
    }

    /// A digest of all that came of the run so far, and of what the mind is now.
    pub fn digest(&self) -> String {
        let mut seen = self.seen.clone();
        seen.update(invariants::bytes(self.mind.state()));
        seen.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn reader(&self) -> &Reader {
        self.reader.as_ref().unwrap()
    }

    pub fn act(&mut self, action: Action) -> Result<(), Broken> {
        self.steps += 1;
        match action {
            Action::Tell { sensor, tenths, loses_ack } => {
                let (entity, number) = (format!("sensor_{}", sensor % 12), self.ids);
                let said = json!({"temperature": f64::from(tenths) / 10.0, "id": format!("{entity}-{number}")});
                self.send(&entity, &format!("jamey/in/{entity}/state"), said.to_string().into_bytes(), false, loses_ack)?;
            }
            Action::Turn { signal, on } => {
                let (entity, kind) = SIGNALS[usize::from(signal) % SIGNALS.len()];
                self.send(entity, &format!("jamey/in/{entity}/{kind}"), on.to_string().into_bytes(), false, false)?;
            }
            Action::Ask { who, what, retained, loses_ack } => self.ask(who, what, retained, loses_ack)?,
            Action::Flood { who, what, times } => {
                for _ in 0..times {
                    self.ask(who, what, false, false)?;
                }
            }
            Action::Describe { who, device, topic } => {
                let (component, id, _) = DESCRIBED[usize::from(device) % DESCRIBED.len()];
                let (.., command_topic) = DESCRIBED[usize::from(topic) % DESCRIBED.len()];
                let document = json!({"object_id": id, "unique_id": id, "name": id, "command_topic": command_topic});
                let payload = document.to_string().into_bytes();
                let who = if who % 4 == 0 { "intruder" } else { "zigbee2mqtt" };
                self.send(who, &format!("homeassistant/{component}/{id}/config"), payload, true, false)?;
            }
            Action::Again { client } => {
                let names: Vec<String> = self.clients.iter().filter(|(_, c)| !c.waiting.is_empty()).map(|(name, _)| name.clone()).collect();
                if let Some(name) = names.get(usize::from(client) % names.len().max(1)) {
                    self.again(name)?;
                }
            }
            Action::Replay { nth } => {
                if !self.sent_before.is_empty() {
                    let (topic, payload) = self.sent_before[usize::from(nth) % self.sent_before.len()].clone();
                    self.send("intruder", &topic, payload, false, false)?;
                }
            }
            Action::Forge { who, posed_as } => {
                let (by, posed_as) = (entity(ASKERS[usize::from(who) % ASKERS.len()]), entity(ANSWERERS[usize::from(posed_as) % 4]));
                let at = self.now();
                self.ledger.speaks(&by);
                self.ledger.speaks(&posed_as);
                self.step(&Input::Forged(Forgery { at, by, posed_as }))?;
            }
            Action::Answer { by, nth, approves, proof } => self.answer(by, nth, approves, proof)?,
            Action::Trust { sensor, good } => {
                let about = entity(&format!("sensor_{}", sensor % 12));
                let says = if good { Says::Trust } else { Says::Distrust };
                self.ledger.speaks(&about);
                let word = self.word(about, says);
                self.step(&Input::Word(Box::new(word)))?;
            }
            Action::Forget { whom } => self.forget(whom)?,
            Action::Recall { nth } => {
                if let Some(id) = self.ledger.nth(usize::from(nth)) {
                    let at = self.now();
                    self.step(&Input::Recalled { at, records: vec![id] })?;
                }
            }
            Action::Pass { seconds } => {
                // Once a second where it is short; a long time is passed in a few strides, as by a host that slept.
                let strides = seconds.min(4);
                for n in 0..strides {
                    let stride = if n + 1 == strides { seconds - n * (seconds / strides) } else { seconds / strides };
                    self.wall = self.wall.plus_seconds(stride.into());
                    self.tick()?;
                }
            }
            Action::Set { seconds } => {
                self.wall = self.wall.plus_seconds(seconds.into());
                self.tick()?;
            }
            Action::Submit => self.submit()?,
            Action::Write => self.write()?,
            Action::Follow => self.follow()?,
            Action::Keep => self.keep()?,
            Action::Break(Fault::Slow(tries)) => self.slow = tries,
            Action::Break(fault) => {
                if !self.broken {
                    fault.strike(self.folder.path());
                    self.broken = true;
                }
            }
            Action::Mend => self.mend(),
            Action::Crash { torn } => self.crash(torn)?,
            Action::Restart => self.restart()?,
        }
        invariants::after_step(self)
    }

    /// As the clock of the house gives it.
    pub fn now(&mut self) -> Timestamp {
        self.clock = self.clock.max(self.wall);
        self.clock
    }

    pub fn id(&mut self) -> Uuid {
        self.ids += 1;
        self.newest_id = self.newest_id.max(self.wall);
        let millis = u64::try_from(self.newest_id.micros() / 1_000).unwrap();
        Uuid::from_u64_pair(millis << 16 | 0x7000, 1 << 63 | self.ids)
    }

    pub fn tick(&mut self) -> Result<(), Broken> {
        let at = self.now();
        self.step(&Input::Tick(at))?;
        self.gather_changes();
        Ok(())
    }

    fn ask(&mut self, who: u8, what: u8, retained: bool, loses_ack: bool) -> Result<(), Broken> {
        let (topic, payload) = ASKED[usize::from(what) % ASKED.len()];
        let who = ASKERS[usize::from(who) % ASKERS.len()];
        let payload = if payload == "{}" { format!("{{\"id\":\"{who}-{}\"}}", self.ids) } else { payload.to_owned() };
        // What is asked of Jamey itself may not be retained: the broker refuses it.
        self.send(who, topic, payload.into_bytes(), retained && !topic.starts_with("act/"), loses_ack)
    }

    /// A client says something for the first time.
    fn send(&mut self, who: &str, topic: &str, payload: Vec<u8>, retained: bool, loses_ack: bool) -> Result<(), Broken> {
        let client = self.clients.entry(who.to_owned()).or_default();
        if client.waiting.len() >= 20 {
            return Ok(());
        }
        client.last_id = client.last_id % 1_000 + 1;
        // One that is in flight is not used again.
        while client.waiting.iter().any(|sent| sent.packet_id == client.last_id) {
            client.last_id = client.last_id % 1_000 + 1;
        }
        let sent = Sent { packet_id: client.last_id, topic: topic.to_owned(), payload, retained, loses_ack };
        client.waiting.push(sent.clone());
        if self.sent_before.len() < 256 {
            self.sent_before.push((sent.topic.clone(), sent.payload.clone()));
        }
        self.ledger.says(who, sent.packet_id);
        self.hear(who, &sent, false)
    }

    /// All that a client saw no acknowledgement of, in its order, with DUP.
    pub fn again(&mut self, who: &str) -> Result<(), Broken> {
        let Some(client) = self.clients.get_mut(who) else { return Ok(()) };
        client.waiting.iter_mut().for_each(|sent| sent.loses_ack = false);
        for sent in client.waiting.clone() {
            self.hear(who, &sent, true)?;
        }
        Ok(())
    }

    /// As the broker makes a percept of a PUBLISH.
    fn hear(&mut self, who: &str, sent: &Sent, dup: bool) -> Result<(), Broken> {
        if self.batch.entries.len() >= limits::BATCH_MESSAGES {
            // The mind takes nothing more: the sender waits.
            return Ok(());
        }
        let Some((entity, kind, purpose)) = self.means(who, sent) else { return Ok(()) };
        let (at, id) = (self.now(), self.id());
        let heard = Heard { packet_id: sent.packet_id, digest: digest(&sent.topic, &sent.payload), dup };
        let mut repeat_of = self.voices.welcome(who).lock().unwrap().hear(&heard, id, at, self.broken);
        if self.planted == Planted::KnowsNoRepetition {
            repeat_of = None;
        }
        self.ledger.hears(who, &heard, self.broken, repeat_of, id, at)?;
        let body = Body::parse(&sent.payload, None);
        let own_id = body.object().and_then(|o| o.get("id")?.as_str().map(str::to_owned));
        let percept = Percept {
            id,
            at,
            source: Who::client(who).0,
            kind,
            qos: 1,
            retained: sent.retained,
            packet_id: Some(sent.packet_id),
            repeat_of,
            own_id,
            may_wait: !sent.retained && matches!(purpose, Purpose::Requests { .. }),
            purpose,
            entity,
            ..alive::percept(who, &sent.topic, &sent.payload)
        };
        names(&percept).iter().for_each(|name| self.ledger.speaks(name));
        let input = Input::Percept(Box::new(percept));
        let outcome = self.step(&input)?;
        let Input::Percept(percept) = input else { unreachable!() };
        let decision = outcome.decision();
        let refused = outcome.forbidden || outcome.refused;
        let lets_on = match (&percept.purpose, decision) {
            (Purpose::Requests { origin, .. }, Some(decision)) => origin.lets_on(decision),
            _ => true,
        } && !refused
            && !outcome.repeats_held;
        if let Some(until) = outcome.held_until {
            let kept = self.approvals.hold(&percept, &outcome.judged, until);
            self.batch.changes.push(Change::Audit(app::asked(&kept)));
            self.batch.changes.push(Change::Held(Box::new(kept)));
        }
        self.after.acks.push(Ack { client: who.to_owned(), packet_id: sent.packet_id, percept: percept.id, is_lost: sent.loses_ack });
        self.batch.entries.push(Entry { percept, outcome, lets_on, again: false });
        Ok(())
    }

    /// What a message is of, and for; None: it passes without the mind.
    fn means(&self, who: &str, sent: &Sent) -> Option<(EntityId, String, Purpose)> {
        let (topic, inputs) = (sent.topic.as_str(), &self.config.inputs);
        if let Some((entity, kind)) = topic.strip_prefix("jamey/in/").and_then(|rest| rest.split_once('/')) {
            return Some((EntityId::escaped(entity), kind.to_owned(), Purpose::Observation));
        }
        if let Some((target, verb)) = topic.strip_prefix("act/").and_then(|rest| rest.split_once('/')) {
            let target = EntityId::escaped(target);
            let request = Request { target, endpoint: None, verb: Verb(verb.into()), value: None, args: serde_json::Map::new(), id: None };
            return Some((entity(who), "act".into(), Purpose::Requests { origin: Origin::Act, requests: vec![request] }));
        }
        if home_assistant::is_discovery(topic, &inputs.discovery_prefixes, &inputs.zigbee2mqtt) {
            return Some((entity(who), "discovery".into(), Purpose::Discovery));
        }
        match guard::read(self.mind.registry(), &self.guards, topic, &sent.payload, sent.retained) {
            Reading::Requests(requests) => Some((entity(who), "command".into(), Purpose::Requests { origin: Origin::Guard, requests })),
            Reading::Passes | Reading::Unguarded => None,
        }
    }

    /// One input to the mind, written down, and what ends by it.
    pub fn step(&mut self, input: &Input) -> Result<Outcome, Broken> {
        let is_forgotten = matches!(input, Input::Word(word) if word.says == Says::Forget);
        let left_out = self.planted == Planted::LeavesOutAnInput && matches!(input, Input::Recalled { .. } | Input::Forged(_));
        if !is_forgotten && !left_out {
            self.journal.enter(self.mind.state(), input);
        }
        let mut outcome = self.mind.step(input);
        self.seen.update(serde_json::to_vec(&outcome).unwrap());
        for settled in std::mem::take(&mut outcome.settled) {
            self.settle(settled);
        }
        Ok(outcome)
    }

    fn settle(&mut self, settled: Settled) {
        let Some(kept) = self.approvals.settle(settled.id) else { return };
        self.batch.changes.push(Change::Audit(app::ended(&settled)));
        if !settled.judged.is_empty() {
            let outcome = Outcome { judged: settled.judged.clone(), ..Outcome::default() };
            self.batch.entries.push(Entry { percept: kept.percept.clone(), outcome, lets_on: settled.lets_on, again: true });
        }
        if settled.lets_on {
            self.after.released.push((kept.clone(), settled.clone()));
            if self.planted == Planted::ReleasesTwice {
                self.after.released.push((kept, settled.clone()));
            }
        }
        self.batch.changes.push(Change::Settled(Box::new(settled)));
    }

    fn answer(&mut self, by: u8, nth: u8, approves: bool, proof: Proof) -> Result<(), Broken> {
        let by = entity(ANSWERERS[usize::from(by) % ANSWERERS.len()]);
        let shown: Vec<Kept> = if proof == Proof::Old { self.ledger.waited.clone() } else { self.ledger.held.values().cloned().collect() };
        if shown.is_empty() {
            return Ok(());
        }
        let kept = &shown[usize::from(nth) % shown.len()];
        let at = self.now();
        let mut word = Answer {
            at,
            by: by.clone(),
            id: kept.percept.id,
            approves,
            nonce: kept.nonce.clone(),
            sha256: kept.digest(),
            transaction: None,
            void: None,
        };
        match proof {
            Proof::Right | Proof::Old => {}
            Proof::Others => {
                word.sha256 = shown.iter().find(|other| other.percept.id != kept.percept.id).map_or_else(String::new, Kept::digest)
            }
            Proof::Guessed => word.nonce = "0".repeat(32),
        }
        self.ledger.speaks(&by);
        let why = match self.approvals.check(&word) {
            Ok(_) => {
                let waited = kept.clone();
                let outcome = self.step(&Input::Answer(Box::new(word.clone())))?;
                if outcome.unanswered.is_none() {
                    invariants::who_answers_has_read_it(&waited, &word, proof)?;
                }
                outcome.unanswered
            }
            Err(why) => Some(why),
        };
        if let Some(why) = why {
            self.ledger.count("answers refused");
            self.batch.changes.push(Change::Audit(app::refused(&word, why)));
        }
        Ok(())
    }

    fn word(&mut self, about: EntityId, says: Says) -> OwnersWord {
        OwnersWord { id: self.id(), at: self.now(), by: "owner".into(), about, says, transaction: None }
    }

    /// What was told before stands in rows of its own, and so does the forgetting.
    fn forget(&mut self, whom: u8) -> Result<(), Broken> {
        let about = if whom.is_multiple_of(3) { entity("guest") } else { entity(&format!("sensor_{}", whom % 12)) };
        if !self.mind.keeps(&about) && !self.reader().keeps(&about).unwrap() {
            return Ok(());
        }
        self.write_all()?;
        if self.handed.is_some() || !self.batch.entries.is_empty() {
            // The mind waits for the writer, and so does the word.
            return Ok(());
        }
        let word = self.word(about.clone(), Says::Forget);
        self.step(&Input::Word(Box::new(word)))?;
        self.journal.begin_anew();
        self.ledger.forgotten.insert(about.clone());
        self.after.forgets.push(about);
        self.gather_changes();
        self.submit()
    }
}

pub fn entity(name: &str) -> EntityId {
    EntityId::escaped(name)
}

/// Whether what is denied, or waits, was let on.
pub fn goes_on(entry: &Entry) -> bool {
    entry.lets_on && !entry.again && entry.outcome.decision().is_some()
}

/// The gravest word on it.
pub fn is_denied(entry: &Entry) -> bool {
    entry.outcome.decision() == Some(Decision::Deny)
}
