//! Listeners: each with an address, a protocol and a policy of its own. Accepting waits for nobody: every handshake has its own task,
//! and one deadline from accept to CONNECT.

use super::{
    door::{self, Turned},
    engine::Engine,
    entrance::{Certificate, Entrance},
    limits::{Shared, ask_after},
    tls::{Tls, TlsError},
    web::Web,
};
use crate::{
    config::{Config, ListenerEntry, Protocol},
    runtime::{Supervisor, pulse},
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, broadcast},
    time::{Instant, sleep_until},
};
use tracing::debug;

/// How long a full house waits before it accepts again.
const FULL: Duration = Duration::from_millis(50);
/// After a failure: when nobody was turned away for so long, it is well again, though nobody came.
const WELL: Duration = Duration::from_secs(5);

/// What is the same for all who come through one door.
pub struct Listener {
    name: Arc<str>,
    private: bool,
    anonymous: bool,
    tls: Option<Arc<Tls>>,
    web: Option<Arc<Web>>,
    places: Option<Arc<Semaphore>>,
    rate: Option<Arc<Shared>>,
}

impl Listener {
    /// The one that only Jamey's own client uses.
    #[must_use]
    pub fn own() -> Self {
        Self { name: "own".into(), private: true, anonymous: false, tls: None, web: None, places: None, rate: None }
    }

    /// One of `broker.mqtt`: plain TCP.
    #[must_use]
    pub fn plain(name: &str, is_near: bool, config: &Config) -> Self {
        let anonymous = config.broker.anonymous && (is_near || config.broker.anonymous_beyond_loopback);
        let rate = Shared::new(config.broker.rate());
        Self { name: name.into(), private: false, anonymous, tls: None, web: None, places: None, rate }
    }

    /// A `[[listener]]`, with its files read.
    ///
    /// # Errors
    /// When a certificate or key cannot be used.
    pub fn of(entry: &ListenerEntry, config: &Config) -> Result<Self, TlsError> {
        let web = (entry.protocol == Protocol::Websocket).then(|| Arc::new(Web::new(entry, config.broker.max_packet_bytes)));
        Ok(Self {
            name: entry.shown().into(),
            private: false,
            anonymous: entry.lets_in_anybody(config.broker.anonymous, config.broker.anonymous && config.broker.anonymous_beyond_loopback),
            tls: entry.tls.clone().map(Tls::open).transpose()?.map(Arc::new),
            web,
            places: entry.max_connections.map(|places| Arc::new(Semaphore::new(places))),
            rate: Shared::new(entry.rate),
        })
    }

    /// What HTTP has of one: a name and files, where it speaks TLS. It is another server's.
    ///
    /// # Errors
    /// When a certificate or key cannot be used.
    pub fn of_http(config: &Config) -> Result<Option<Self>, TlsError> {
        let mut files = config.http.tls.clone();
        // Whether it must be shown the server asks itself: this host's watchdogs have none.
        files.iter_mut().filter_map(|files| files.clients.as_mut()).for_each(|clients| clients.required = false);
        let tls = files.map(Tls::open).transpose()?.map(Arc::new);
        Ok(tls.map(|tls| Self { name: "http".into(), tls: Some(tls), private: false, ..Self::own() }))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its TLS, whose files are to be looked after.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// What is spoken here, as addresses begin.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match (&self.tls, &self.web) {
            (None, None) => "mqtt",
            (Some(_), None) => "mqtts",
            (None, Some(_)) => "ws",
            (Some(_), Some(_)) => "wss",
        }
    }
}

/// The time that one connection has until its CONNECT is read.
struct Patience {
    until: Instant,
    stopping: broadcast::Receiver<()>,
}

impl Patience {
    async fn grant<T>(&mut self, what: &'static str, step: impl Future<Output = Result<T, Turned>>) -> Result<T, Turned> {
        tokio::select! {
            done = step => done,
            () = sleep_until(self.until) => Err(Turned::Late(what)),
            _ = self.stopping.recv() => Err(Turned::Stopping),
        }
    }
}

impl Engine {
    /// Accepts on a socket until the engine stops.
    pub fn serve(self: &Arc<Self>, supervisor: &Supervisor, socket: TcpListener, listener: Arc<Listener>) {
        let (engine, part) = (Arc::clone(self), format!("listener-{}", listener.name));
        supervisor.task_of(part.clone(), socket, move |socket| {
            let (engine, listener, part) = (Arc::clone(&engine), Arc::clone(&listener), part.clone());
            async move { engine.accept(&socket, &listener, &part).await }
        });
    }

    async fn accept(self: &Arc<Self>, socket: &TcpListener, listener: &Arc<Listener>, part: &str) {
        let mut shutdown = self.shutdown.subscribe();
        let mut ails = false;
        loop {
            pulse::waits();
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = tokio::time::sleep(WELL), if ails => {
                    self.hall.pulses.is_well(part);
                    ails = false;
                    continue;
                }
                _ = shutdown.recv() => return,
            };
            pulse::works().await;
            match accepted {
                Ok((stream, peer)) => {
                    let entrance = Entrance {
                        peer,
                        listener: Arc::clone(&listener.name),
                        private: listener.private,
                        anonymous: listener.anonymous,
                        rate: listener.rate.clone(),
                        certificate: None,
                    };
                    self.receive(stream, entrance, listener);
                    if std::mem::take(&mut ails) {
                        self.hall.pulses.is_well(part);
                    }
                }
                Err(error) => {
                    // Out of descriptors: they come back as connections end.
                    self.hall.counters.refuse("accept", &error.to_string());
                    self.hall.pulses.ails(part, &format!("nobody can come in: {error}"));
                    ails = true;
                    tokio::time::sleep(FULL).await;
                }
            }
        }
    }

    fn receive(self: &Arc<Self>, stream: TcpStream, entrance: Entrance, listener: &Arc<Listener>) {
        let peer = entrance.peer;
        let full = |limit: &str| self.hall.counters.refuse("connections", &format!("no place for {peer}: {limit} is reached"));
        let place = match (!entrance.private).then(|| Arc::clone(&self.places).try_acquire_owned()).transpose() {
            Ok(place) => place,
            Err(_) => return full("broker.max_connections"),
        };
        let own_place = match listener.places.clone().map(Semaphore::try_acquire_owned).transpose() {
            Ok(place) => place,
            Err(_) => return full(&format!("max_connections of the listener {}", listener.name)),
        };
        let pass = if entrance.private {
            None
        } else {
            let Some(pass) = self.hall.limits.enter(peer.ip(), self.hall.clock.uptime(), &self.hall.counters) else { return };
            Some(pass)
        };
        if let Err(error) = stream.set_nodelay(true) {
            debug!("TCP_NODELAY for {peer}: {error}");
        }
        ask_after(&stream);
        let (engine, listener, open) = (Arc::clone(self), Arc::clone(listener), self.open.clone());
        let until = Instant::now() + Duration::from_secs(self.hall.config.broker.handshake_seconds);
        let patience = Patience { until, stopping: self.shutdown.subscribe() };
        tokio::spawn(async move {
            let left = match (&listener.tls, &listener.web) {
                (None, None) => engine.meet(stream, entrance, patience).await,
                // In boxes of their own, so that plain connections do not carry their weight.
                (tls, web) => Box::pin(engine.open_up(stream, entrance, patience, tls.as_deref(), web.as_deref())).await,
            };
            match left {
                Ok(()) | Err(Turned::Stopping) => {}
                Err(turned) => engine.hall.counters.refuse("handshake", &format!("{peer} at {}: {turned}", listener.name)),
            }
            drop((place, own_place, pass, open));
        });
    }

    /// TLS and WebSocket, where the listener has them.
    async fn open_up(
        &self,
        stream: TcpStream,
        mut entrance: Entrance,
        mut patience: Patience,
        tls: Option<&Tls>,
        web: Option<&Web>,
    ) -> Result<(), Turned> {
        let Some(tls) = tls else { return self.upgrade(stream, entrance, patience, web).await };
        let step = async { tls.accept(stream).await.map_err(Turned::Tls) };
        let (stream, certificate): (_, Option<Certificate>) = patience.grant("TLS handshake", step).await?;
        entrance.certificate = certificate;
        self.upgrade(stream, entrance, patience, web).await
    }

    async fn upgrade<S>(&self, stream: S, entrance: Entrance, mut patience: Patience, web: Option<&Web>) -> Result<(), Turned>
    where
        S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    {
        let Some(web) = web else { return self.meet(stream, entrance, patience).await };
        let step = async { web.accept(stream).await.map_err(|e| Turned::Web(Box::new(e))) };
        let stream = patience.grant("WebSocket", step).await?;
        self.meet(stream, entrance, patience).await
    }

    /// Reads the CONNECT packet, and hands the connection to the engine.
    async fn meet<S>(&self, mut stream: S, entrance: Entrance, mut patience: Patience) -> Result<(), Turned>
    where
        S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    {
        let arrival = patience.grant("CONNECT", door::arrive(&mut stream)).await?;
        drop(patience);
        let hall = &self.hall;
        if !hall.limits.turns_away(&mut stream, &entrance, &arrival, hall.clock.uptime(), &hall.counters).await {
            self.converse(stream, entrance, arrival).await;
        }
        Ok(())
    }
}
