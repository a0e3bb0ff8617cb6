//! The one writer thread. It holds one batch at a time: the next gathers while this one syncs. A batch that fails is kept and tried
//! again, whole, until it is stored; nobody is told of it before.

use super::{
    checkpoint::{self, Checkpointer},
    chores::{Chore, ChoreDone, Chores},
    database::{Batch, Store},
    error::StoreError,
    health::StoreHealth,
    rows::Places,
};
use crate::domain::limits;
use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed, mpsc::SyncSender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Called on the writer's thread once the batch is on disk, with the batch and where its verdicts stand; dropped uncalled when the batch had
/// to be given up at the end.
pub type Done = Box<dyn FnOnce(Batch, Places) + Send>;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a restart of the log waits for a reader, with the verdicts waiting too; then the log grows on.
const RESTART_WAIT: Duration = Duration::from_millis(50);

/// What a restart of the log may have to copy itself: the checkpointer may be one round behind.
const MOST_COPIED_HERE: u64 = 2 * checkpoint::BACKLOG_BYTES;

pub struct Writer {
    desk: Arc<Desk>,
    health: Arc<StoreHealth>,
    thread: Option<JoinHandle<()>>,
}

/// A chore that waited so long for a moment without a batch goes first: also a house that never rests is kept in order.
const CHORE_WAIT: Duration = Duration::from_millis(250);

/// So many chores may wait: upkeep, the index and their owner's commands ask one by one.
pub(super) const CHORES: usize = 8;

/// Where who asked for a chore hears of it.
type Tell = SyncSender<Result<ChoreDone, StoreError>>;

#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Option<(Batch, Done)>,
    /// Upkeep that waits for a moment without a batch, and since when.
    chores: VecDeque<(Chore, Tell, Instant)>,
    busy: bool,
    stop: bool,
    /// The thread is gone: nothing is taken any more.
    ended: bool,
}

impl Writer {
    /// Starts the thread. `on_idle` is called on it whenever it has become idle; it must be short (unpark a thread, wake a task).
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn spawn(store: Store, on_idle: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (desk, health) = (Arc::new(Desk::default()), Arc::new(StoreHealth::default()));
        health.audited(store.audit_head());
        let checkpointer = Checkpointer::spawn(store.path(), Arc::clone(&health))?;
        let work = Work { store, desk: Arc::clone(&desk), health: Arc::clone(&health), checkpointer, restart_from: limits::WAL_BYTES };
        let thread = thread::Builder::new().name("store".into()).spawn(move || work.run(on_idle))?;
        Ok(Self { desk, health, thread: Some(thread) })
    }

    /// Whether `submit` would return at once.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.desk.lock().busy
    }

    /// Hands a batch over; waits while the one before is being written.
    pub fn submit(&self, batch: Batch, done: Done) {
        let mut state = self.desk.lock();
        while state.busy && !state.ended {
            state = self.desk.wait(state, None);
        }
        self.desk.put(state, batch, done);
    }

    /// Hands a batch over if the writer is idle; gives it back if not.
    ///
    /// # Errors
    /// The batch and its `done`, untouched, while the one before is being written.
    #[allow(clippy::result_large_err)] // what comes back is what was handed in
    pub fn try_submit(&self, batch: Batch, done: Done) -> Result<(), (Batch, Done)> {
        let state = self.desk.lock();
        if state.busy && !state.ended {
            return Err((batch, done));
        }
        self.desk.put(state, batch, done);
        Ok(())
    }

    /// Where upkeep is handed in, from any thread.
    #[must_use]
    pub fn chores(&self) -> Chores {
        Chores::at(Arc::downgrade(&self.desk))
    }

    #[must_use]
    pub fn health(&self) -> Arc<StoreHealth> {
        Arc::clone(&self.health)
    }

    /// Writes what was handed over, empties the log into the database and ends. A store that fails gets
    /// `limits::STORE_WAIT_SECONDS` more; then the batch is given up, which its sender never saw acknowledged.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.desk.lock().stop = true;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic was reported by its own thread.
            drop(thread.join());
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Option<Duration>) -> MutexGuard<'a, State> {
        match at_most {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(time) => self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    fn put(&self, mut state: MutexGuard<'_, State>, batch: Batch, done: Done) {
        if state.ended {
            tracing::error!("the store's writer has ended: a batch is given up, unacknowledged");
            return;
        }
        state.waiting = Some((batch, done));
        state.busy = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Hands a chore in, unless too many wait already.
    pub(super) fn ask(&self, chore: Chore, tell: Tell) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.ended || state.stop || state.chores.len() >= CHORES {
            return Err(StoreError::Again("the store is closing, or has chores enough"));
        }
        state.chores.push_back((chore, tell, Instant::now()));
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    fn take(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            let is_late = state.chores.front().is_some_and(|(.., since)| since.elapsed() >= CHORE_WAIT);
            if !is_late && let Some((batch, done)) = state.waiting.take() {
                return Some(Task::Batch(batch, done));
            }
            if let Some((chore, tell, _)) = state.chores.pop_front() {
                return Some(Task::Chore(chore, tell));
            }
            if state.stop {
                return None;
            }
            state = self.wait(state, None);
        }
    }
}

enum Task {
    Batch(Batch, Done),
    Chore(Chore, Tell),
}

struct Work {
    store: Store,
    desk: Arc<Desk>,
    health: Arc<StoreHealth>,
    checkpointer: Checkpointer,
    /// Bytes in the log from which it is restarted; higher after a reader was in the way.
    restart_from: u64,
}

impl Work {
    fn run(mut self, on_idle: impl Fn()) {
        let _ending = Ending(Arc::clone(&self.desk), Arc::clone(&self.health));
        while let Some(task) = self.desk.take() {
            let (batch, done) = match task {
                Task::Batch(batch, done) => (batch, done),
                Task::Chore(chore, tell) => {
                    let result = self.store.chore(&chore);
                    // Who asked may be gone; what was done stays done.
                    drop(tell.send(result));
                    self.look_after_log();
                    on_idle();
                    continue;
                }
            };
            let Some(places) = self.write(&batch) else { break };
            if batch.forgets() {
                let _alone = self.health.copies.keep_out();
                if let Err(error) = self.store.scrub() {
                    tracing::warn!(%error, "what was forgotten is deleted, but free pages may hold it until the next start");
                }
            }
            if catch_unwind(AssertUnwindSafe(|| done(batch, places))).is_err() {
                tracing::error!("what was to follow a commit panicked; the batch is stored");
            }
            self.look_after_log();
            self.desk.lock().busy = false;
            self.desk.changed.notify_all();
            on_idle();
        }
        self.checkpointer.stop();
        if let Err(error) = self.store.checkpoint("TRUNCATE") {
            tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
        }
    }

    /// Writes until it succeeds; None: the house is closing and the disk would not.
    fn write(&mut self, batch: &Batch) -> Option<Places> {
        let mut pause = FIRST_PAUSE;
        let mut failed = 0_u64;
        let mut closing_since: Option<Instant> = None;
        loop {
            let begun = Instant::now();
            match self.store.write(batch) {
                Ok(places) => {
                    self.health.wrote(batch.entries.len(), begun.elapsed());
                    self.health.audited(self.store.audit_head());
                    if failed > 0 {
                        tracing::info!(failed, "the store writes again; nothing was lost");
                    }
                    return Some(places);
                }
                Err(error) => self.failed(&error, failed),
            }
            failed += 1;
            let state = self.desk.lock();
            // Once it has been told to stop, nobody notifies any more: then this is the whole pause.
            let at_most = if state.stop { FIRST_PAUSE } else { pause };
            let state = self.desk.wait(state, Some(at_most));
            let stop = state.stop;
            drop(state);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if stop && closing_since.get_or_insert_with(Instant::now).elapsed() >= Duration::from_secs(limits::STORE_WAIT_SECONDS) {
                tracing::error!(failed, entries = batch.entries.len(), "the store cannot write: a batch is given up, unacknowledged");
                return None;
            }
        }
    }

    fn failed(&self, error: &StoreError, failed: u64) {
        self.health.fails(&error.to_string());
        if failed.is_multiple_of(100) {
            tracing::error!(%error, failed, "the store cannot write; the batch is kept and tried again");
        }
    }

    /// Has the log copied in time, and begins it anew when it has grown too long all the same.
    fn look_after_log(&mut self) {
        let Ok(wal) = self.store.wal() else { return };
        self.health.wal_bytes.store(wal.bytes(), Relaxed);
        if wal.backlog_bytes() > checkpoint::BACKLOG_BYTES {
            self.checkpointer.ask();
        }
        // A copy is in the way for a while; what is not in the database yet would be copied here, with the verdicts waiting. After a
        // copy that is much, and the checkpointer is at it.
        let too_soon = self.health.copies.is_held() || (wal.backlog_bytes() > MOST_COPIED_HERE && wal.bytes() < limits::COPY_WAL_BYTES);
        if wal.bytes() < self.restart_from || too_soon {
            return;
        }
        let begun = Instant::now();
        match self.store.checkpoint_within("RESTART", RESTART_WAIT) {
            Ok(_) => {
                self.restart_from = limits::WAL_BYTES;
                self.health.restarted(begun.elapsed());
            }
            Err(error) => {
                self.restart_from = wal.bytes() + checkpoint::BACKLOG_BYTES;
                self.health.restarts_refused.fetch_add(1, Relaxed);
                tracing::warn!(%error, wal_bytes = wal.bytes(), "the write-ahead log is past its limit and could not be begun anew");
            }
        }
    }
}

/// Tells those who wait that nobody will take their batch, however the thread ended.
struct Ending(Arc<Desk>, Arc<StoreHealth>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.waiting = None;
        state.chores.clear();
        if !state.stop {
            self.1.fails("the store's writer has ended; restart jamey");
        }
        drop(state);
        self.0.changed.notify_all();
    }
}
