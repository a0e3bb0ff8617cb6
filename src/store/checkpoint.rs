//! Copies the write-ahead log into the database beside the writer, on a thread and a connection of its own, so that no verdict waits for it.

use super::{connect, database, error::StoreError, health::StoreHealth};
use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError, atomic::Ordering::Relaxed},
    thread::{self, JoinHandle},
};

/// What may wait to be copied: some hundred batches, so that a page changed by many of them is copied once.
pub(super) const BACKLOG_BYTES: u64 = 4 * 1024 * 1024;

pub(super) struct Checkpointer {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Signal {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    #[default]
    Nothing,
    Checkpoint,
    Stop,
}

impl Checkpointer {
    pub(super) fn spawn(path: &Path, health: Arc<StoreHealth>) -> io::Result<Self> {
        let signal = Arc::new(Signal::default());
        let (path, heard) = (path.to_owned(), Arc::clone(&signal));
        let thread = thread::Builder::new().name("checkpoint".into()).spawn(move || work(&path, &heard, &health))?;
        Ok(Self { signal, thread: Some(thread) })
    }

    /// Asks for one; returns at once. Asking again before it is done changes nothing.
    pub(super) fn ask(&self) {
        self.want(Wanted::Checkpoint);
    }

    /// Waits for the one under way.
    pub(super) fn stop(&mut self) {
        self.want(Wanted::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic was reported by its own thread.
            drop(thread.join());
        }
    }

    fn want(&self, wanted: Wanted) {
        let mut now = self.signal.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != Wanted::Stop {
            *now = wanted;
        }
        self.signal.changed.notify_one();
    }
}

fn work(path: &Path, signal: &Signal, health: &StoreHealth) {
    let mut conn = None;
    loop {
        let mut wanted = signal.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        while *wanted == Wanted::Nothing {
            wanted = signal.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        if *wanted == Wanted::Stop {
            return;
        }
        *wanted = Wanted::Nothing;
        drop(wanted);
        match once(path, &mut conn) {
            Ok(()) => {
                health.checkpoints.fetch_add(1, Relaxed);
            }
            Err(error) => {
                conn = None;
                let failures = health.failures.fetch_add(1, Relaxed);
                if failures.is_multiple_of(100) {
                    tracing::error!(%error, failures, "the write-ahead log cannot be copied into the database; it grows meanwhile");
                }
            }
        }
    }
}

fn once(path: &Path, conn: &mut Option<rusqlite::Connection>) -> Result<(), StoreError> {
    let conn = match conn {
        Some(conn) => conn,
        None => {
            let new = connect::open_writer(path)?;
            connect::configure(path, &new)?;
            conn.insert(new)
        }
    };
    database::checkpoint(conn, "PASSIVE").map(|_| ())
}
