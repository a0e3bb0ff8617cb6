//! What one client, one address and one subscriber may take of the house. Bookkeeping with time handed in; it judges no message by what it
//! says, and speaks to no socket except to turn a flapping client away.

mod afloat;
mod bucket;
mod crowd;
mod flapping;
mod gone;
mod keeper;
mod logins;
mod pace;
mod patience;
mod remembered;
mod retained;

use super::{door::Arrival, entrance::Entrance};
use crate::{config, observe::Counters};
use afloat::Afloat;
pub use bucket::Bucket;
use crowd::{Crowd, Full};
pub use crowd::{Household, Pass};
use flapping::Flapping;
pub use gone::ask_after;
pub use keeper::{Keeper, recount};
use logins::Logins;
pub use pace::{Held, Pace, Shared};
pub use patience::Patience;
pub use remembered::Remembered;
pub use retained::NoRoom;
use retained::Retained;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// MQTT 5 reason codes of these limits (MQTT 5.0, section 2.4).
pub mod reason {
    pub const TOPIC_NAME_INVALID: u8 = 0x90;
    pub const QUOTA_EXCEEDED: u8 = 0x97;
    pub const CONNECTION_RATE_EXCEEDED: u8 = 0x9f;
    /// MQTT 3.1.1's nearest word: server unavailable.
    pub const V3_UNAVAILABLE: u8 = 3;
}

/// The limits of all connections.
#[derive(Debug)]
pub struct Limits {
    crowd: Arc<Crowd>,
    /// Those who come by HTTP.
    visitors: Arc<Crowd>,
    flapping: Flapping,
    logins: Logins,
    pub retained: Retained,
    pub afloat: Afloat,
    topic_bytes: usize,
    topic_levels: usize,
    keep_alive: u16,
}

impl Limits {
    pub fn new(config: &config::Limits, visitors: usize) -> Self {
        Self {
            crowd: Arc::new(Crowd::new(config.connections_per_address, config.connections_per_address_second)),
            visitors: Arc::new(Crowd::new(visitors, 0)),
            flapping: Flapping::new(config),
            logins: Logins::new(config.failed_logins),
            retained: Retained::new(config),
            afloat: Afloat::new(config.afloat_bytes),
            topic_bytes: config.topic_bytes,
            topic_levels: config.topic_levels,
            keep_alive: config.keep_alive_max_seconds,
        }
    }

    /// A place for a connection from this address. None: it is closed without a word, for whoever opens too many may not read.
    pub fn enter(&self, address: IpAddr, now: Duration, counters: &Counters) -> Option<Pass> {
        let (kind, what) = match self.crowd.enter(address, now) {
            Ok(pass) => return Some(pass),
            Err(Full::TooMany) => ("address-connections", "limits.connections_per_address"),
            Err(Full::TooFast) => ("address-rate", "limits.connections_per_address_second"),
        };
        counters.refuse(kind, &format!("a connection from {address}: {what} is reached"));
        None
    }

    /// The same for who comes by HTTP; None: this address has as many connections as one may. This host is not counted: before it may stand
    /// a proxy, behind which all of them come.
    pub fn visit(&self, address: IpAddr, now: Duration) -> Option<Option<Pass>> {
        if address.to_canonical().is_loopback() {
            return Some(None);
        }
        self.visitors.enter(address, now).ok().map(Some)
    }

    /// Whether a client that comes and goes without end was turned away. It is told so in its own words.
    pub async fn turns_away<S>(&self, stream: &mut S, entrance: &Entrance, arrival: &Arrival, now: Duration, counters: &Counters) -> bool
    where
        S: AsyncWrite + Unpin,
    {
        if entrance.private || self.flapping.comes(entrance.peer.ip(), &arrival.client_id, now) {
            return false;
        }
        counters
            .refuse("flapping", &format!("`{}` from {} connects without end: limits.flapping_connects", arrival.client_id, entrance.peer));
        let connack: &[u8] = match arrival.version {
            5 => &[0x20, 3, 0, reason::CONNECTION_RATE_EXCEEDED, 0],
            _ => &[0x20, 2, 0, reason::V3_UNAVAILABLE],
        };
        // It may be gone again: then it need not hear it.
        let _ = stream.write_all(connack).await;
        let _ = stream.shutdown().await;
        true
    }

    /// Keeps the answer to a failed login back for its time. Others are answered meanwhile: it is this connection's task that waits.
    pub async fn after_failed_login(&self, address: IpAddr, user: &str, now: Duration, counters: &Counters) {
        let delay = self.logins.failed(address, user, now);
        if delay > Duration::ZERO {
            let user: String = user.chars().take(64).collect();
            counters.refuse("logins", &format!("`{user}` from {address} fails again: its answer waits {} ms", delay.as_millis()));
            if let Some(waits) = self.logins.wait(address) {
                // Also when who failed has hung up: it is the next guess that would gain by it.
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    drop(waits);
                });
            }
            tokio::time::sleep(delay).await;
        }
    }

    /// Whether so many failed logins of this address wait that no more is verified of what it says.
    pub fn fails_too_much(&self, address: IpAddr) -> bool {
        self.logins.are_full(address)
    }

    /// Whether a topic or filter is no longer and no deeper than any may be.
    pub fn fits(&self, topic: &str) -> bool {
        // A topic has at most one level more than bytes.
        topic.len() <= self.topic_bytes
            && (topic.len() < self.topic_levels || topic.bytes().filter(|byte| *byte == b'/').count() < self.topic_levels)
    }

    /// The keep-alive that an MQTT 5 client is told in place of the one it asked for. MQTT 3.1.1 has no words for another one, so its
    /// clients keep theirs.
    pub fn keep_alive_instead(&self, arrival: &Arrival) -> Option<Duration> {
        let too_long = arrival.keep_alive == 0 || arrival.keep_alive > self.keep_alive;
        (arrival.version == 5 && too_long).then(|| Duration::from_secs(self.keep_alive.into()))
    }
}

impl NoRoom {
    pub fn why(self) -> &'static str {
        match self {
            Self::Size => "a retained value over limits.retained_message_bytes",
            Self::Number => "limits.retained_messages is reached",
            Self::Sum => "limits.retained_bytes is reached",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_at_each_limit_fits_and_one_past_does_not() {
        let limits = Limits::new(&config::Limits { topic_bytes: 100, topic_levels: 20, ..config::Limits::default() }, 1);
        let levels = |n: usize| vec!["a"; n].join("/");
        assert!(limits.fits(&"a".repeat(100)) && !limits.fits(&"a".repeat(101)));
        assert!(limits.fits(&levels(20)) && !limits.fits(&levels(21)));
        assert!(limits.fits(&"/".repeat(19)) && !limits.fits(&"/".repeat(20)));
    }

    #[test]
    fn one_address_has_so_many_connections_by_http_and_this_host_any_number() {
        let limits = Limits::new(&config::Limits::default(), 2);
        let visit = |last| limits.visit([10, 0, 0, last].into(), Duration::ZERO);
        let (one, two) = (visit(1), visit(1));
        assert!(one.is_some() && two.is_some() && visit(1).is_none() && visit(2).is_some());
        drop(one);
        assert!(visit(1).is_some(), "a place is free again");
        assert!((0..9).all(|_| limits.visit([127, 0, 0, 1].into(), Duration::ZERO).is_some()));
    }

    #[test]
    fn only_what_can_be_told_is_replaced() {
        let limits = Limits::new(&config::Limits { keep_alive_max_seconds: 60, ..config::Limits::default() }, 1);
        let instead = |version, keep_alive| limits.keep_alive_instead(&Arrival { version, keep_alive, ..Arrival::default() });
        assert_eq!([instead(5, 0), instead(5, 60), instead(5, 61)].map(|k| k.map(|k| k.as_secs())), [Some(60), None, Some(60)]);
        assert_eq!((instead(4, 0), instead(4, 61)), (None, None));
    }
}
