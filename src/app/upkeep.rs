//! The thread that lets go of what is due, chore by chore, in the pauses of the writer. What fails is tried again later, and said once.

use crate::{
    config::Config,
    memory::{
        steady::Steady,
        upkeep::{Plan, Upkeep},
    },
    runtime::Clock,
    store::{Chores, Reader, StoreError},
};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};
use tracing::{info, warn};

/// Between two rounds: what is due is summed up together, and the card is written less often.
const ROUND: Duration = Duration::from_secs(600);
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// Between two chores, so many times as long as the one took: the disk is the verdicts'.
const REST: u32 = 4;

/// The upkeep's thread, to be stopped.
pub struct Upkeeper {
    thread: Thread,
    stop: Arc<AtomicBool>,
}

impl Upkeeper {
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
    let work = Work { data: config.store.data.clone(), plan, clock, chores, stopped: Arc::clone(&stop) };
    let thread = thread::Builder::new().name("upkeep".into()).spawn(move || work.run())?;
    Ok((Upkeeper { thread: thread.thread().clone(), stop }, thread))
}

struct Work {
    data: PathBuf,
    plan: Plan,
    clock: Arc<Clock>,
    chores: Chores,
    stopped: Arc<AtomicBool>,
}

impl Work {
    fn run(&self) {
        let (mut steady, mut upkeep) = (Steady::default(), Upkeep::new(self.plan.clone()));
        let (mut next, mut fails, mut was_full) = (Instant::now(), false, false);
        while !self.is_over() {
            let looked = self.look(&mut steady).and_then(|believed| match believed {
                true if Instant::now() >= next => self.round(&mut upkeep).map(|()| next = Instant::now() + ROUND),
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
            thread::park_timeout(LOOK);
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn look(&self, steady: &mut Steady) -> Result<bool, StoreError> {
        let newest = Reader::open(&self.data)?.newest()?;
        Ok(steady.believes(self.clock.wall(), self.clock.uptime(), newest))
    }

    fn round(&self, upkeep: &mut Upkeep) -> Result<(), StoreError> {
        let store = Reader::open(&self.data)?;
        while !self.is_over()
            && let Some(chore) = upkeep.next(&store, self.clock.wall())?
        {
            let done = self.chores.run(chore.clone())?;
            upkeep.done(&chore, done);
            thread::park_timeout(done.took * REST);
        }
        Ok(())
    }
}
