//! Counts of what passed, and of what was refused: all are counted, the first and every hundredth of a kind is logged.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
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
    refused: Mutex<BTreeMap<&'static str, u64>>,
    complaints: mpsc::Sender<Complaint>,
}

impl Counters {
    /// The counters, and where complaints come out.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Complaint>) {
        let (complaints, out) = mpsc::channel(COMPLAINTS);
        (Self { published: AtomicU64::new(0), connections: AtomicI64::new(0), refused: Mutex::default(), complaints }, out)
    }

    pub fn published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub fn connected(&self, change: i64) {
        self.connections.fetch_add(change, Ordering::Relaxed);
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

    #[must_use]
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
