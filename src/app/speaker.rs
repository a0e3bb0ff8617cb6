//! What Jamey says by itself: retained states, coalesced; verdicts as they fall; refusals to those refused.

mod info;
mod pace;
mod told;

use super::{
    alerts::Wire,
    beside,
    figures::Gauge,
    index::Keeper,
    outlets::Waiting,
    phoenix,
    retained::{ALL, Owed},
    tidings,
    view::{self, Said},
};
use crate::{
    broker::{Announcement, Engine, Hall, OwnClient, guard},
    domain::{
        EntityId, Says,
        audit::hex,
        topics::{self, Topic},
    },
    observe::{Complaint, Host},
    runtime::pulse,
    store::StoreHealth,
};
use pace::Pace;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
pub use told::Told;
use told::material;
use uuid::Uuid;

/// At most one publish a topic in this time.
const COALESCE: Duration = Duration::from_millis(500);
/// An entity's state at most once in this time, and only when it moved.
const ENTITY_EVERY: Duration = Duration::from_secs(60);
/// Whether it is there is told sooner: a person waits for it. A device that comes and goes costs the disk a sync each time.
const LIVENESS_EVERY: Duration = Duration::from_secs(5);
/// Entities told of at one beat: each is a retained value and costs the disk a sync, and who makes up a thousand names a second must not
/// have each of them written down. The others wait, and those who left by then are not told of at all.
const ENTITIES_A_BEAT: usize = 64;
/// By how much an expectation must move to be told again.
const MATERIAL: f64 = 0.02;
/// Anyone may say that Home Assistant came to life; it is believed so often.
const BIRTH_EVERY: Duration = Duration::from_secs(30);
/// How often the host's figures are told.
const SYSTEM_EVERY: Duration = Duration::from_secs(10);
/// Answers that are not ready so long after the stop are not given.
const REPLIES: Duration = Duration::from_secs(1);

/// The one who speaks.
pub struct Speaker {
    pub own: OwnClient,
    pub hall: Arc<Hall>,
    pub engine: Arc<Engine>,
    pub health: Arc<StoreHealth>,
    pub info: Value,
    pub said: mpsc::Receiver<Said>,
    pub complaints: mpsc::Receiver<Complaint>,
    /// What waits for a person's word.
    pub waiting: watch::Receiver<Waiting>,
    /// What is to be said of alerts.
    pub alerts: Wire,
    /// How snapshots stand.
    pub phoenix: watch::Receiver<Arc<phoenix::News>>,
    /// Who has which of them.
    pub carried: watch::Receiver<phoenix::courier::Carried>,
    /// Memory's figures.
    pub gauge: Arc<Mutex<Gauge>>,
    pub keeper: Keeper,
    /// Retained commands that are to be judged.
    pub owed: Arc<Owed>,
    /// Entities that were known when the house was started.
    pub known: BTreeSet<EntityId>,
    pub stop: watch::Receiver<bool>,
}

/// What is to be done next.
enum Next {
    Said(Box<Said>),
    /// Something waits for a person's word, or no longer.
    Waiting,
    Complaint(Complaint),
    Beat,
    System,
    Birth,
    Stop,
}

impl Speaker {
    /// Speaks until told to stop. What was told, and what is to be, outlives a fall.
    pub async fn speak(&mut self, told: &mut Told) {
        let root = self.hall.config.root.clone();
        let mut host = Host::default();
        let mut birth = self.hall.birth.subscribe();
        let mut beat = interval(COALESCE);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut system = interval(SYSTEM_EVERY);
        let mut pace = Pace::default();
        system.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.say(topics::name(&root, Topic::Status), b"online".to_vec(), 1, true).await;
        if !told.begun {
            self.begin(&root, told).await;
            told.begun = true;
        }
        // Approvals that an earlier run left standing are settled or told anew.
        let approvals = self.engine.retained(&format!("{}/#", topics::name(&root, Topic::Approval))).await;
        let id = |topic: &str| topic.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok());
        let mut waiting: BTreeMap<Uuid, Value> = approvals.iter().filter_map(|(topic, _)| Some((id(topic)?, Value::Null))).collect();
        self.tell_waiting(&root, &mut waiting).await;
        told.next.insert(topics::name(&root, Topic::Info), self.info.to_string().into_bytes());
        loop {
            pulse::waits();
            let next = tokio::select! {
                said = self.said.recv() => said.map_or(Next::Stop, |said| Next::Said(Box::new(said))),
                Ok(()) = self.waiting.changed() => Next::Waiting,
                Some(complaint) = self.complaints.recv() => Next::Complaint(complaint),
                _ = beat.tick() => Next::Beat,
                _ = system.tick() => Next::System,
                Ok(()) = birth.changed() => Next::Birth,
                _ = self.stop.changed() => Next::Stop,
            };
            pulse::works().await;
            match next {
                Next::Said(said) => self.hear(&root, told, *said).await,
                Next::Waiting => self.tell_waiting(&root, &mut waiting).await,
                Next::Complaint(complaint) => self.reply(&root, &complaint).await,
                Next::Beat => self.flush(&root, told).await,
                Next::System => {
                    let figures = self.figures(&mut host, &mut pace).await;
                    self.say(topics::name(&root, Topic::System), figures.to_string().into_bytes(), 0, true).await;
                    self.hall.views.tell("system", figures);
                }
                Next::Birth => {
                    if told.born.is_some_and(|at| at.elapsed() < BIRTH_EVERY) {
                        continue;
                    }
                    told.born = Some(Instant::now());
                    // Entities are many. All are retained already: once more they would cost the disk a sync each.
                    let states: Vec<_> = told.last.iter().map(|(t, p)| (t.clone(), p.clone())).collect();
                    for (topic, payload) in states {
                        self.say(topic, payload, 1, false).await;
                    }
                }
                Next::Stop => break,
            }
        }
        // What was told last is that it stops.
        while let Ok(said) = self.said.try_recv() {
            self.hear(&root, told, said).await;
        }
        self.flush(&root, told).await;
        let _ = timeout(REPLIES, async { while told.replies.join_next().await.is_some() {} }).await;
    }

    /// What an earlier run left standing, and is no longer so, is taken back.
    async fn begin(&self, root: &str, told: &mut Told) {
        for (topic, _) in self.engine.retained(&topics::name(root, Topic::Shadow)).await {
            told.next.insert(topic, Vec::new());
        }
        // Who was forgotten while nobody spoke is spoken of no more.
        let below = format!("{}/", topics::name(root, Topic::Entity));
        for (topic, _) in self.engine.retained(&format!("{below}#")).await {
            let entity = topic.strip_prefix(&below).and_then(|id| EntityId::new(id).ok());
            match entity {
                Some(id) if self.known.contains(&id) => drop(told.standing.insert(topic)),
                _ => drop(told.next.insert(topic, Vec::new())),
            }
        }
        // What Jamey is not for any more is told no more.
        let below = topics::mission(root, "");
        for (topic, _) in self.engine.retained(&format!("{below}#")).await {
            if !self.hall.config.missions.iter().any(|m| m.aim.is_some() && topic.strip_prefix(&below) == Some(&m.id)) {
                told.next.insert(topic, Vec::new());
            }
        }
    }

    fn is_guarded(&self, topic: &str) -> bool {
        let guard = self.hall.guard();
        guard::is_guarded(&guard.registry, &guard.rules, topic)
    }

    /// What waits stands retained, and nothing else does; `told` is what others see now.
    async fn tell_waiting(&mut self, root: &str, told: &mut BTreeMap<Uuid, Value>) {
        let waiting = self.waiting.borrow_and_update().clone();
        let over: Vec<Uuid> = told.keys().filter(|id| !waiting.contains_key(id)).copied().collect();
        for id in over {
            told.remove(&id);
            self.say(topics::approval(root, id), Vec::new(), 1, true).await;
        }
        for (id, document) in waiting.iter() {
            if told.get(id) != Some(document) {
                told.insert(*id, document.clone());
                self.say(topics::approval(root, *id), document.to_string().into_bytes(), 1, true).await;
            }
        }
    }

    async fn hear(&mut self, root: &str, told: &mut Told, said: Said) {
        match said {
            Said::Verdicts(spoken, judged) => {
                for one in &judged {
                    let payload = view::verdict(&spoken, one).to_string().into_bytes();
                    if let Some((topic, correlation)) = &spoken.respond_to {
                        let correlation = Some(correlation.clone());
                        self.own
                            .publish(Announcement { topic: topic.clone(), payload: payload.clone(), qos: 1, retain: false, correlation })
                            .await;
                    }
                    if self.hall.verdicts_wanted.load(Ordering::Relaxed) {
                        self.say(topics::of_entity(root, Topic::Verdict, &spoken.entity), payload, 1, false).await;
                    }
                }
            }
            Said::State { emotion, told: news, opinions } => {
                told.next.insert(topics::name(root, Topic::Emotion), emotion.to_string().into_bytes());
                told.next.extend(news.into_iter().map(|(of, view)| (view::topic(root, &of), view.to_string().into_bytes())));
                told.opinions.extend(opinions.into_iter().map(|o| (o.entity.clone(), o)));
            }
            Said::Shadow(tally) => {
                told.next.insert(topics::name(root, Topic::Shadow), tally.map_or_else(Vec::new, |t| t.to_string().into_bytes()));
            }
            Said::Settled { entity, respond_to, verdicts } => {
                for verdict in verdicts {
                    let payload = verdict.to_string().into_bytes();
                    // It may be a command's topic since it was asked for.
                    if let Some((topic, correlation)) = respond_to.as_ref().filter(|(topic, _)| !self.is_guarded(topic)) {
                        let (topic, correlation) = (topic.clone(), Some(correlation.clone()));
                        self.own.publish(Announcement { topic, payload: payload.clone(), qos: 1, retain: false, correlation }).await;
                    }
                    if self.hall.verdicts_wanted.load(Ordering::Relaxed) {
                        self.say(topics::of_entity(root, Topic::Verdict, &entity), payload, 1, false).await;
                    }
                }
            }
            Said::Answered { id, transaction, taken } => {
                let reply = match taken {
                    Ok(()) => json!({"v": 1, "status": "ok", "id": id, "transaction": transaction}),
                    Err(why) => json!({"v": 1, "status": "error", "id": id, "transaction": transaction, "error": why.to_string()}),
                };
                self.say(topics::reply(root, "approval"), reply.to_string().into_bytes(), 1, false).await;
            }
            Said::Word { word, taken, now } => {
                let reply = super::words::told(&word, &taken, now.as_deref());
                if taken.is_ok() && word.says == Says::Forget {
                    self.engine.clear_inputs_of(&word.about).await;
                }
                let (data, keeper, own) = (self.hall.config.store.data.clone(), self.keeper.clone(), self.own.clone());
                let topic = topics::reply(root, word.says.verb());
                while told.replies.try_join_next().is_some() {}
                // To write the index without somebody may take minutes: nobody else waits for that.
                told.replies.spawn(async move {
                    let reply = tokio::task::spawn_blocking(move || {
                        super::words::purge(&data, &keeper, &word);
                        super::words::with_counts(&data, &word, reply)
                    });
                    let payload = reply.await.unwrap_or_default().to_string().into_bytes();
                    own.publish(Announcement { topic, payload, qos: 1, retain: false, correlation: None }).await;
                });
            }
            Said::Gone(entities) => {
                for entity in entities {
                    told.entities.remove(&entity);
                    told.opinions.remove(&entity);
                    let topic = topics::of_entity(root, Topic::Entity, &entity);
                    // What was never told is not taken back.
                    if told.standing.contains(&topic) {
                        told.next.insert(topic, Vec::new());
                    } else {
                        told.next.remove(&topic);
                    }
                }
            }
            Said::Unchanged(states) => {
                for (topic, payload) in states {
                    // It was a state when it was told; it must not be a command now.
                    if !self.is_guarded(&topic) {
                        self.engine.tell_unchanged(topic, payload).await;
                    }
                }
            }
            Said::NewlyGuarded(topics) => {
                topics.iter().for_each(|topic| self.owed.owe(topic));
            }
        }
    }

    /// Tells what changed since the last beat, and the alerts that begin, change or end.
    async fn flush(&mut self, root: &str, told: &mut Told) {
        let failing = self.hall.failing();
        if failing && !told.failing {
            // The mind takes nothing until it can be stored, and so cannot tell of it itself.
            told.is_degraded(root, "the store cannot write");
        }
        told.failing = failing;
        let guard = self.hall.guard();
        if guard.off_until != told.break_glass {
            told.break_glass = guard.off_until;
            if guard.off_until.is_none() && guard.enforce {
                self.owed.owe(ALL);
            }
        }
        self.tell_info(root, told);
        told.next.append(&mut self.alerts.lock().unwrap_or_else(PoisonError::into_inner));
        if self.phoenix.has_changed().unwrap_or(false) || self.carried.has_changed().unwrap_or(false) {
            let news = Arc::clone(&self.phoenix.borrow_and_update());
            let mut state = news.state.clone();
            let carried = self.carried.borrow_and_update().told();
            // There is none before the repositories were looked at.
            if let Some(map) = state.as_object_mut() {
                map.extend(carried.map(|carried| ("courier".to_owned(), carried)));
                told.next.insert(topics::name(root, Topic::Phoenix), state.to_string().into_bytes());
                self.hall.views.tell("phoenix/snapshots", json!(news.snapshots));
                self.hall.views.tell("phoenix/state", state);
            }
        }
        if let Some(head) = self.health.audit_head() {
            let head = json!({"v": 1, "seq": head.seq, "hash": hex(&head.hash), "at": head.at.to_string()});
            told.next.insert(topics::name(root, Topic::AuditHead), head.to_string().into_bytes());
        }
        if let Some(others) = self.hall.beside.get() {
            told.next.extend(beside::told(root, others, self.hall.clock.now()));
        }
        told.tell_opinions(root);
        let entities = format!("{}/", topics::name(root, Topic::Entity));
        // Each is let go of when it was said: a fall between the two says it twice.
        while let Some((topic, payload)) = told.next.first_key_value().map(|(topic, payload)| (topic.clone(), payload.clone())) {
            pulse::within().await;
            // Of entities it was looked at before whether it is news; they are too many to keep what was told.
            let is_entity = topic.starts_with(&entities);
            if is_entity || told.last.get(&topic).is_none_or(|last| material(last) != material(&payload)) {
                self.say(topic.clone(), payload.clone(), 1, true).await;
                match (is_entity, payload.is_empty()) {
                    (true, true) => drop(told.standing.remove(&topic)),
                    (true, false) => drop(told.standing.insert(topic.clone())),
                    (false, true) => drop(told.last.remove(&topic)),
                    (false, false) => drop(told.last.insert(topic.clone(), payload)),
                }
            }
            told.next.remove(&topic);
        }
    }

    async fn reply(&self, root: &str, complaint: &Complaint) {
        let payload = json!({"v": 1, "status": "error", "error": complaint.why, "client": complaint.client, "topic": complaint.topic});
        self.say(topics::reply(root, "in"), payload.to_string().into_bytes(), 1, false).await;
    }

    async fn figures(&self, host: &mut Host, pace: &mut Pace) -> Value {
        let mut figures = host.read();
        if let Some(map) = figures.as_object_mut() {
            let counters = &self.hall.counters;
            map.insert("v".into(), json!(1));
            map.insert("at".into(), json!(self.hall.clock.now().to_string()));
            map.insert("uptime_seconds".into(), json!(self.hall.clock.uptime().as_secs()));
            map.insert("messages".into(), json!(counters.messages()));
            map.insert("connections".into(), json!(counters.connections()));
            map.insert("inbox_messages".into(), json!(self.hall.inbox.waiting()));
            map.insert("retained_messages".into(), json!(self.engine.retained_count().await));
            map.insert("retained_bytes".into(), json!(self.engine.retained_bytes()));
            map.insert("refused".into(), json!(counters.refusals()));
            map.extend(pace.judged(counters, self.hall.clock.uptime()));
            map.insert("memory".into(), self.memory().await);
            let store = self.health.now();
            map.insert(
                "store".into(),
                json!({
                    "failing": store.failing, "error": store.error, "failures": store.failures, "batches": store.batches, "entries": store.entries,
                    "write_p50_micros": store.write_p50_micros, "write_p99_micros": store.write_p99_micros,
                    "wal_bytes": store.wal_bytes, "checkpoints": store.checkpoints, "restarts": store.restarts,
                }),
            );
        }
        figures
    }

    async fn memory(&self) -> Value {
        let gauge = Arc::clone(&self.gauge);
        let read = tokio::task::spawn_blocking(move || gauge.lock().unwrap_or_else(PoisonError::into_inner).read());
        read.await.unwrap_or_default()
    }

    async fn say(&self, topic: String, payload: Vec<u8>, qos: u8, retain: bool) {
        if retain {
            tidings::state(&self.hall, &topic, &payload);
        }
        self.own.publish(Announcement { topic, payload, qos, retain, correlation: None }).await;
    }
}
