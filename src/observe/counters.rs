//! Counts of what passed, and of what was refused: all are counted, the first and every hundredth of a kind is logged.

use super::requests::Requests;
use crate::domain::{Decision, Taken, Times, WAITS_MICROS};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tracing::warn;

/// A refusal that a client is told of on the reply topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub client: String,
    pub topic: String,
    pub why: &'static str,
}

/// Complaints waiting to be published; more are counted only.
const COMPLAINTS: usize = 64;

#[derive(Debug)]
pub struct Counters {
    published: AtomicU64,
    connections: AtomicI64,
    connects: AtomicU64,
    verdicts: [AtomicU64; Decision::ALL.len()],
    judged: Times<{ WAITS_MICROS.len() }>,
    told: Times<{ WAITS_MICROS.len() }>,
    /// Of HTTP.
    pub requests: Requests,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    complaints: mpsc::Sender<Complaint>,
}

impl Counters {
    /// The counters, and where complaints come out.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Complaint>) {
        let (complaints, out) = mpsc::channel(COMPLAINTS);
        let counters = Self {
            published: AtomicU64::new(0),
            connections: AtomicI64::new(0),
            connects: AtomicU64::new(0),
            verdicts: Default::default(),
            judged: Times::new(&WAITS_MICROS),
            told: Times::new(&WAITS_MICROS),
            requests: Requests::default(),
            refused: Mutex::default(),
            complaints,
        };
        (counters, out)
    }

    pub fn published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub fn connected(&self, change: i64) {
        self.connections.fetch_add(change, Ordering::Relaxed);
        self.connects.fetch_add(u64::try_from(change).unwrap_or_default(), Ordering::Relaxed);
    }

    /// So many verdicts of each decision are on disk, in the order of `Decision::ALL`.
    pub fn decided(&self, verdicts: [u64; Decision::ALL.len()]) {
        for (count, more) in self.verdicts.iter().zip(verdicts) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Who asked has waited so long for the verdict and its commit.
    pub fn judged(&self, took: Duration) {
        self.judged.took(took);
    }

    /// Who told something has waited so long for its commit.
    pub fn told(&self, took: Duration) {
        self.told.took(took);
    }

    /// Counts a refusal of a kind; logs the first and every hundredth.
    pub fn refuse(&self, kind: &'static str, what: &str) {
        self.refuse_times(kind, 1, what);
    }

    /// The same for many at once: one line, where the first or a hundredth is among them.
    pub fn refuse_times(&self, kind: &'static str, times: u64, what: &str) {
        let (before, count) = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            let count = refused.entry(kind).or_default();
            let before = *count;
            *count = before.saturating_add(times);
            (before, *count)
        };
        if times > 0 && (before == 0 || before / 100 < count / 100) {
            warn!(kind, count, "refused: {}", what.chars().take(300).collect::<String>());
        }
    }

    /// Passes a complaint on to be told to the client.
    pub fn complain(&self, client: &str, topic: &str, why: &'static str) {
        let cut = |text: &str| text.chars().take(200).collect();
        let _ = self.complaints.try_send(Complaint { client: cut(client), topic: cut(topic), why });
    }

    #[must_use]
    pub fn messages(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn connections(&self) -> i64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// All that were let in since the start.
    #[must_use]
    pub fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn verdicts(&self) -> [(Decision, u64); Decision::ALL.len()] {
        let mut counts = self.verdicts.iter();
        Decision::ALL.map(|decision| (decision, counts.next().map_or(0, |count| count.load(Ordering::Relaxed))))
    }

    #[must_use]
    pub fn judged_times(&self) -> Taken {
        self.judged.now()
    }

    #[must_use]
    pub fn told_times(&self) -> Taken {
        self.told.now()
    }

    #[must_use]
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
