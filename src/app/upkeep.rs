//! The thread that lets go of what is due, chore by chore, in the pauses of the writer. What fails is tried again later, and said once.

use crate::{
    config::Config,
    domain::Timestamp,
    memory::{
        steady::Steady,
        upkeep::{Plan, Upkeep},
    },
    runtime::Clock,
    store::{Chores, Reader, Store, StoreError},
};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};
use tracing::{info, warn};

/// Between two rounds: what is due is summed up together, and the card is written less often.
const ROUND: Duration = Duration::from_secs(600);
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How often who waits for a round looks whether there is somebody to make it.
const PATIENCE: Duration = Duration::from_millis(200);
/// Between two chores, so many times as long as the one took: the disk is the verdicts'.
const REST: u32 = 4;

/// The upkeep's thread, to be asked and stopped.
#[derive(Clone)]
pub struct Upkeeper {
    thread: Thread,
    stop: Arc<AtomicBool>,
    asks: Asks,
    at_work: Arc<AtomicBool>,
}

/// Those who want a round now: each is told how many rows and pages it was about.
type Asks = Arc<Mutex<Vec<SyncSender<Result<u64, String>>>>>;

impl Upkeeper {
    /// Has a round made now, whatever the clock is believed to be: its owner asks. Waits for it; not for an async task.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn round(&self) -> Result<u64, String> {
        let (tell, told) = sync_channel(1);
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).push(tell);
        self.thread.unpark();
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok(told) => return told,
                // Who asks when the thread is gone is told by nobody.
                Err(RecvTimeoutError::Timeout) if !self.stop.load(Ordering::Acquire) => {}
                Err(_) => return Err("Jamey is stopping".to_owned()),
            }
        }
    }

    /// Whether a round has found something to do, and does it.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.at_work.load(Ordering::Acquire)
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Starts the thread.
///
/// # Errors
/// When it cannot be started.
pub fn keep(config: &Config, clock: Arc<Clock>, chores: Chores) -> std::io::Result<(Upkeeper, JoinHandle<()>)> {
    let plan = Plan { keeping: config.memory, retentions: config.retentions.clone(), zone: config.zone() };
    let stop = Arc::new(AtomicBool::new(false));
    let (asks, at_work) = (Asks::default(), Arc::<AtomicBool>::default());
    let work = Work {
        data: config.store.data.clone(),
        plan,
        clock,
        chores,
        stopped: Arc::clone(&stop),
        asks: Arc::clone(&asks),
        at_work: Arc::clone(&at_work),
    };
    let thread = thread::Builder::new().name("upkeep".into()).spawn(move || work.run())?;
    Ok((Upkeeper { thread: thread.thread().clone(), stop, asks, at_work }, thread))
}

struct Work {
    data: PathBuf,
    plan: Plan,
    clock: Arc<Clock>,
    chores: Chores,
    stopped: Arc<AtomicBool>,
    asks: Asks,
    at_work: Arc<AtomicBool>,
}

impl Work {
    fn run(&self) {
        let (mut steady, mut upkeep) = (Steady::default(), Upkeep::new(self.plan.clone()));
        let (mut next, mut fails, mut was_full) = (Instant::now(), false, false);
        while !self.is_over() {
            let asked = std::mem::take(&mut *self.asks.lock().unwrap_or_else(PoisonError::into_inner));
            if !asked.is_empty() {
                let told = self.round(&mut upkeep).map_err(|error| error.to_string());
                // Who asked may be gone.
                asked.into_iter().for_each(|tell| drop(tell.send(told.clone())));
            }
            let looked = self.look(&mut steady).and_then(|believed| match believed {
                true if Instant::now() >= next => self.round(&mut upkeep).map(|_| next = Instant::now() + ROUND),
                _ => Ok(()),
            });
            match looked {
                Err(error) if !fails && !self.is_over() => {
                    warn!("{error}; what is due in memory is let go later");
                    fails = true;
                }
                Ok(()) if fails => {
                    info!("memory is looked after again");
                    fails = false;
                }
                _ => {}
            }
            if upkeep.has_no_room() && !was_full {
                warn!("the database is larger than memory.database_mb, and nothing is left that may go: allow it more");
            }
            was_full = upkeep.has_no_room();
            // A round may have slept through the call to stop.
            if !self.is_over() {
                thread::park_timeout(LOOK);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn look(&self, steady: &mut Steady) -> Result<bool, StoreError> {
        let newest = Reader::open(&self.data)?.newest()?;
        Ok(steady.believes(self.clock.wall(), self.clock.uptime(), newest))
    }

    fn round(&self, upkeep: &mut Upkeep) -> Result<u64, StoreError> {
        let done = self.work(upkeep);
        self.at_work.store(false, Ordering::Release);
        done
    }

    fn work(&self, upkeep: &mut Upkeep) -> Result<u64, StoreError> {
        let (store, mut rows) = (Reader::open(&self.data)?, 0);
        while !self.is_over()
            && let Some(chore) = upkeep.next(&store, self.clock.wall())?
        {
            self.at_work.store(true, Ordering::Release);
            let done = self.chores.run(chore.clone())?;
            rows += u64::try_from(done.rows).unwrap_or(0);
            upkeep.done(&chore, done);
            thread::park_timeout(done.took * REST);
        }
        Ok(rows)
    }
}

/// A round on a house at rest.
///
/// # Errors
/// When the store cannot be read or written.
pub fn at_rest(config: &Config, store: &mut Store, now: Timestamp, mut progress: impl FnMut(u64)) -> Result<u64, StoreError> {
    let plan = Plan { keeping: config.memory, retentions: config.retentions.clone(), zone: config.zone() };
    let (mut upkeep, reader, mut rows) = (Upkeep::new(plan), Reader::open(&config.store.data)?, 0);
    while let Some(chore) = upkeep.next(&reader, now)? {
        let done = store.chore(&chore)?;
        rows += u64::try_from(done.rows).unwrap_or(0);
        upkeep.done(&chore, done);
        progress(rows);
    }
    Ok(rows)
}
