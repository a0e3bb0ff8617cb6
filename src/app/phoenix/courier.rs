//! The courier in the running house: offers a repository's snapshots to receivers, answers what they want, and tells who has which.

use super::{place::Place, told::News};
use crate::{
    broker::{
        Hall,
        beside::{Brought, Caller, Dial, Heard, Parcel, Wanted, Wire},
    },
    config::Courier as Entry,
    domain::{Alarm, Timestamp, topics},
    phoenix::{
        PhoenixError, Sequence, Vault,
        courier::{Next, Sender, Signer, Stock},
    },
    runtime::{Supervisor, pulse},
};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{Notify, watch},
    task::{JoinHandle, spawn_blocking},
};
use tracing::{debug, info, warn};
use uuid::Uuid;

/// So often it is looked whether there is a snapshot that another process took.
const LOOK: Duration = Duration::from_secs(60);
/// Pieces on their way to the broker: more would only wait there.
const UNDER_WAY: usize = 4;
/// How long saying goodbye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is offered, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The repository's name; empty where none is carried.
    pub repository: String,
    /// The newest snapshot that is offered.
    pub offered: Option<Sequence>,
    /// Whether the broker is reached.
    pub connected: bool,
    pub receivers: BTreeMap<String, Receiver>,
    /// The public key that vouches for what is offered.
    pub signed_by: Option<String>,
    /// Why nothing is offered.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The newest snapshot that it has whole on its disk, and when it said so; not known before it says so after a start.
    pub whole: Option<Sequence>,
    pub whole_at: Option<Timestamp>,
    /// What it lacked of what is offered when it spoke last.
    pub left_bytes: u64,
    /// Why it does not go on.
    pub woe: Option<String>,
    /// Since when it does not.
    pub woe_since: Option<Timestamp>,
}

/// The alert that a copy is not kept.
const COPY: &str = "phoenix-copy";

/// A repository as it is offered, and the public key that vouches for it.
type Found = (Vault, Seen, Option<Stock>, String);

/// The snapshots, and when the keys were changed.
type Seen = (Vec<Sequence>, Option<SystemTime>);

impl Carried {
    /// As it stands on the state topic; None: nothing is carried. How much is left changes too often for what is retained.
    #[must_use]
    pub fn told(&self) -> Option<Value> {
        let receivers: Map<String, Value> = self.receivers.iter().map(|(name, of)| (name.clone(), of.told())).collect();
        let told = json!({
            "repository": self.repository, "offered": self.offered, "connected": self.connected, "error": self.error,
            "signed_by": self.signed_by, "receivers": receivers,
        });
        (!self.repository.is_empty()).then_some(told)
    }

    /// A copy that does not go on is told by this house: whoever looks here is to hear of it.
    #[must_use]
    pub fn alarms(&self) -> BTreeMap<String, Alarm> {
        let stopped = || self.receivers.iter().filter_map(|(name, of)| Some((name, of.woe.as_ref()?, of.woe_since?)));
        let Some(since) = stopped().map(|(.., since)| since).min() else { return BTreeMap::new() };
        let texts: Vec<String> =
            stopped().map(|(name, woe, _)| format!("{name} does not go on with its copy of {}: {woe}", self.repository)).collect();
        let what_to_do =
            "see to the host that keeps the copy, and to what its `jamey phoenix receive` says; it goes on by itself when that is mended";
        [(COPY.to_owned(), Alarm { critical: false, since, text: texts.join("; "), what_to_do: what_to_do.to_owned() })].into()
    }
}

impl Receiver {
    fn told(&self) -> Value {
        let whole_at = self.whole_at.map(|at| at.to_string());
        json!({"whole": self.whole, "whole_at": whole_at, "fetching": self.left_bytes > 0 && self.woe.is_none(), "woe": self.woe})
    }
}

/// Starts the courier, where the config has one: its task, and how far receivers are. `own` is where Jamey's own clients connect; news are of
/// snapshots.
///
/// # Errors
/// When a password or certificate cannot be used.
pub fn start(
    hall: &Arc<Hall>,
    own: SocketAddr,
    news: watch::Receiver<Arc<News>>,
    stop: watch::Receiver<bool>,
    supervisor: &Supervisor,
) -> Result<(JoinHandle<()>, watch::Receiver<Carried>)> {
    let phoenix = &hall.config.phoenix;
    let named = |entry: &&Entry| phoenix.repositories.iter().find(|one| one.name == entry.repository);
    let Some((entry, repository)) = phoenix.courier.as_ref().and_then(|entry| Some((entry, named(&entry)?))) else {
        return Ok((tokio::spawn(async {}), watch::channel(Carried::default()).1));
    };
    let dial = dial(hall, entry, own).context("the courier's broker cannot be reached as the config says")?;
    let (tell, carried) = watch::channel(Carried { repository: entry.repository.clone(), ..Carried::default() });
    let round = Round {
        place: Place::of(repository),
        hall: Arc::clone(hall),
        sender: Sender::new(u64::from(entry.kilobytes_per_second) * 1_000),
        vault: None,
        seen: None,
        tell,
        again: Arc::default(),
        news,
        stop,
        under_way: 0,
    };
    let courier = supervisor.task_of("courier", (round, Caller::new(dial)), |mut held| async move {
        let (round, caller) = &mut *held;
        round.live(caller).await;
    });
    Ok((courier, carried))
}

fn dial(hall: &Hall, entry: &Entry, own: SocketAddr) -> Result<Dial> {
    let Some(remote) = &entry.remote else { return Ok(Dial::own(own, format!("{}-courier", hall.own_id), &hall.own_secret)) };
    let id = remote.client_id.clone().unwrap_or_else(|| format!("{}-courier", hall.config.node));
    let mut dial = Dial::read(remote, id, None)?;
    // What came while it was away was asked for again.
    dial.clean_start = true;
    Ok(dial)
}

struct Round {
    place: Place,
    hall: Arc<Hall>,
    sender: Sender,
    vault: Option<Arc<Vault>>,
    /// At the last look.
    seen: Option<Seen>,
    tell: watch::Sender<Carried>,
    /// A file that was offered is gone.
    again: Arc<Notify>,
    /// When they change there may be another snapshot, or one less.
    news: watch::Receiver<Arc<News>>,
    stop: watch::Receiver<bool>,
    under_way: usize,
}

enum End {
    Stopped,
    Lost { why: String, unspoken: bool, was_up: bool },
}

impl Round {
    async fn live(&mut self, caller: &mut Caller) {
        while !*self.stop.borrow() {
            self.look().await;
            let Some(repository) = self.vault.as_ref().map(|vault| vault.id).filter(|_| self.sender.stock().is_some()) else {
                tokio::select! {
                    Ok(()) = self.news.changed() => {}
                    () = tokio::time::sleep(LOOK) => {}
                    _ = self.stop.changed() => {}
                }
                continue;
            };
            let End::Lost { why, unspoken, was_up } = self.converse(caller.call(), repository).await else { return };
            if self.tell.send_replace(Carried { connected: false, ..self.carried() }).connected {
                warn!("the courier lost the broker: {why}");
            } else {
                debug!("the courier's broker is not reached: {why}");
            }
            tokio::select! {
                () = caller.lost(was_up, unspoken) => {}
                _ = self.stop.changed() => {}
            }
        }
    }

    async fn converse(&mut self, mut wire: Wire, repository: Uuid) -> End {
        let base = topics::snapshot(&self.hall.config.root, repository);
        let (mut connected, mut look_at) = (false, tokio::time::Instant::now() + LOOK);
        self.under_way = 0;
        loop {
            pulse::works().await;
            // A share that does not answer is told as such, and is no reason to begin anew.
            pulse::waits();
            let wait = if connected { self.send(&wire, &base).await } else { None };
            let wait = wait.map_or(LOOK, |at| Duration::from_millis(at.saturating_sub(self.now())));
            tokio::select! {
                heard = wire.hears.recv() => match heard {
                    None => return End::Lost { why: "the connection ended".into(), unspoken: false, was_up: connected },
                    Some(Heard::Lost { why, version }) => return End::Lost { why, unspoken: version, was_up: connected },
                    Some(Heard::Connected { .. }) => {
                        connected = true;
                        let wanted = ["want", "done"].map(|what| Wanted { filter: format!("{base}/{what}/+"), qos: 1 });
                        let _ = wire.subscribe(&wanted);
                        self.offer(&wire, &base).await;
                        info!("the courier offers snapshots of {} on {base}", self.place.entry.path.display());
                    }
                    Some(Heard::Subscribed { refused }) if refused > 0 => {
                        warn!("the courier's broker refuses {base}/want/+ or done/+: let its user hear them");
                    }
                    Some(Heard::Acked { refused, .. }) => {
                        self.under_way = self.under_way.saturating_sub(1);
                        if refused {
                            self.hall.counters.refuse("courier", &format!("the broker takes nothing on {base}: let the courier's user publish there"));
                        }
                    }
                    Some(Heard::Brought(brought)) => {
                        self.hear(&base, &brought);
                        wire.acknowledge(&brought).await;
                    }
                    Some(Heard::Sent(_) | Heard::Subscribed { .. }) => {}
                },
                () = tokio::time::sleep(wait), if self.under_way < UNDER_WAY => {}
                () = self.again.notified() => look_at = tokio::time::Instant::now(),
                Ok(()) = self.news.changed() => look_at = tokio::time::Instant::now(),
                () = tokio::time::sleep_until(look_at) => {}
                _ = self.stop.changed() => {
                    let _ = tokio::time::timeout(FAREWELL, wire.disconnect()).await;
                    return End::Stopped;
                }
            }
            if connected && tokio::time::Instant::now() >= look_at {
                look_at = tokio::time::Instant::now() + LOOK;
                if self.look().await {
                    self.offer(&wire, &base).await;
                }
                if self.vault.as_ref().is_some_and(|vault| vault.id != repository) {
                    return End::Lost { why: "another repository stands there".into(), unspoken: false, was_up: true };
                }
            }
            let carried = Carried { connected, ..self.carried() };
            self.tell.send_if_modified(|told| std::mem::replace(told, carried.clone()) != carried);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.hall.clock.uptime().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether something else is offered than before.
    async fn look(&mut self) -> bool {
        let (place, seen) = (self.place.clone(), self.seen.clone());
        let looked = spawn_blocking(move || look(&place, seen.as_ref())).await;
        match looked.unwrap_or_else(|died| Err(PhoenixError::Refused(died.to_string()))) {
            Ok(None) => false,
            Ok(Some((vault, seen, stock, signed_by))) => {
                (self.vault, self.seen) = (Some(Arc::new(vault)), Some(seen));
                self.tell.send_modify(|told| (told.error, told.signed_by) = (None, Some(signed_by)));
                self.sender.offer(stock)
            }
            Err(error) => {
                // What was offered is offered still: the disk may come back.
                let error = error.to_string();
                if self.tell.send_replace(Carried { error: Some(error.clone()), ..self.carried() }).error.as_ref() != Some(&error) {
                    warn!("the courier cannot read its repository: {error}");
                }
                self.seen = None;
                false
            }
        }
    }

    /// Where it is told; at each connection too, for the broker may be a new one, and receivers know by it that somebody answers.
    async fn offer(&mut self, wire: &Wire, base: &str) {
        let (Some(vault), Some(stock)) = (self.vault.clone(), self.sender.stock().cloned()) else { return };
        let offer = stock.offer.to_bytes();
        let manifest = spawn_blocking(move || stock.manifest(&vault)).await;
        // One that is too long for a piece takes the place of the one before.
        let manifest = manifest.ok().and_then(Result::ok).flatten().unwrap_or_default();
        for (what, payload) in [("manifest", manifest), ("offer", offer)] {
            self.publish(wire, Parcel { topic: format!("{base}/{what}"), payload: payload.into(), qos: 1, retain: true });
        }
    }

    fn publish(&mut self, wire: &Wire, parcel: Parcel) {
        if wire.publish(&parcel).is_ok() {
            self.under_way += 1;
        }
    }

    /// Sends what may go now. When more may.
    async fn send(&mut self, wire: &Wire, base: &str) -> Option<u64> {
        while self.under_way < UNDER_WAY {
            let (id, n) = match self.sender.next(self.now()) {
                Next::Piece(id, n) => (id, n),
                Next::Wait(at) => return Some(at),
                Next::Nothing => return None,
            };
            let (vault, stock) = (self.vault.clone()?, Arc::clone(self.sender.stock()?));
            match spawn_blocking(move || stock.piece(&vault, &id, n)).await {
                Ok(Ok(piece)) => {
                    self.publish(wire, Parcel { topic: format!("{base}/piece/{id}/{n}"), payload: piece.into(), qos: 1, retain: false });
                }
                // It was pruned or moved to another: what there is now is looked at again.
                Ok(Err(error)) => {
                    self.hall.counters.refuse("courier", &error.to_string());
                    self.seen = None;
                    self.again.notify_one();
                }
                Err(_) => return None,
            }
        }
        None
    }

    fn hear(&mut self, base: &str, brought: &Brought) {
        let Some((what, name)) = brought.topic.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')?.split_once('/')) else { return };
        let (now, at) = (self.now(), self.hall.clock.now());
        let heard = match what {
            "want" => self.sender.wanted(name, &brought.payload, now),
            "done" => self.sender.done(name, &brought.payload, now, at),
            _ => return,
        };
        if let Err(error) = heard {
            self.hall.counters.refuse("courier", &format!("`{name}`: {error}"));
        }
    }

    fn carried(&self) -> Carried {
        let (told, now) = (self.tell.borrow(), self.hall.clock.now());
        let receivers = self.sender.deliveries().map(|(name, delivery)| {
            let since = told.receivers.get(name).and_then(|before| before.woe_since).unwrap_or(now);
            let receiver = Receiver {
                whole: delivery.whole.map(|(sequence, _)| sequence),
                whole_at: delivery.whole.map(|(_, at)| at),
                left_bytes: delivery.left,
                woe: Some(delivery.woe.clone()).filter(|woe| !woe.is_empty()),
                woe_since: (!delivery.woe.is_empty()).then_some(since),
            };
            (name.to_owned(), receiver)
        });
        let offered = self.sender.stock().map(|stock| stock.offer.sequence);
        Carried { offered, receivers: receivers.collect(), ..told.clone() }
    }
}

/// What there is, where it is other than was seen before.
fn look(place: &Place, seen: Option<&Seen>) -> Result<Option<Found>, PhoenixError> {
    let vault = Vault::open(&place.entry.path)?;
    let keys = std::fs::metadata(vault.folder().join("keys")).and_then(|meta| meta.modified()).ok();
    let now = (vault.sequences()?, keys);
    if seen == Some(&now) {
        return Ok(None);
    }
    // Only who has the key may speak for the repository.
    let signer = Signer::of(place.open()?.key())?;
    let stock = Stock::of(&vault)?.map(|stock| stock.signed(&signer));
    Ok(Some((vault, now, stock, signer.voucher().to_string())))
}
