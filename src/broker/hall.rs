//! What all connections share: the config, the way to the mind, the guard as it stands, and the counters.

use super::{
    audits::Audits,
    beside::Beside,
    desk::Desk,
    errands::Errands,
    guard::GuardRules,
    inbox::Inbox,
    limits::Limits,
    login::{Owners, Passwords},
    orders::{Bearing, Orders},
    recalls::Recalls,
    repeats::Voices,
    tls::Tls,
};
use crate::{
    config::Config,
    domain::{
        Acl, DeviceClass, InputSource, People, Registry, Timestamp, TopicFilter,
        topic::TopicError,
        topics::{self, Topic},
    },
    observe::{Alerts, Counters, Incidents, Patience, Pulses, Views, news::News},
    runtime::Clock,
};
use std::{
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

/// The guard at one moment. Replaced whole when the mind's registry changes, before the sender of the change is answered.
#[derive(Debug, Clone, Default)]
pub struct GuardView {
    pub registry: Registry,
    pub rules: GuardRules,
    /// Guards hold what the conscience refuses; else they only report it.
    pub enforce: bool,
    /// Break-glass: until then nothing is held, whatever `enforce` says.
    pub off_until: Option<Timestamp>,
}

/// Who may come in and what they may. Replaced whole when users or access lists change.
#[derive(Debug, Clone, Default)]
pub struct Door {
    pub people: People,
    pub acl: Acl,
    /// Grows with each change.
    pub epoch: u64,
}

/// Shared by all connections.
pub struct Hall {
    pub config: Arc<Config>,
    pub inbox: Inbox,
    /// The config as it holds now: `config` is that of the start.
    pub live: watch::Sender<Arc<Config>>,
    pub clock: Arc<Clock>,
    pub counters: Arc<Counters>,
    /// What is wrong now, as people are told it.
    pub alerts: Alerts,
    /// What strangers tried lately.
    pub incidents: Incidents,
    /// Whether the parts of the house live.
    pub pulses: Pulses,
    /// What readers see.
    pub views: Views,
    /// What happened lately, for those who listen by HTTP.
    pub news: Arc<News>,
    /// Where percepts come from besides `in/…`.
    pub sources: Vec<InputSource>,
    pub voices: Voices,
    /// Where questions to memory are handed in.
    pub recalls: Recalls,
    /// Where what is wanted of Phoenix is handed in.
    pub errands: Errands,
    /// Where it is heard what came of an owner's word.
    pub desk: Desk,
    /// Where orders to Jamey itself are handed in.
    pub orders: Orders,
    /// How strictly the conscience judges now.
    pub bearing: watch::Sender<Bearing>,
    pub(super) limits: Limits,
    pub(super) audits: Audits,
    /// The store cannot write at present.
    pub store_failing: Box<dyn Fn() -> bool + Send + Sync>,
    /// Made anew at each start; Jamey's own client signs in with it.
    pub own_secret: String,
    /// The client id of Jamey's own client, which nobody can guess.
    pub own_id: String,
    /// What is damaged in the database.
    pub damage: OnceLock<Damage>,
    /// What of the mind's state could not be read at the start.
    pub aside: OnceLock<String>,
    /// What is wrong with the audit trail.
    pub audit_wrong: OnceLock<String>,
    /// Someone subscribed to verdicts: until then none are published.
    pub verdicts_wanted: AtomicBool,
    pub verdict_filter: TopicFilter,
    /// Home Assistant came to life: states are to be told again. False until it did for the first time.
    pub birth: watch::Sender<bool>,
    pub passwords: Passwords,
    pub owners: Owners,
    /// Other brokers; set once, before anybody is let in.
    pub beside: OnceLock<Beside>,
    /// What HTTP has of TLS: it knows which certificates were taken back.
    pub visitors_tls: OnceLock<Arc<Tls>>,
    guard: RwLock<Arc<GuardView>>,
    door: RwLock<Arc<Door>>,
    epoch: AtomicU64,
}

/// What is damaged, and what brings it back.
#[derive(Debug)]
pub struct Damage {
    pub found: String,
    pub to_do: String,
}

impl Hall {
    #[allow(clippy::too_many_arguments)] // called once, by the composition root
    /// # Errors
    /// When the root makes no topic filter; a checked config's does.
    pub fn new(
        config: Arc<Config>,
        inbox: Inbox,
        recalls: Recalls,
        clock: Arc<Clock>,
        counters: Arc<Counters>,
        store_failing: Box<dyn Fn() -> bool + Send + Sync>,
        own_id: String,
        own_secret: String,
        guard: GuardView,
        door: Door,
    ) -> Result<Self, TopicError> {
        let sources = config.sources();
        let verdict_filter = TopicFilter::new(&format!("{}/#", topics::name(&config.root, Topic::Verdict)))?;
        let limits = Limits::new(&config.limits, config.http.connections_per_address);
        let seconds = |n: u32| Duration::from_secs(n.into());
        let patience = Patience { raise: seconds(config.alerts.raise_seconds), clear: seconds(config.alerts.clear_seconds) };
        let bearing = Bearing { profile: config.conscience.profile, strictness: config.conscience.strictness };
        Ok(Self {
            limits,
            live: watch::Sender::new(Arc::clone(&config)),
            config,
            inbox,
            recalls,
            errands: Errands::default(),
            desk: Desk::default(),
            orders: Orders::default(),
            bearing: watch::Sender::new(bearing),
            clock,
            counters,
            alerts: Alerts::new(patience),
            incidents: Incidents::default(),
            pulses: Pulses::default(),
            views: Views::default(),
            news: Arc::default(),
            sources,
            voices: Voices::default(),
            audits: Audits::default(),
            store_failing,
            damage: OnceLock::new(),
            aside: OnceLock::new(),
            audit_wrong: OnceLock::new(),
            own_secret,
            own_id,
            verdicts_wanted: AtomicBool::new(false),
            verdict_filter,
            birth: watch::Sender::new(false),
            passwords: Passwords::default(),
            owners: Owners::default(),
            beside: OnceLock::new(),
            visitors_tls: OnceLock::new(),
            guard: RwLock::new(Arc::new(guard)),
            epoch: AtomicU64::new(door.epoch),
            door: RwLock::new(Arc::new(door)),
        })
    }

    /// The config as it holds now.
    #[must_use]
    pub fn live(&self) -> Arc<Config> {
        Arc::clone(&self.live.borrow())
    }

    #[must_use]
    pub fn guard(&self) -> Arc<GuardView> {
        Arc::clone(&self.guard.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the guard, for every PUBLISH from now on.
    pub fn change_guard(&self, change: impl FnOnce(&mut GuardView)) {
        let mut guard = self.guard.write().unwrap_or_else(PoisonError::into_inner);
        let mut view = GuardView::clone(&guard);
        change(&mut view);
        *guard = Arc::new(view);
    }

    #[must_use]
    pub fn door(&self) -> Arc<Door> {
        Arc::clone(&self.door.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which door stands now: a connection that knows it need not look at it again.
    #[must_use]
    pub fn door_epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Changes who may come in, for every packet from now on.
    pub fn change_door(&self, change: impl FnOnce(&mut Door)) {
        let mut door = self.door.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Door::clone(&door);
        change(&mut next);
        next.epoch = door.epoch + 1;
        self.epoch.store(next.epoch, Ordering::Release);
        *door = Arc::new(next);
    }

    #[must_use]
    pub fn failing(&self) -> bool {
        (self.store_failing)()
    }
}

impl GuardView {
    /// Whether refused commands are held now.
    #[must_use]
    pub fn enforces(&self, now: Timestamp) -> bool {
        self.enforce && self.off_until.is_none_or(|until| now >= until)
    }

    /// The risk of a request's target: what the registry says, else that of a device nobody described.
    #[must_use]
    pub fn risk(&self, request: &crate::domain::Request) -> f64 {
        self.registry.device(&request.target).map_or(DeviceClass::Unknown.risk(), |d| d.risk_of(&request.verb.0)).get()
    }
}
