//! The lookout: gathers at each beat all that is wrong in the house, has the book make alerts of it, and says what became of each.

mod availability;
mod causes;
mod clock;
mod disk;
mod latch;
mod pace;
mod samples;
mod security;

pub use samples::{Sample, free, watch as sample};

use super::{
    doors::Trouble,
    orders::{self, Choices},
    outlets::{Alarms, Due},
    phoenix,
    reload::Wrong,
    slow::Slow,
    trial,
    upkeep::Upkeeper,
    webhook::Webhooks,
};
use crate::{
    broker::{Engine, Hall, OwnClient},
    config::Config,
    domain::{
        Alarm, Timestamp,
        topics::{self, Topic},
    },
    observe::{Turn, alerts::told, log},
    runtime::{Supervisor, pulse},
    store::StoreHealth,
};
use availability::Parts;
use pace::Reading;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

/// At most one turn of an alert in this time, as with other states.
const BEAT: Duration = Duration::from_millis(500);

/// Causes by code.
pub type Causes = BTreeMap<String, Alarm>;
/// What is to be said of alerts, the newest by topic; empty: it is over.
pub type Wire = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Where the causes are told.
pub struct Sources {
    pub certificates: watch::Receiver<Option<Trouble>>,
    /// Duties that are due.
    pub due: watch::Receiver<Due>,
    /// Who fell silent.
    pub silent: watch::Receiver<Due>,
    /// What is wrong with the mind and its mission.
    pub alarms: watch::Receiver<Alarms>,
    /// What is wrong with the newest config or rules.
    pub wrong: watch::Receiver<Option<Wrong>>,
    /// Why the newest access lists cannot be used.
    pub lists: watch::Receiver<Option<String>>,
    /// The config as it holds.
    pub live: watch::Receiver<Arc<Config>>,
    /// How snapshots stand.
    pub phoenix: watch::Receiver<Arc<phoenix::News>>,
    /// Who has which of them.
    pub carried: watch::Receiver<phoenix::courier::Carried>,
    pub samples: watch::Receiver<Sample>,
    pub health: Arc<StoreHealth>,
    pub upkeeper: Upkeeper,
    pub supervisor: Supervisor,
    pub own: OwnClient,
    /// What was chosen while Jamey ran.
    pub choices: Arc<Choices>,
    /// What of the rules that were set while it ran is milder than the config, and since when.
    pub own_rules: watch::Receiver<Option<(Timestamp, String)>>,
    pub log: log::Running,
    /// What of the config is milder than at the start, and since when that was seen.
    pub relaxed: watch::Receiver<Option<(Timestamp, String)>>,
}

/// The one who looks.
pub struct Lookout {
    hall: Arc<Hall>,
    engine: Arc<Engine>,
    sources: Sources,
    webhooks: Webhooks,
    slow: Slow,
    slow_text: Option<String>,
    /// What of the choices is milder than the config, as it was seen last.
    milder: Option<(Timestamp, String)>,
    disk: disk::Disk,
    clock: clock::Watch,
    pace: pace::Pace,
    wary: security::Wary,
    leap: Option<(i64, u64)>,
    /// What stood before the start was taken over.
    remembers: bool,
}

impl Lookout {
    pub fn new(hall: Arc<Hall>, engine: Arc<Engine>, sources: Sources, webhooks: Webhooks) -> Self {
        Self {
            hall,
            engine,
            sources,
            webhooks,
            slow: Slow::default(),
            slow_text: None,
            milder: None,
            disk: disk::Disk::default(),
            clock: clock::Watch::default(),
            pace: pace::Pace::default(),
            wary: security::Wary::default(),
            leap: trial::leap(),
            remembers: false,
        }
    }

    /// Looks until told to stop. It has a task of its own: who cannot publish can still be told of by a webhook.
    pub async fn watch(&mut self, wire: Wire, mut stopped: watch::Receiver<bool>) {
        if !std::mem::replace(&mut self.remembers, true) {
            self.remember(&wire).await;
        }
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pulse::waits();
            tokio::select! {
                _ = beat.tick() => {}
                _ = stopped.changed() => return,
            }
            pulse::works().await;
            self.look(&wire);
        }
    }

    /// Alerts of an earlier run stand until their causes had time to be seen; what is none is taken off its topic.
    async fn remember(&self, wire: &Wire) {
        let root = &self.hall.config.root;
        let mut stood = Vec::new();
        for (topic, payload) in self.engine.retained(&format!("{}/#", topics::name(root, Topic::Alert))).await {
            match told::remembered(root, &topic, &payload) {
                Some(alert) => stood.push(alert),
                None => drop(wire.lock().unwrap_or_else(PoisonError::into_inner).insert(topic, Vec::new())),
            }
        }
        let codes = stood.iter().map(|alert| alert.code.clone()).collect();
        self.hall.alerts.remember(stood);
        self.webhooks.reconcile(&codes, &self.hall.clock);
    }

    fn look(&mut self, wire: &Wire) {
        if self.sources.live.has_changed().unwrap_or(false) {
            let live = Arc::clone(&self.sources.live.borrow_and_update());
            self.webhooks.change(&live, &self.hall.alerts.page(), &self.hall.clock);
        }
        let causes = self.gather();
        let turns = self.hall.alerts.look(self.hall.clock.uptime(), &causes);
        self.webhooks.tell(&turns, &self.hall.clock);
        let said = |turn: Turn| {
            let alert = turn.alert();
            let payload = if turn.stands() { told::payload(alert).to_string().into_bytes() } else { Vec::new() };
            (topics::alert(&self.hall.config.root, &alert.code), payload)
        };
        wire.lock().unwrap_or_else(PoisonError::into_inner).extend(turns.into_iter().map(said));
    }

    fn gather(&mut self) -> Causes {
        let (hall, sources) = (&self.hall, &self.sources);
        let (now, up) = (hall.clock.now(), hall.clock.uptime());
        let mut all = Causes::new();
        if let Some(slow) = self.slow.look(&hall.counters, Instant::now()) {
            self.slow_text = slow;
        }
        causes::house(hall, now, &mut all);
        if let Some(holds) = sources.choices.seen() {
            self.milder = orders::milder(&holds);
        }
        let milder = causes::together(self.milder.as_ref(), sources.own_rules.borrow().as_ref());
        causes::choices(milder.as_ref(), sources.relaxed.borrow().as_ref(), sources.choices.is_damaged(), now, &mut all);
        all.extend(self.slow_text.as_deref().map(|text| causes::slow(text, now)));
        all.extend(sources.certificates.borrow().as_ref().map(|trouble| causes::certificates(trouble, now)));
        all.extend(sources.wrong.borrow().as_ref().map(|wrong| causes::refused(wrong, now)));
        all.extend(sources.lists.borrow().as_ref().map(|text| causes::lists(text, now)));
        causes::duties(&sources.due.borrow(), &mut all);
        causes::silences(&sources.silent.borrow(), &mut all);
        causes::known(&sources.alarms.borrow(), &mut all);
        causes::known(&sources.phoenix.borrow().alarms, &mut all);
        all.extend(sources.carried.borrow().alarms());
        all.extend(hall.audit_wrong.get().map(|found| security::audit(found, now)));
        all.extend(sources.upkeeper.shortage().map(|text| causes::room(text, now)));
        all.extend(sources.log.trouble().map(|text| causes::log(&text, now)));
        causes::fallen(&sources.supervisor.fallen(), now, &mut all);
        self.webhooks.alarms(up, now, &mut all);
        self.measure(now, up, &mut all);
        all
    }

    /// What has thresholds: room, pace, memory, the clock, and what strangers try.
    fn measure(&mut self, now: Timestamp, up: Duration, all: &mut Causes) {
        let (hall, sources) = (&self.hall, &self.sources);
        let live = hall.live();
        let limits = &live.alerts;
        let sample = *sources.samples.borrow();
        let scarce = sample.free.and_then(|free| self.disk.look(free, up, limits));
        all.extend(scarce.map(|scarce| causes::disk(scarce, now)));
        let big = sample.resident.is_some_and(|resident| self.pace.is_big(resident, limits));
        all.extend(big.then(|| causes::memory(limits.memory_mb, now)));
        let reading = Reading {
            writes: sources.health.written().classes,
            answers: hall.counters.judged_times().classes,
            inbox: hall.inbox.waiting(),
        };
        all.extend(self.pace.look(up, reading, limits).map(|text| causes::performance(&text, now)));
        let leapt = self.leap.filter(|(_, after)| up >= Duration::from_secs(*after)).map_or(0, |(seconds, _)| seconds);
        self.clock.look(up, hall.clock.wall().plus_seconds(leapt), now, limits.clock_seconds, all);
        self.wary.look(hall.incidents.lately(up), now, limits, all);
        let parts = Parts {
            up,
            ticked: hall.pulses.ticked(),
            waits_for_store: hall.failing(),
            own_client: sources.own.is_connected(),
            ailing: hall.pulses.ailing(),
        };
        availability::look(parts, now, all);
    }
}
