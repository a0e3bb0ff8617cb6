//! How the store is, as numbers that anyone may read at any time without waiting for it.

use super::copies::Copies;
use crate::domain::{Taken, Times, audit::Head};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper bounds of the time classes, in microseconds.
static CLASSES_MICROS: [u64; 23] = [
    50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 5_000_000,
];

/// A batch that took no longer is in nobody's way: half of what a verdict may wait.
const QUICK_MICROS: u64 = 2_500;
/// So many times the usual is slow.
const SLOW_TIMES: u64 = 3;
/// The usual follows by so much of each.
const FOLLOWS: u64 = 64;

/// Shared by the writer, which counts, and everyone else, who reads.
#[derive(Debug)]
pub struct StoreHealth {
    failing: AtomicBool,
    error: Mutex<Option<String>>,
    pub(super) failures: AtomicU64,
    entries: AtomicU64,
    written: Times<23>,
    pub(super) wal_bytes: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    restarts: AtomicU64,
    restart_micros_max: AtomicU64,
    pub(super) restarts_refused: AtomicU64,
    audit_head: Mutex<Option<Head>>,
    pub(super) copies: Arc<Copies>,
    /// How long a batch takes, over the last hundred or so, and whether one took much longer since somebody asked.
    usual_micros: AtomicU64,
    slow: AtomicBool,
}

impl Default for StoreHealth {
    fn default() -> Self {
        Self {
            failing: AtomicBool::new(false),
            error: Mutex::default(),
            failures: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            written: Times::new(&CLASSES_MICROS),
            wal_bytes: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            restart_micros_max: AtomicU64::new(0),
            restarts_refused: AtomicU64::new(0),
            audit_head: Mutex::default(),
            copies: Arc::default(),
            usual_micros: AtomicU64::new(0),
            slow: AtomicBool::new(false),
        }
    }
}

/// The numbers at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    pub failing: bool,
    /// The last error, also after it healed.
    pub error: Option<String>,
    /// Failed attempts to write or to checkpoint.
    pub failures: u64,
    pub batches: u64,
    pub entries: u64,
    /// From BEGIN to the return of COMMIT, with the sync; the upper bound of the class that the quantile falls in.
    pub write_p50_micros: u64,
    pub write_p99_micros: u64,
    /// What the write-ahead log holds since it was begun anew; the file never shrinks while running.
    pub wal_bytes: u64,
    /// Checkpoints beside the writer.
    pub checkpoints: u64,
    /// Checkpoints in the writer's way, and the longest of them.
    pub restarts: u64,
    pub restart_micros_max: u64,
    /// Those that a reader was in the way of.
    pub restarts_refused: u64,
}

impl StoreHealth {
    /// The audit trail's newest row, as committed.
    #[must_use]
    pub fn audit_head(&self) -> Option<Head> {
        *self.audit_head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn audited(&self, head: Option<Head>) {
        if let Some(head) = head {
            *self.audit_head.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        }
    }

    /// Whether the last attempt to write failed: nothing is being stored.
    #[must_use]
    pub fn failing(&self) -> bool {
        self.failing.load(Relaxed)
    }

    /// The last error, also after it healed.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[must_use]
    pub fn now(&self) -> Health {
        let written = self.written.now();
        Health {
            failing: self.failing(),
            error: self.error(),
            failures: self.failures.load(Relaxed),
            batches: written.count(),
            entries: self.entries.load(Relaxed),
            write_p50_micros: written.quantile_micros(50).unwrap_or_default(),
            write_p99_micros: written.quantile_micros(99).unwrap_or_default(),
            wal_bytes: self.wal_bytes.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
            restart_micros_max: self.restart_micros_max.load(Relaxed),
            restarts_refused: self.restarts_refused.load(Relaxed),
        }
    }

    /// How long it took to write each batch.
    #[must_use]
    pub fn written(&self) -> Taken {
        self.written.now()
    }

    /// Whether the database is being written anew, after something was forgotten: nothing else is written meanwhile.
    #[must_use]
    pub fn is_written_anew(&self) -> bool {
        self.copies.is_closed()
    }

    pub(super) fn wrote(&self, entries: usize, took: Duration) {
        self.written.took(took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let usual = self.usual_micros.load(Relaxed);
        if micros > QUICK_MICROS.max(usual.saturating_mul(SLOW_TIMES)) {
            self.slow.store(true, Relaxed);
        }
        // The writer alone writes it. One stall of seconds is not to become the usual.
        let follows = micros.min(usual.saturating_mul(SLOW_TIMES).max(QUICK_MICROS));
        self.usual_micros.store(usual - usual / FOLLOWS + follows / FOLLOWS, Relaxed);
        self.entries.fetch_add(u64::try_from(entries).unwrap_or(0), Relaxed);
        self.failing.store(false, Relaxed);
    }

    /// Whether a batch took much longer than is usual since this was asked last.
    pub(super) fn was_slow(&self) -> bool {
        self.slow.swap(false, Relaxed)
    }

    pub(super) fn restarted(&self, took: Duration) {
        self.restarts.fetch_add(1, Relaxed);
        self.restart_micros_max.fetch_max(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn fails(&self, error: &str) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_owned());
        self.failures.fetch_add(1, Relaxed);
        self.failing.store(true, Relaxed);
    }
}
