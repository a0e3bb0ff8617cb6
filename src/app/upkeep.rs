//! The thread that lets go of what is due, chore by chore, in the pauses of the writer. What fails is tried again later, and said once.

use super::{
    figures::folder_bytes,
    index::{self, FOLDER, Keeper},
};
use crate::{
    config::Config,
    domain::Timestamp,
    memory::{
        index::{FollowError, Index, IndexError, Weight},
        steady::Steady,
        upkeep::{IndexRoom, Plan, Shortage, Upkeep, index_room},
    },
    runtime::{Clock, Supervisor, pulse, step_back},
    store::{Chores, Reader, Store, StoreError},
};
use std::{
    path::{Path, PathBuf},
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
/// Between two chores, so many times as long as the one took, or to find out what it is: disk and cores are the verdicts'.
const REST: u32 = 4;
const LONGEST_REST: Duration = Duration::from_secs(1);

const MIB: u64 = 1_024 * 1_024;

/// The time on the wall, and how much was counted since some start.
pub type Time = Arc<dyn Fn() -> (Timestamp, Duration) + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error("{0}")]
    Keeper(String),
}

#[must_use]
pub fn time_of(clock: &Arc<Clock>) -> Time {
    let clock = Arc::clone(clock);
    Arc::new(move || (clock.wall(), clock.uptime()))
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rounded {
    /// Rows and pages that it was about.
    pub rows: u64,
    /// Bytes of the index before and after what is gone was merged away.
    pub index_before: u64,
    pub index_after: u64,
}

/// The upkeep's thread, to be asked and stopped.
#[derive(Clone)]
pub struct Upkeeper {
    thread: Thread,
    stop: Arc<AtomicBool>,
    asks: Asks,
    at_work: Arc<AtomicBool>,
    fresh: Fresh,
    short: Short,
}

/// Why there is no room, since the last round.
type Short = Arc<Mutex<Option<Shortage>>>;

/// A budget that is to hold from now on.
type Fresh = Arc<Mutex<Option<Budget>>>;

/// How long what is kept, and how much room it may take.
struct Budget {
    plan: Plan,
    most_of_index: u64,
}

impl Budget {
    fn of(config: &Config) -> Self {
        let plan = Plan { keeping: config.memory, retentions: config.retentions.clone(), zone: config.zone() };
        Self { plan, most_of_index: u64::from(config.memory.index_mb) * MIB }
    }
}

/// Those who want a round now: each is told what it came to.
type Asks = Arc<Mutex<Vec<SyncSender<Result<Rounded, String>>>>>;

impl Upkeeper {
    /// Has a round made now, whatever the clock is believed to be, and what is gone merged away: its owner asks. Waits for it; not for an
    /// async task.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn round(&self) -> Result<Rounded, String> {
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

    /// Why database or index are larger than they may be, in words.
    #[must_use]
    pub fn shortage(&self) -> Option<&'static str> {
        self.short.lock().unwrap_or_else(PoisonError::into_inner).map(told)
    }

    /// Other times and budgets, from the next look on.
    pub fn change(&self, config: &Config) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(Budget::of(config));
        self.thread.unpark();
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn told(short: Shortage) -> &'static str {
    match short {
        Shortage::NothingLeft => {
            "the database is larger than memory.database_mib or the index than memory.index_mib, and nothing is left that may go"
        }
        Shortage::Others => {
            "the database is larger than memory.database_mib: what never goes, verdicts and the audit trail, takes more than half of that, and memory keeps its half"
        }
    }
}

/// Starts the thread.
///
/// # Errors
/// When it cannot be started.
pub fn keep(
    config: &Config,
    time: Time,
    chores: Chores,
    keeper: Keeper,
    supervisor: &Supervisor,
) -> std::io::Result<(Upkeeper, JoinHandle<()>)> {
    let stop = Arc::new(AtomicBool::new(false));
    let (asks, at_work, fresh, short) = (Asks::default(), Arc::<AtomicBool>::default(), Fresh::default(), Short::default());
    let mut work = Work {
        data: config.store.data.clone(),
        budget: Budget::of(config),
        fresh: Arc::clone(&fresh),
        time,
        chores,
        keeper,
        stopped: Arc::clone(&stop),
        asks: Arc::clone(&asks),
        at_work: Arc::clone(&at_work),
        short: Arc::clone(&short),
    };
    let held = supervisor.clone();
    let thread = thread::Builder::new().name("upkeep".into()).spawn(move || held.hold("upkeep", || work.run()))?;
    Ok((Upkeeper { thread: thread.thread().clone(), stop, asks, at_work, fresh, short }, thread))
}

struct Work {
    data: PathBuf,
    budget: Budget,
    fresh: Fresh,
    time: Time,
    chores: Chores,
    keeper: Keeper,
    stopped: Arc<AtomicBool>,
    asks: Asks,
    at_work: Arc<AtomicBool>,
    short: Short,
}

impl Work {
    fn run(&mut self) {
        step_back();
        let (mut steady, mut upkeep) = (Steady::default(), Upkeep::new(self.budget.plan.clone()));
        let (mut next, mut fails) = (Duration::ZERO, false);
        while !self.is_over() {
            pulse::turns();
            let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(budget) = fresh {
                (upkeep, next) = (upkeep.with(budget.plan.clone()), Duration::ZERO);
                self.budget = budget;
            }
            let asked = std::mem::take(&mut *self.asks.lock().unwrap_or_else(PoisonError::into_inner));
            if !asked.is_empty() {
                let told = self.whole_round(&mut upkeep, (self.time)().0).map_err(|error| error.to_string());
                // Who asked may be gone.
                asked.into_iter().for_each(|tell| drop(tell.send(told.clone())));
            }
            let looked = self.look(&mut steady).and_then(|believed| match believed {
                Some((now, counted)) if counted >= next => self.round(&mut upkeep, now).map(|_| next = counted + ROUND),
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
            let short = upkeep.shortage();
            if std::mem::replace(&mut *self.short.lock().unwrap_or_else(PoisonError::into_inner), short) != short
                && let Some(short) = short
            {
                warn!("{}: allow it more", told(short));
            }
            // A round may have slept through the call to stop.
            if !self.is_over() {
                thread::park_timeout(LOOK);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// The time on the wall, if it is believed, and the counted one.
    fn look(&self, steady: &mut Steady) -> Result<Option<(Timestamp, Duration)>, UpkeepError> {
        let newest = Reader::open(&self.data)?.newest()?;
        let (wall, counted) = (self.time)();
        Ok(steady.believes(wall, counted, newest).then_some((wall, counted)))
    }

    /// A round, and what is gone merged away, however little it is.
    fn whole_round(&self, upkeep: &mut Upkeep, now: Timestamp) -> Result<Rounded, UpkeepError> {
        let rows = self.round(upkeep, now)?;
        let index_before = folder_bytes(&self.data.join(FOLDER));
        self.keeper.compact().map_err(UpkeepError::Keeper)?;
        Ok(Rounded { rows, index_before, index_after: folder_bytes(&self.data.join(FOLDER)) })
    }

    /// All of it by one time: a clock that leaps while it lasts was looked at before.
    fn round(&self, upkeep: &mut Upkeep, now: Timestamp) -> Result<u64, UpkeepError> {
        let done = self.fit(upkeep).and_then(|merges| {
            let rows = self.work(upkeep, now)?;
            // What just went is to be gone from the index when it is weighed next.
            if merges {
                self.keeper.compact().map_err(UpkeepError::Keeper)?;
            }
            Ok(rows)
        });
        self.at_work.store(false, Ordering::Release);
        done
    }

    /// Looks whether the index fits; true: something is to be merged away.
    fn fit(&self, upkeep: &mut Upkeep) -> Result<bool, UpkeepError> {
        // One that cannot be read is made anew by who keeps it.
        let Ok(weight) = weight(&self.data) else { return Ok(false) };
        Ok(fit(upkeep, self.budget.most_of_index, weight))
    }

    /// What it reads for long it leaves when it is to stop.
    fn reader(&self) -> Result<Reader, StoreError> {
        let stopped = Arc::clone(&self.stopped);
        Reader::open(&self.data)?.patient(move || !stopped.load(Ordering::Acquire))
    }

    fn work(&self, upkeep: &mut Upkeep, now: Timestamp) -> Result<u64, UpkeepError> {
        let (store, mut rows) = (self.reader()?, 0);
        while !self.is_over() {
            let begun = Instant::now();
            let Some(chore) = upkeep.next(&store, now)? else { break };
            let thought = begun.elapsed();
            self.at_work.store(true, Ordering::Release);
            let done = self.chores.run(chore.clone())?;
            rows += u64::try_from(done.rows).unwrap_or(0);
            upkeep.done(&chore, done);
            thread::park_timeout((done.took.max(thought) * REST).min(LONGEST_REST));
        }
        Ok(rows)
    }
}

fn weight(data: &Path) -> Result<Weight, IndexError> {
    Index::open(&data.join(FOLDER))?.weight()
}

/// Has as much go as is too much for the index; true: something is to be merged away.
fn fit(upkeep: &mut Upkeep, most: u64, weight: Weight) -> bool {
    match index_room(most, weight) {
        IndexRoom::Fits => {
            upkeep.make_index_fit(0);
            return false;
        }
        IndexRoom::Merge => upkeep.make_index_fit(0),
        IndexRoom::Over(records) => upkeep.make_index_fit(records),
    }
    true
}

/// A round on a house at rest.
///
/// # Errors
/// When the store or the index cannot be read or written.
pub fn at_rest(config: &Config, store: &mut Store, now: Timestamp, mut progress: impl FnMut(u64)) -> Result<Rounded, UpkeepError> {
    let data = &config.store.data;
    let budget = Budget::of(config);
    let (mut upkeep, reader, mut rows) = (Upkeep::new(budget.plan), Reader::open(data)?, 0);
    if let Ok(weight) = weight(data) {
        fit(&mut upkeep, budget.most_of_index, weight);
    }
    while let Some(chore) = upkeep.next(&reader, now)? {
        let done = store.chore(&chore)?;
        rows += u64::try_from(done.rows).unwrap_or(0);
        upkeep.done(&chore, done);
        progress(rows);
    }
    let index_before = folder_bytes(&data.join(FOLDER));
    index::compact(data)?;
    Ok(Rounded { rows, index_before, index_after: folder_bytes(&data.join(FOLDER)) })
}

#[cfg(test)]
mod tests;
