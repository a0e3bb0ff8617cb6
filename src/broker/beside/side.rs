//! One other broker as others see it: whether it is there, since when, and what went over.

use super::{outbox::Outbox, routes::Routes, wire::Version};
use crate::{
    domain::{EntityId, Timestamp, TopicFilter},
    observe::metrics::Bridge,
};
use serde_json::{Value, json};
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

pub struct Side {
    pub name: String,
    /// As which it speaks here.
    pub entity: EntityId,
    pub address: String,
    pub(super) routes: Routes,
    pub(super) outbox: Outbox,
    standing: Mutex<Standing>,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Came in and was taken.
    pub received: AtomicU64,
    /// Went out; at QoS 1 acknowledged.
    pub sent: AtomicU64,
    /// Came in and was not taken, or went out and was refused.
    pub refused: AtomicU64,
}

#[derive(Default)]
struct Standing {
    up: Option<Version>,
    since: Option<Timestamp>,
    error: Option<String>,
    /// When the state was told last, and whether it was up and nothing waited then.
    told: Option<(Timestamp, (bool, bool))>,
}

/// An absence shorter than this is a restart.
const ABSENT_MICROS: i64 = 60_000_000;
/// Counts are told so often; up and down, and that nothing waits any more, at once.
const TELL_MICROS: i64 = 30_000_000;

impl Side {
    pub(super) fn new(name: &str, entity: EntityId, address: &str, routes: Routes, outbox: Outbox) -> Self {
        Self {
            name: name.to_owned(),
            entity,
            address: address.to_owned(),
            routes,
            outbox,
            standing: Mutex::default(),
            counts: Counts::default(),
        }
    }

    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.routes.is_attached()
    }

    /// Whether what matches goes over: verdicts are published only while someone listens.
    #[must_use]
    pub fn carries(&self, filter: &TopicFilter) -> bool {
        self.routes.is_attached() || self.routes.sends(filter)
    }

    /// The name of a topic of ours over there.
    #[must_use]
    pub fn outward(&self, topic: &str) -> Option<String> {
        self.routes.outward(topic).map(|(name, _)| name)
    }

    /// Filters whose retained values are told to a broker that does not know us.
    pub fn told_anew(&self) -> impl Iterator<Item = &TopicFilter> {
        self.routes.told_anew()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rises(&self, version: Version, now: Timestamp) {
        let mut standing = self.standing();
        (standing.up, standing.since, standing.error) = (Some(version), Some(now), None);
    }

    /// True when it was up.
    pub(super) fn falls(&self, why: String, now: Timestamp) -> bool {
        let mut standing = self.standing();
        let was_up = standing.up.take().is_some();
        if was_up || standing.since.is_none() {
            standing.since = Some(now);
        }
        standing.error = Some(why);
        was_up
    }

    /// The state to be told, where it is time: it changed, or half a minute is over.
    pub fn state(&self, now: Timestamp) -> Option<Value> {
        let mut standing = self.standing();
        let (up, since, waiting) = (standing.up, standing.since?, self.outbox.waiting());
        let now_stands = (up.is_some(), waiting == 0);
        let was = standing.told.map(|(_, stood)| stood);
        let news = was.is_none_or(|(was_up, was_done)| was_up != now_stands.0 || (!was_done && now_stands.1));
        if !news && standing.told.is_some_and(|(at, _)| now.micros() - at.micros() < TELL_MICROS) {
            return None;
        }
        standing.told = Some((now, now_stands));
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Some(json!({
            "v": 1,
            "state": if up.is_some() { "up" } else { "down" },
            "since": since.to_string(),
            "address": self.address,
            "mqtt": up.map(Version::name),
            "error": standing.error,
            "received": count(&self.counts.received),
            "sent": count(&self.counts.sent),
            "refused": count(&self.counts.refused),
            "dropped": self.outbox.dropped(),
            "waiting": waiting,
        }))
    }

    /// How it stands, in numbers.
    #[must_use]
    pub fn figures(&self) -> Bridge {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Bridge {
            name: self.name.clone(),
            up: self.standing().up.is_some(),
            received: count(&self.counts.received),
            sent: count(&self.counts.sent),
            refused: count(&self.counts.refused),
            dropped: self.outbox.dropped(),
            waiting: u64::try_from(self.outbox.waiting()).unwrap_or(u64::MAX),
        }
    }

    /// Since when it is away, once that is long.
    #[must_use]
    pub fn absent(&self, now: Timestamp) -> Option<Timestamp> {
        let standing = self.standing();
        standing.since.filter(|since| standing.up.is_none() && now.micros() - since.micros() > ABSENT_MICROS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_is_told_at_once_and_is_long_after_a_minute() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(&dir.path().join("o"), false, false).unwrap();
        let side = Side::new("attic", EntityId::new("bridge.attic").unwrap(), "a:1", Routes::default(), outbox);
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert!(side.state(at(0)).is_none());
        side.rises(Version::V5, at(1));
        assert_eq!(side.state(at(1)).unwrap()["state"], "up");
        assert!(side.state(at(2)).is_none());
        assert!(side.falls("gone".into(), at(3)) && !side.falls("still".into(), at(9)));
        let down = side.state(at(10)).unwrap();
        assert_eq!((down["state"].as_str(), down["error"].as_str()), (Some("down"), Some("still")));
        assert_eq!((side.absent(at(63)), side.absent(at(64))), (None, Some(at(3))));
        side.rises(Version::V311, at(70));
        assert_eq!(side.absent(at(71)), None);
    }
}
