//! The engine behind its seam: `mqtt5`'s router, sessions and connection handler, and nothing else of it.

use super::{
    access,
    beside::{Passing, Side},
    door,
    entrance::Entrance,
    hall::Hall,
    limits::{Keeper, Pace, Patience, recount},
    line::{Bounds, Ear, Line, LineControl},
    visit::Visit,
};
use crate::domain::{EntityId, Timestamp};
use bytes::Bytes;
use mqtt5::{
    QoS,
    broker::{
        BrokerConfig, DynamicStorage, FileBackend, ResourceLimits, ResourceMonitor,
        client_handler::ClientHandler,
        router::MessageRouter,
        storage::{QueueLimits, StorageBackend},
        sys_topics::BrokerStats,
        transport::BrokerTransport,
    },
    packet::publish::PublishPacket,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, broadcast, mpsc, watch},
};
use tracing::{debug, warn};

/// A running engine.
pub struct Engine {
    pub(super) hall: Arc<Hall>,
    base: BrokerConfig,
    pub(super) router: Arc<MessageRouter>,
    pub(super) storage: Arc<DynamicStorage>,
    stats: Arc<BrokerStats>,
    monitor: Arc<ResourceMonitor>,
    pub(super) shutdown: broadcast::Sender<()>,
    /// Held by every connection: when the last one is gone, receiving ends.
    pub(super) open: mpsc::Sender<()>,
    pub(super) places: Arc<Semaphore>,
    seats: Mutex<BTreeMap<String, Seat>>,
}

/// The connection that holds a client id now.
pub(super) struct Seat {
    control: Arc<LineControl>,
    /// Closed when the engine has taken leave of it.
    taken: watch::Receiver<()>,
    pub(super) visit: Option<Arc<Visit>>,
    pub(super) since: Timestamp,
}

/// Expired sessions, retained values and queues are swept so often.
const SWEEP: Duration = Duration::from_secs(600);
/// How long a client that connects again waits to see whether its earlier connection has ended.
const GLANCE: Duration = Duration::from_millis(3);
/// How long open connections may take to end.
const FAREWELL: Duration = Duration::from_secs(5);
/// What was said last has been routed, and lies with the connections' own tasks: the time that these get to write it, before they are told to end.
const LAST_WORDS: Duration = Duration::from_millis(200);

impl Engine {
    /// Opens sessions, queues and retained values in `folder` and brings them back to life.
    ///
    /// # Errors
    /// When the folder cannot be used or its files cannot be read.
    pub async fn start(hall: Arc<Hall>, folder: &Path) -> mqtt5::Result<(Self, mpsc::Receiver<()>)> {
        let limits = &hall.config.limits;
        let queue = QueueLimits { max_messages: limits.queued_messages, max_bytes: limits.queued_bytes };
        let storage = Arc::new(DynamicStorage::File(FileBackend::with_queue_limits(folder, queue).await?));
        let mut base = BrokerConfig::default();
        base.bind_addresses.clear();
        base.max_clients = hall.config.broker.max_connections;
        base.max_packet_size = hall.config.broker.max_packet_bytes;
        base.session_expiry_interval = Duration::from_secs(u64::from(hall.config.broker.keep_sessions_seconds));
        base.sys_topics_enabled = false;
        base.max_subscriptions_per_client = limits.subscriptions;
        base.max_outbound_inflight = limits.in_flight;
        // What waits for a client that is there has a lane of its own before the queue.
        base.client_channel_capacity = limits.queued_messages.min(base.client_channel_capacity);
        let router = Arc::new(
            MessageRouter::with_storage(Arc::clone(&storage))
                .with_fallback_queue_limits(queue)
                // Ours come first and are counted; this one is for what they do not see: wills that come true together.
                .with_retained_limits(limits.retained_messages + hall.config.broker.max_connections, 0)
                .with_event_handler(Arc::new(Keeper(Arc::clone(&hall)))),
        );
        router.recover_sessions(hall.config.broker.keep_sessions_seconds).await?;
        storage.cleanup_expired().await?;
        router.initialize().await?;
        recount(&hall, &router).await;
        // The engine's own limits stand far beyond ours: our places are counted at accept.
        let monitor = Arc::new(ResourceMonitor::new(ResourceLimits {
            max_connections: hall.config.broker.max_connections + 8,
            max_connections_per_ip: hall.config.broker.max_connections + 8,
            max_message_rate_per_client: 0,
            max_bandwidth_per_client: 0,
            max_connection_rate: u32::MAX,
            rate_limit_window: Duration::from_secs(1),
        }));
        let (shutdown, _) = broadcast::channel(1);
        let (open, closed) = mpsc::channel(1);
        let places = Arc::new(Semaphore::new(hall.config.broker.max_connections));
        let engine = Self {
            hall,
            base,
            router,
            storage,
            stats: Arc::new(BrokerStats::new()),
            monitor,
            shutdown,
            open,
            places,
            seats: Mutex::default(),
        };
        engine.sweep();
        Ok((engine, closed))
    }

    /// Messages that went to clients so far, and the bytes that they carried.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        (self.stats.publish_sent.load(Ordering::Relaxed), self.stats.bytes_sent.load(Ordering::Relaxed))
    }

    fn sweep(&self) {
        let (storage, router, mut shutdown) = (Arc::clone(&self.storage), Arc::clone(&self.router), self.shutdown.subscribe());
        let (monitor, hall) = (Arc::clone(&self.monitor), Arc::clone(&self.hall));
        tokio::spawn(async move {
            let mut every = tokio::time::interval(SWEEP);
            every.tick().await;
            loop {
                tokio::select! {
                    _ = every.tick() => {
                        if let Err(error) = storage.cleanup_expired().await {
                            warn!("expired sessions could not be removed: {error}");
                        }
                        router.sweep_sessions().await;
                        recount(&hall, &router).await;
                        monitor.cleanup_expired_windows().await;
                    }
                    _ = shutdown.recv() => return,
                }
            }
        });
    }

    /// Lets the engine and one client speak until either ends.
    pub(super) async fn converse<S>(&self, stream: S, entrance: Entrance, mut arrival: door::Arrival)
    where
        S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    {
        let (peer, is_own) = (entrance.peer, entrance.private);
        let control = Arc::new(LineControl::default());
        let (version, connect) = (arrival.version, std::mem::take(&mut arrival.packet));
        let client_id = arrival.client_id.clone();
        let filed = arrival.filed.clone();
        self.await_leave(&filed).await;
        let (leave, taken) = watch::channel(());
        let seat = Seat { control: Arc::clone(&control), taken: taken.clone(), visit: None, since: self.hall.clock.now() };
        self.seats().insert(filed.clone(), seat);
        // A session that ends with its connection, and replaces none, costs the disk nothing, and begins also when the disk is full.
        let storage = match self.storage.get_session(&arrival.filed).await {
            Ok(None) if arrival.transient => None,
            _ => Some(Arc::clone(&self.storage)),
        };
        let mut config = self.base.clone();
        config.server_keep_alive = self.hall.limits.keep_alive_instead(&arrival);
        let pace = if entrance.private { None } else { Pace::new(&self.hall.live().limits, entrance.rate.clone()) };
        let deaf = Duration::from_secs(self.hall.config.limits.deaf_seconds.into());
        let patience = (!entrance.private).then(|| Patience::new(deaf, self.hall.limits.afloat.press()));
        let bounds = Bounds { packet_bytes: config.max_packet_size, pace, patience };
        let (hall, router) = (Arc::clone(&self.hall), Arc::clone(&self.router));
        let visit = Arc::new(Visit::new(hall, arrival, entrance, Arc::clone(&control), router));
        if let Some(seat) = self.seats().get_mut(&filed).filter(|seat| seat.taken.same_channel(&taken)) {
            seat.visit = Some(Arc::clone(&visit));
        }
        let line = Line::new(stream, peer, version, control, Arc::clone(&visit) as Arc<dyn Ear>, connect, bounds);
        config.event_handler = Some(Arc::clone(&visit) as Arc<dyn mqtt5::broker::BrokerEventHandler>);
        let handler = ClientHandler::new(
            BrokerTransport::WebSocket(Box::new(line)),
            peer,
            Arc::new(config),
            Arc::clone(&self.router),
            visit,
            storage,
            Arc::clone(&self.stats),
            Arc::clone(&self.monitor),
            self.shutdown.subscribe(),
        );
        // Jamey's own client is none of them.
        let counted = i64::from(!is_own);
        self.hall.counters.connected(counted);
        if let Err(error) = handler.run().await
            && !error.is_normal_disconnect()
        {
            debug!("`{client_id}` at {peer}: {error}");
        }
        self.hall.counters.connected(-counted);
        drop(leave);
        let mut seats = self.seats();
        if seats.get(&filed).is_some_and(|seat| seat.taken.same_channel(&taken)) {
            seats.remove(&filed);
        }
    }

    pub(super) fn seats(&self) -> MutexGuard<'_, BTreeMap<String, Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the engine takes leave of an earlier connection of this client that has ended. Late in its leave-taking it
    /// empties the client's queue, without asking whether a new connection has it already: retained messages got lost so.
    async fn await_leave(&self, filed: &str) {
        let seat = |ended: bool| self.seats().get(filed).filter(|seat| !ended || seat.control.ended()).map(|seat| seat.taken.clone());
        if let Some(mut taken) = seat(false) {
            // Its end may be on the wire still; one that is taken over does not end by itself.
            let _ = tokio::time::timeout(GLANCE, taken.changed()).await;
        }
        if let Some(mut taken) = seat(true) {
            let _ = tokio::time::timeout(FAREWELL, taken.changed()).await;
        }
    }

    /// A visit for what another broker brings. It has no connection, and passes the same hook.
    pub fn carrier(&self, side: &Side) -> Visit {
        Visit::of_side(Arc::clone(&self.hall), side, Arc::clone(&self.router))
    }

    /// Retained values that match a filter.
    pub async fn retained(&self, filter: &str) -> Vec<(String, Vec<u8>)> {
        self.router.get_retained_messages(filter).await.into_iter().map(|p| (p.topic_name, p.payload.to_vec())).collect()
    }

    /// Takes a retained value away. When this returns nobody receives it any more; who listens hears the empty message.
    pub async fn clear_retained(&self, topic: String) {
        let packet = PublishPacket { retain: true, ..PublishPacket::new(topic, Bytes::new(), QoS::AtLeastOnce) };
        if let Some(beside) = self.hall.beside.get() {
            let passing = Passing { topic: &packet.topic_name, payload: &packet.payload, qos: 1, retain: true };
            let _ = beside.tell(&self.hall.config.root, passing).await;
        }
        self.router.route_message(&packet, None).await;
    }

    /// Takes away what is retained where only one entity speaks: it is forgotten.
    pub async fn clear_inputs_of(&self, entity: &EntityId) {
        for (topic, _) in self.retained(&format!("{}/in/#", self.hall.config.root)).await {
            if matches!(access::own_topic(&self.hall.config, &topic), Some(access::Own::In { entity: of, .. }) if of == *entity) {
                self.clear_retained(topic).await;
            }
        }
    }

    /// Whether a session of an earlier run waits for its client.
    pub async fn has_sessions(&self) -> bool {
        self.storage.session_client_ids().await.is_ok_and(|ids| !ids.is_empty())
    }

    pub async fn retained_count(&self) -> usize {
        self.router.retained_count().await
    }

    /// What they take of the memory, without their topics.
    pub fn retained_bytes(&self) -> usize {
        self.hall.limits.retained.bytes()
    }

    /// Says goodbye to every client, waits for their ends, and writes sessions and queues down.
    pub async fn stop(self: Arc<Self>, mut closed: mpsc::Receiver<()>) {
        tokio::time::sleep(LAST_WORDS).await;
        let _ = self.shutdown.send(());
        let (storage, hall) = (Arc::clone(&self.storage), Arc::clone(&self.hall));
        drop(self);
        if tokio::time::timeout(FAREWELL, closed.recv()).await.is_err() {
            hall.counters.refuse("farewell", "some connections did not end in time");
        }
        if let Err(error) = storage.shutdown().await {
            warn!("sessions and queues could not be written down whole: {error}");
        }
    }
}
