//! The thread that keeps the index beside the store, off the verdict's path: what it has not seen yet is found in the store meanwhile.

use crate::{
    memory::index::{FollowError, Follower},
    store::Reader,
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
    rebuilds: Rebuilds,
    figures: Arc<Mutex<IndexFigures>>,
}

/// The index as its thread committed it last.
#[derive(Debug, Clone, Copy, Default)]
pub struct IndexFigures {
    pub records: u64,
    /// The number of the change log up to which it has all.
    pub applied: i64,
}

/// Those who wait for the index to be built anew: each is told how many records it has then.
type Rebuilds = Arc<Mutex<Vec<SyncSender<Result<u64, String>>>>>;

impl Keeper {
    /// Has the index built anew, and waits for it; recall goes on meanwhile. Not for an async task.
    ///
    /// # Errors
    /// Why it could not be.
    pub fn rebuild(&self) -> Result<u64, String> {
        let (tell, told) = sync_channel(1);
        self.rebuilds.lock().unwrap_or_else(PoisonError::into_inner).push(tell);
        self.wake();
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok(told) => return told,
                // Who asks when the thread is gone is told by nobody.
                Err(RecvTimeoutError::Timeout) if !self.stop.load(Ordering::Acquire) => {}
                Err(_) => return Err("Jamey is stopping".to_owned()),
            }
        }
    }

    #[must_use]
    pub fn figures(&self) -> IndexFigures {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed.
    pub fn wake(&self) {
        self.thread.unpark();
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
pub fn keep(data: &Path) -> std::io::Result<(Keeper, JoinHandle<()>)> {
    let (data, stop) = (data.to_owned(), Arc::new(AtomicBool::new(false)));
    let (stopped, rebuilds) = (Arc::clone(&stop), Rebuilds::default());
    let figures = Arc::<Mutex<IndexFigures>>::default();
    let work = Work { data, stopped, rebuilds: Arc::clone(&rebuilds), figures: Arc::clone(&figures) };
    let thread = thread::Builder::new().name("index".into()).spawn(move || work.run())?;
    Ok((Keeper { thread: thread.thread().clone(), stop, rebuilds, figures }, thread))
}

struct Work {
    data: PathBuf,
    stopped: Arc<AtomicBool>,
    rebuilds: Rebuilds,
    figures: Arc<Mutex<IndexFigures>>,
}

impl Work {
    fn run(&self) {
        let mut mistakes = 0u64;
        while !self.is_over() {
            let Err(error) = self.follow() else { return };
            // The first and every hundredth: a full disk stays full for a while.
            if mistakes.is_multiple_of(100) {
                warn!("{error}; recall finds what is new in the store until it can be followed again");
            }
            mistakes += 1;
            thread::park_timeout(PAUSE);
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn follow(&self) -> Result<(), FollowError> {
        let store = Reader::open(&self.data)?;
        let (mut follower, doubt) = Follower::open(&self.data.join(FOLDER), &store)?;
        if let Some(doubt) = doubt {
            let from = Instant::now();
            let records = follower.rebuild(&store, |_| {})?;
            if records > 0 {
                info!("the index was built anew, for {doubt}: {records} records in {:.1} s", from.elapsed().as_secs_f64());
            }
        }
        loop {
            let over = self.is_over();
            let asked = std::mem::take(&mut *self.rebuilds.lock().unwrap_or_else(PoisonError::into_inner));
            if !asked.is_empty() && !over {
                let built = follower.rebuild(&store, |_| {});
                let told = built.as_ref().map(|records| *records).map_err(ToString::to_string);
                // Who asked may be gone.
                asked.into_iter().for_each(|tell| drop(tell.send(told.clone())));
                built?;
            }
            while follower.follow(&store)? > 0 && follower.due().is_none_or(|due| due > Instant::now()) {}
            if over || follower.due().is_some_and(|due| due <= Instant::now()) {
                follower.commit()?;
            }
            if over {
                return follower.close();
            }
            let figures = IndexFigures { records: follower.index().records(), applied: follower.index().applied()?.unwrap_or(0) };
            *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = figures;
            thread::park_timeout(follower.due().map_or(PAUSE, |due| due.saturating_duration_since(Instant::now())));
            if !self.is_over() {
                thread::sleep(GATHER);
            }
        }
    }
}
