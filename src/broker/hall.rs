//! What all connections share: the config, the way to the mind, the guard as it stands, and the counters.

use super::{beside::Beside, guard::GuardRules, inbox::Inbox, repeats::Voices};
use crate::{
    config::Config,
    domain::{
        DeviceClass, InputSource, Registry, Timestamp, TopicFilter,
        topic::TopicError,
        topics::{self, Topic},
    },
    observe::Counters,
    runtime::Clock,
};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, atomic::AtomicBool};

use tokio::sync::Notify;

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

/// Shared by all connections.
pub struct Hall {
    pub config: Arc<Config>,
    pub inbox: Inbox,
    pub clock: Arc<Clock>,
    pub counters: Arc<Counters>,
    /// Where percepts come from besides `in/…`.
    pub sources: Vec<InputSource>,
    pub voices: Voices,
    /// The store cannot write at present.
    pub store_failing: Box<dyn Fn() -> bool + Send + Sync>,
    /// Made anew at each start; Jamey's own client signs in with it.
    pub own_secret: String,
    /// The client id of Jamey's own client, which nobody can guess.
    pub own_id: String,
    /// Someone subscribed to verdicts: until then none are published.
    pub verdicts_wanted: AtomicBool,
    pub verdict_filter: TopicFilter,
    /// Home Assistant came to life: states are to be told again.
    pub birth: Notify,
    /// Other brokers; set once, before anybody is let in.
    pub beside: OnceLock<Beside>,
    guard: RwLock<Arc<GuardView>>,
}

impl Hall {
    #[allow(clippy::too_many_arguments)] // called once, by the composition root
    /// # Errors
    /// When the root makes no topic filter; a checked config's does.
    pub fn new(
        config: Arc<Config>,
        inbox: Inbox,
        clock: Arc<Clock>,
        counters: Arc<Counters>,
        store_failing: Box<dyn Fn() -> bool + Send + Sync>,
        own_id: String,
        own_secret: String,
        guard: GuardView,
    ) -> Result<Self, TopicError> {
        let sources = config.inputs.sources();
        let verdict_filter = TopicFilter::new(&format!("{}/#", topics::name(&config.root, Topic::Verdict)))?;
        Ok(Self {
            config,
            inbox,
            clock,
            counters,
            sources,
            voices: Voices::default(),
            store_failing,
            own_secret,
            own_id,
            verdicts_wanted: AtomicBool::new(false),
            verdict_filter,
            birth: Notify::new(),
            beside: OnceLock::new(),
            guard: RwLock::new(Arc::new(guard)),
        })
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
