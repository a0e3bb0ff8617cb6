//! The thread that keeps the index beside the store, off the verdict's path: what it has not seen yet is found in the store meanwhile.

use crate::{
    memory::index::{Doubt, FollowError, Follower},
    runtime::{Supervisor, pulse, step_back},
    store::{Chore, Chores, GivingWay, Reader, StoreHealth},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};
use tracing::{debug, info, warn};

/// The folder of the index, in the data folder.
pub const FOLDER: &str = "index";
/// What is committed together is taken together.
const GATHER: Duration = Duration::from_millis(100);
/// How often who waits for it looks whether there is somebody to answer.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long it waits after a mistake, and at most for something to do.
const PAUSE: Duration = Duration::from_secs(10);

/// The index's thread, to be woken and stopped.
#[derive(Clone)]
pub struct Keeper {
    thread: Thread,
    stop: Arc<AtomicBool>,
    /// The house stops: nobody waits for it any more.
    left: Arc<AtomicBool>,
    asks: Asks,
    doubted: Arc<AtomicBool>,
    house: House,
    figures: Arc<Mutex<IndexFigures>>,
}

/// Whose index it is, once it writes: where the change log is shortened, and whom to give way to.
type House = Arc<OnceLock<(Chores, Arc<StoreHealth>)>>;

/// The index as its thread committed it last.
#[derive(Debug, Clone, Copy, Default)]
pub struct IndexFigures {
    pub records: u64,
    /// The number of the change log up to which it has all.
    pub applied: i64,
}

/// What is wished of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// All anew.
    Rebuild,
    /// Nothing in it that was forgotten before.
    Purge,
    /// Nothing in it that is gone.
    Compact,
}

/// Those who wait: each is told how many records it has then.
type Asks = Arc<Mutex<Vec<(Wish, SyncSender<Result<u64, String>>)>>>;

impl Keeper {
    /// Has the index built anew, and waits for it; recall goes on meanwhile. Not for an async task.
    ///
    /// # Errors
    /// Why it could not be.
    pub fn rebuild(&self) -> Result<u64, String> {
        self.ask(Wish::Rebuild)
    }

    /// Waits until nothing is in its files that was forgotten before. Not for an async task.
    ///
    /// # Errors
    /// Why that could not be.
    pub fn purge(&self) -> Result<(), String> {
        self.ask(Wish::Purge).map(drop)
    }

    /// Has all that changed taken, and what is gone merged away; waits for it. Not for an async task.
    ///
    /// # Errors
    /// Why that could not be.
    pub fn compact(&self) -> Result<(), String> {
        self.ask(Wish::Compact).map(drop)
    }

    fn ask(&self, wish: Wish) -> Result<u64, String> {
        let (tell, told) = sync_channel(1);
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).push((wish, tell));
        self.wake();
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok(told) => return told,
                // Who asks when the thread is gone is told by nobody.
                Err(RecvTimeoutError::Timeout) if !self.stop.load(Ordering::Acquire) && !self.left.load(Ordering::Acquire) => {}
                Err(_) => return Err("Jamey is stopping".to_owned()),
            }
        }
    }

    /// It was seen to be wrong: it is looked through, and built anew if so.
    pub fn doubt(&self) {
        self.doubted.store(true, Ordering::Release);
        self.wake();
    }

    /// For a house that writes; for the first that is named.
    pub fn work_with(&self, chores: Chores, health: Arc<StoreHealth>) {
        drop(self.house.set((chores, health)));
    }

    #[must_use]
    pub fn figures(&self) -> IndexFigures {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed.
    pub fn wake(&self) {
        self.thread.unpark();
    }

    /// The house stops: who waits, or asks from now on, is not kept from stopping with it. The index goes on.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Release);
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }
}

/// Starts the thread.
///
/// # Errors
/// When it cannot be started.
pub fn keep(data: &Path, supervisor: &Supervisor) -> std::io::Result<(Keeper, JoinHandle<()>)> {
    let (data, stop) = (data.to_owned(), Arc::new(AtomicBool::new(false)));
    let (asks, doubted, house, figures) = (Asks::default(), Arc::default(), Arc::default(), Arc::default());
    let work = Work {
        data,
        stopped: Arc::clone(&stop),
        asks: Arc::clone(&asks),
        doubted: Arc::clone(&doubted),
        house: Arc::clone(&house),
        figures: Arc::clone(&figures),
    };
    let held = supervisor.clone();
    let thread = thread::Builder::new().name("index".into()).spawn(move || held.hold("index", || work.run()))?;
    Ok((Keeper { thread: thread.thread().clone(), stop, left: Arc::default(), asks, doubted, house, figures }, thread))
}

struct Work {
    data: PathBuf,
    stopped: Arc<AtomicBool>,
    asks: Asks,
    doubted: Arc<AtomicBool>,
    house: House,
    figures: Arc<Mutex<IndexFigures>>,
}

impl Work {
    fn run(&self) {
        // Also Tantivy's threads, which begin in this one.
        step_back();
        let mut mistakes = 0u64;
        while !self.is_over() {
            let Err(error) = self.follow() else { return };
            // They asked while nothing can be done for them.
            let asked = std::mem::take(&mut *self.asks.lock().unwrap_or_else(PoisonError::into_inner));
            let why = error.to_string();
            asked.iter().for_each(|(_, tell)| drop(tell.send(Err(why.clone()))));
            // The first and every hundredth: a full disk stays full for a while.
            if mistakes.is_multiple_of(100) {
                warn!("{error}; recall finds what is new in the store until it can be followed again");
            }
            mistakes += 1;
            self.pause();
        }
    }

    /// Until it is worth another try, or somebody asks. Each commit wakes this thread, and each try reads the whole index.
    fn pause(&self) {
        let until = Instant::now() + PAUSE;
        while !self.is_over() && self.asks.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn follow(&self) -> Result<(), FollowError> {
        let store = Reader::open(&self.data)?.patient(|| true)?;
        let (mut follower, doubt) = Follower::open(&self.data.join(FOLDER), &store)?;
        if let Some(doubt) = doubt {
            self.anew(&mut follower, &store, &doubt)?;
        }
        loop {
            pulse::turns();
            let over = self.is_over();
            if self.doubted.swap(false, Ordering::AcqRel)
                && let Some(doubt) = follower.index().doubt(&store)?
            {
                self.anew(&mut follower, &store, &doubt)?;
            }
            let asked = std::mem::take(&mut *self.asks.lock().unwrap_or_else(PoisonError::into_inner));
            if asked.iter().any(|(wish, _)| *wish == Wish::Rebuild) && !over {
                self.told(&asked, self.rebuild(&mut follower, &store))?;
            } else if follower.is_to_purge(&store)? {
                self.told(&asked, self.anew(&mut follower, &store, &Doubt::Forgotten))?;
            } else if asked.iter().any(|(wish, _)| *wish == Wish::Compact) && !over {
                let compacted = follower.compact(&store).map(|()| follower.index().records());
                self.told(&asked, compacted)?;
                self.shorten(follower.index().applied());
            } else {
                self.told(&asked, Ok(follower.index().records()))?;
            }
            while follower.follow(&store)? > 0 && follower.due().is_none_or(|due| due > Instant::now()) {}
            if over || follower.due().is_some_and(|due| due <= Instant::now()) {
                follower.commit()?;
                self.shorten(follower.index().applied());
            }
            if over {
                return follower.close();
            }
            let figures = IndexFigures { records: follower.index().records(), applied: follower.index().applied() };
            *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = figures;
            thread::park_timeout(follower.due().map_or(PAUSE, |due| due.saturating_duration_since(Instant::now())));
            if !self.is_over() {
                thread::sleep(GATHER);
            }
        }
    }

    /// Tells who asked; who asked may be gone.
    fn told(&self, asked: &[(Wish, SyncSender<Result<u64, String>>)], result: Result<u64, FollowError>) -> Result<(), FollowError> {
        let told = result.as_ref().map(|records| *records).map_err(ToString::to_string);
        asked.iter().for_each(|(_, tell)| drop(tell.send(told.clone())));
        result.map(drop)
    }

    fn anew(&self, follower: &mut Follower, store: &Reader, doubt: &Doubt) -> Result<u64, FollowError> {
        let from = Instant::now();
        let records = self.rebuild(follower, store)?;
        if records > 0 {
            info!("the index was built anew, for {doubt}: {records} records in {:.1} s", from.elapsed().as_secs_f64());
        }
        Ok(records)
    }

    /// Some records at a time: while verdicts take longer for it, it waits.
    fn rebuild(&self, follower: &mut Follower, store: &Reader) -> Result<u64, FollowError> {
        let mut giving_way = None;
        follower.rebuild(store, |_| {
            // At a start the house may write only when this is under way.
            if giving_way.is_none() {
                giving_way = self.house.get().map(|(_, health)| GivingWay::to(Some(health)));
            }
            thread::sleep(giving_way.as_mut().map_or(Duration::ZERO, GivingWay::pause));
        })
    }

    /// What the index has seen need not stand in the log any more. Where that cannot be done now, the next commit does it.
    fn shorten(&self, applied: i64) {
        if let Some(Err(error)) = self.house.get().map(|(chores, _)| chores.run(Chore::Followed { to: applied })) {
            debug!(%error, "the change log stays as long as it is");
        }
    }
}

/// What is gone goes from the index of a house at rest, and what came is taken.
///
/// # Errors
/// When the store cannot be read or the index not written.
pub fn compact(data: &Path) -> Result<(), FollowError> {
    let store = Reader::open(data)?;
    let (mut follower, doubt) = Follower::open(&data.join(FOLDER), &store)?;
    if doubt.is_some() {
        follower.rebuild(&store, |_| {})?;
    }
    follower.compact(&store)?;
    follower.close()
}

/// Takes what was forgotten from the index of a house at rest. What cannot be cleaned goes: the next start makes it anew.
///
/// # Errors
/// When it can neither be cleaned nor deleted.
pub fn purge(data: &Path) -> std::io::Result<()> {
    let path = data.join(FOLDER);
    if !path.exists() {
        return Ok(());
    }
    let clean = || -> Result<(), FollowError> {
        let store = Reader::open(data)?;
        let (mut follower, doubt) = Follower::open(&path, &store)?;
        if doubt.is_some() {
            follower.rebuild(&store, |_| {})?;
        }
        follower.close()
    };
    if let Err(error) = clean() {
        warn!("{error}: it is deleted, and made anew at the next start");
        std::fs::remove_dir_all(&path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_of_an_index_that_cannot_be_kept_is_told_why() {
        let data = tempfile::tempdir().unwrap();
        let (keeper, thread) = keep(data.path(), &Supervisor::alone()).unwrap();
        let why = keeper.compact().unwrap_err();
        assert!(!why.is_empty() && why != "Jamey is stopping", "{why}");
        assert!(keeper.rebuild().is_err() && keeper.purge().is_err());
        keeper.stop();
        thread.join().unwrap();
    }

    #[test]
    fn nobody_waits_for_the_index_when_the_house_stops() {
        // Its thread never answers.
        let keeper = Keeper {
            thread: thread::current(),
            stop: Arc::default(),
            left: Arc::default(),
            asks: Asks::default(),
            doubted: Arc::default(),
            house: Arc::default(),
            figures: Arc::default(),
        };
        let (asks, waits) = (keeper.clone(), keeper.asks.clone());
        let waiting = thread::spawn(move || asks.compact());
        while waits.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        keeper.leave();
        assert_eq!(waiting.join().unwrap(), Err("Jamey is stopping".to_owned()));
        assert!(keeper.purge().is_err(), "nor asks from then on");
    }
}
