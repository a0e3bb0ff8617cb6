//! The pulse of a part: it says when it waits for something to do and when it is at work; what is at work for too long hangs. The supervisor gives
//! one to each task and thread, and whoever has none is not watched.

use super::Trial;
use std::{
    cell::RefCell,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

#[derive(Clone)]
pub struct Pulse(Arc<Inner>);

struct Inner {
    started: Instant,
    /// Since when it is at work, in milliseconds and one; 0: it waits.
    works_since: AtomicU64,
    trials: Mutex<Vec<Trial>>,
}

tokio::task_local! {
    static OF_TASK: Pulse;
}

thread_local! {
    static OF_THREAD: RefCell<Option<Pulse>> = const { RefCell::new(None) };
}

/// Of a task: it waits for something to do.
pub fn waits() {
    let _ = OF_TASK.try_with(|pulse| pulse.0.works_since.store(0, Relaxed));
}

/// Of a task: something came, and it is at work until it waits again.
pub async fn works() {
    let Ok(pulse) = OF_TASK.try_with(Clone::clone) else { return };
    pulse.0.works_since.store(pulse.millis() + 1, Relaxed);
    match pulse.due() {
        Some(Trial { hangs: Some(long), .. }) => tokio::time::sleep(long).await,
        Some(_) => std::panic::panic_any("a trial".to_owned()),
        None => {}
    }
}

/// Of a thread, at each of its turns.
pub fn turns() {
    let pulse = OF_THREAD.with_borrow(Clone::clone);
    if let Some(pulse) = pulse {
        pulse.turns();
    }
}

pub(super) fn here(pulse: Option<Pulse>) {
    OF_THREAD.set(pulse);
}

pub(super) fn with<F: Future>(pulse: Pulse, run: F) -> impl Future<Output = F::Output> {
    OF_TASK.scope(pulse, run)
}

impl Pulse {
    pub(super) fn new(started: Instant, trials: impl Iterator<Item = Trial>) -> Self {
        Self(Arc::new(Inner { started, works_since: AtomicU64::new(0), trials: Mutex::new(trials.collect()) }))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// A trial that is due. Each is done once, also where the part is started again.
    fn due(&self) -> Option<Trial> {
        let up = self.0.started.elapsed();
        let trials = self.0.trials.lock().unwrap_or_else(PoisonError::into_inner);
        trials.iter().find(|trial| trial.after <= up && trial.begin()).cloned()
    }

    pub(super) fn turns(&self) {
        match self.due() {
            Some(Trial { hangs: Some(long), .. }) => std::thread::sleep(long),
            Some(_) => std::panic::panic_any("a trial".to_owned()),
            None => {}
        }
    }

    /// Waits until it has been at work for so long.
    pub(super) async fn hangs(&self, patience: Duration, excused: &std::sync::OnceLock<Box<dyn Fn() -> bool + Send + Sync>>) {
        let most = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let mut from = 0;
        loop {
            tokio::time::sleep(patience / 4).await;
            if excused.get().is_some_and(|excused| excused()) {
                from = self.millis();
            }
            let since = self.0.works_since.load(Relaxed);
            if since > 0 && self.millis().saturating_sub(from) > most && self.millis().saturating_sub(since) > most {
                return;
            }
        }
    }
}
