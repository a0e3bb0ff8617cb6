//! The pulse of a part: it says when it waits for something to do and when it is at work; what is at work for too long hangs. The supervisor gives
//! one to each task and thread, and whoever has none is not watched.

use super::Trial;
use std::{
    cell::RefCell,
    future::Future,
    panic,
    sync::{
        Arc, Mutex, Once, OnceLock, PoisonError,
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
    /// Where it panicked.
    panicked: OnceLock<String>,
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
    pulse.tries(false).await;
}

/// Of a task in the midst of its work, of which a part is done: where a fall hurts most.
pub async fn within() {
    let Ok(pulse) = OF_TASK.try_with(Clone::clone) else { return };
    pulse.tries(true).await;
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

/// From now on each pulse knows where its part panicked. The words of a panic may be a stranger's, and are the log's alone.
pub(super) fn hear_of_panics() {
    static HEARS: Once = Once::new();
    HEARS.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            let pulse =
                OF_TASK.try_with(Clone::clone).ok().or_else(|| OF_THREAD.try_with(|pulse| pulse.try_borrow().ok()?.clone()).ok()?);
            if let (Some(pulse), Some(place)) = (pulse, panicked.location()) {
                let _ = pulse.0.panicked.set(format!("{}:{}", place.file(), place.line()));
            }
            before(panicked);
        }));
    });
}

pub(super) fn with<F: Future>(pulse: Pulse, run: F) -> impl Future<Output = F::Output> {
    OF_TASK.scope(pulse, run)
}

impl Pulse {
    pub(super) fn new(started: Instant, trials: impl Iterator<Item = Trial>) -> Self {
        let (works_since, panicked) = (AtomicU64::new(0), OnceLock::new());
        Self(Arc::new(Inner { started, works_since, trials: Mutex::new(trials.collect()), panicked }))
    }

    /// That it panicked, and where.
    pub(super) fn panicked(&self) -> String {
        self.0.panicked.get().map_or_else(|| "it panicked".to_owned(), |place| format!("it panicked at {place}"))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// A trial that is due. Each is done once, also where the part is started again.
    fn due(&self, within: bool) -> Option<Trial> {
        let up = self.0.started.elapsed();
        let trials = self.0.trials.lock().unwrap_or_else(PoisonError::into_inner);
        trials.iter().find(|trial| trial.within == within && trial.after <= up && trial.begin()).cloned()
    }

    async fn tries(&self, within: bool) {
        match self.due(within) {
            Some(Trial { hangs: Some(long), .. }) => tokio::time::sleep(long).await,
            Some(_) => falls(),
            None => {}
        }
    }

    pub(super) fn turns(&self) {
        match self.due(false) {
            Some(Trial { hangs: Some(long), .. }) => std::thread::sleep(long),
            Some(_) => falls(),
            None => {}
        }
    }

    /// Waits until it has been at work for so long.
    pub(super) async fn hangs(&self, patience: Duration, excused: &OnceLock<Box<dyn Fn() -> bool + Send + Sync>>) {
        let (every, mut looks) = (patience / 4, Looks::new(patience));
        loop {
            let before = self.millis();
            tokio::time::sleep(every).await;
            let is_excused = excused.get().is_some_and(|excused| excused());
            let now = self.millis();
            if looks.look(now.saturating_sub(before), now, self.0.works_since.load(Relaxed), is_excused) {
                return;
            }
        }
    }
}

#[expect(clippy::panic, reason = "a trial asks for it")]
fn falls() {
    panic!("a trial");
}

/// What is seen of a part at one look after the other, in milliseconds. Pure.
struct Looks {
    most: u64,
    /// Before that nothing counts.
    from: u64,
    /// It hung at the last look.
    hung: bool,
}

impl Looks {
    fn new(patience: Duration) -> Self {
        Self { most: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX), from: 0, hung: false }
    }

    /// Whether it hangs. A look that came late is of a process that stood still itself: then its parts could not work either.
    fn look(&mut self, slept: u64, now: u64, works_since: u64, is_excused: bool) -> bool {
        if is_excused || slept > self.most / 2 {
            self.from = now;
        }
        let hangs = works_since > 0 && now.saturating_sub(works_since.max(self.from)) > self.most;
        std::mem::replace(&mut self.hung, hangs) && hangs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_work_for_too_long_hangs_and_a_process_that_stood_still_does_not() {
        let mut looks = Looks::new(Duration::from_secs(4));
        let mut looked = |slept, now, since| looks.look(slept, now, since, false);
        assert!(!looked(1_000, 9_000, 0), "it waits");
        assert!(!looked(1_000, 10_000, 6_000));
        assert!(!looked(1_000, 10_001, 6_000) && looked(1_000, 11_001, 6_000), "seen twice");
        assert!(!looked(3_600_000, 3_611_001, 6_000), "it was stopped for an hour, and goes on now");
        assert!(!looked(1_000, 3_612_001, 6_000) && !looked(1_000, 3_615_001, 6_000));
        assert!(!looked(1_000, 3_616_001, 6_000) && looked(1_000, 3_617_001, 6_000), "and it hangs still");
        assert!(!looked(1_000, 3_618_001, 3_618_000) && !looked(1_000, 3_622_001, 3_618_000), "once is not twice");
        assert!(!looks.look(1_000, 3_623_001, 3_618_000, true), "the disk takes nothing");
    }
}
