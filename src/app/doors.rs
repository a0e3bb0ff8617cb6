//! The doors that the config names: opened all together or not at all, and their certificates looked after.

use crate::{
    broker::{Engine, Listener, tls::Tls},
    config::Config,
    domain::Timestamp,
    runtime::{Clock, Supervisor, pulse},
};
use anyhow::{Context, Result, bail};
use std::{fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};
use tracing::{info, warn};

/// How often files are looked at. Changed ones are taken at the second look, when they stand still.
const LOOK: Duration = Duration::from_secs(2);
/// So long before its end a certificate is told of: authorities that renew by themselves do it 30 days ahead.
const AHEAD_SECONDS: i64 = 30 * 24 * 3_600;

/// What is wrong with certificates, as it is alerted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// One has ended already.
    pub ended: bool,
    pub text: String,
}

/// Every `[[listener]]`, with its files read; and what HTTP has of one, if it speaks TLS, as the last.
///
/// # Errors
/// With every file that cannot be used.
pub fn listeners(config: &Config) -> Result<Vec<Arc<Listener>>> {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for (i, entry) in config.listeners.iter().enumerate() {
        match Listener::of(entry, config) {
            Ok(listener) => good.push(Arc::new(listener)),
            Err(error) => wrong.push(format!("listener[{i}] ({}): {error}", entry.shown())),
        }
    }
    match Listener::of_http(config) {
        Ok(http) => good.extend(http.map(Arc::new)),
        Err(error) => wrong.push(format!("http.tls: {error}")),
    }
    if wrong.is_empty() { Ok(good) } else { bail!("the listeners are refused:\n  {}", wrong.join("\n  ")) }
}

/// Open sockets that nobody is let in by yet.
pub struct Doors {
    plain: Vec<(TcpListener, Arc<Listener>)>,
    listed: Vec<(TcpListener, Arc<Listener>)>,
    http: Option<Arc<Listener>>,
}

impl Doors {
    /// Takes every address, `broker.mqtt` first.
    ///
    /// # Errors
    /// When a file cannot be used or a port is taken.
    pub async fn open(config: &Config) -> Result<Self> {
        let listeners = listeners(config)?;
        let http = listeners.get(config.listeners.len()).cloned();
        let mut doors = Self { plain: Vec::new(), listed: Vec::new(), http };
        for address in &config.broker.mqtt {
            let socket = TcpListener::bind(address).await.with_context(|| {
                format!("cannot listen for MQTT on {address}: is another broker running there? Set broker.mqtt or --mqtt")
            })?;
            let at = socket.local_addr()?;
            let is_near = at.ip().to_canonical().is_loopback();
            doors.plain.push((socket, Arc::new(Listener::plain(&at.to_string(), is_near, config))));
        }
        for (entry, listener) in config.listeners.iter().zip(listeners) {
            let socket = TcpListener::bind(entry.address).await.with_context(|| {
                let address = entry.address;
                format!("cannot listen on {address} for the listener {}: is another program there? Set its `address`", listener.name())
            })?;
            doors.listed.push((socket, listener));
        }
        Ok(doors)
    }

    /// The addresses of `broker.mqtt`, with their ports.
    pub fn mqtt(&self) -> Vec<SocketAddr> {
        self.plain.iter().filter_map(|(socket, _)| socket.local_addr().ok()).collect()
    }

    /// The TLS of HTTP.
    pub fn http(&self) -> Option<Arc<Tls>> {
        self.http.as_ref()?.tls().cloned()
    }

    /// Lets clients in, and says where. Gives the listeners, to be looked after.
    pub fn serve(self, engine: &Arc<Engine>, supervisor: &Supervisor) -> Vec<Arc<Listener>> {
        for (socket, listener) in &self.listed {
            if let Ok(at) = socket.local_addr() {
                eprintln!("The listener {} is at {}://{at}", listener.name(), listener.scheme());
            }
        }
        let all = self.plain.into_iter().chain(self.listed);
        all.map(|(socket, listener)| {
            engine.serve(supervisor, socket, Arc::clone(&listener));
            listener
        })
        .chain(self.http)
        .collect()
    }
}

/// Takes renewed files and tells what ends soon, until it is stopped.
pub async fn watch(
    listeners: Vec<Arc<Listener>>,
    clock: Arc<Clock>,
    tell: Arc<watch::Sender<Option<Trouble>>>,
    mut stopped: watch::Receiver<bool>,
) {
    if listeners.iter().all(|listener| listener.tls().is_none()) {
        let _ = stopped.changed().await;
        return;
    }
    let mut every = tokio::time::interval(LOOK);
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        for (listener, tls) in listeners.iter().filter_map(|l| Some((l, l.tls()?))) {
            match tls.look() {
                Some(Ok(())) => info!("the listener {} uses its new files", listener.name()),
                Some(Err(error)) => warn!("the listener {} goes on with its old files: {error}", listener.name()),
                None => {}
            }
        }
        let now = trouble(&listeners, clock.now());
        tell.send_if_modified(|told| {
            let is_news = *told != now;
            if let (true, Some(trouble)) = (is_news, &now) {
                warn!("{}", trouble.text);
            }
            *told = now;
            is_news
        });
    }
}

/// What is wrong with their certificates, or soon will be.
#[must_use]
pub fn trouble(listeners: &[Arc<Listener>], now: Timestamp) -> Option<Trouble> {
    let (mut text, mut ended) = (String::new(), false);
    for (listener, tls) in listeners.iter().filter_map(|l| Some((l, l.tls()?))) {
        let soon = now.plus_seconds(AHEAD_SECONDS);
        for one in tls.watched().iter().filter(|one| one.validity.until <= soon) {
            let is_over = one.validity.until <= now;
            ended |= is_over;
            let verb = if is_over { "ended" } else { "ends" };
            let _ = write!(text, "{} of the listener {} {verb} at {}; ", one.path.display(), listener.name(), one.validity.until);
        }
        if let Some(why) = tls.refused() {
            let _ = write!(text, "the listener {} goes on with its old files: {why}; ", listener.name());
        }
    }
    (!text.is_empty()).then(|| Trouble { ended, text: text.trim_end_matches("; ").to_owned() })
}
