//! The supervisor: parts of the house that panic or hang are started again, ever later. Where one without which the house must not go on falls again
//! and again, the process is ended in order, with its cause, and who keeps services starts it anew; one that can be spared goes on being tried.

mod book;
pub mod pulse;
mod trial;

pub use book::{Fallen, Part};
pub use trial::Trial;

use book::{Book, Fall};
use pulse::Pulse;
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinHandle};
use tracing::{error, warn};

/// How long is waited before something is said of a part.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// What was woken and did not come back for so long hangs: the slowest of what is asked of a task takes some ten seconds.
    pub hangs: Duration,
    /// What fell is well again when it has run for so long.
    pub well: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { hangs: Duration::from_secs(60), well: Duration::from_secs(60) }
    }
}

/// A task that is told to end does so at its next await; one that does not holds a thread.
const ABORT: Duration = Duration::from_secs(5);

/// Who starts the parts.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
    /// Its parts can be spared.
    spares: bool,
}

struct Inner {
    book: Mutex<Book>,
    started: Instant,
    /// The house stops: nothing is started again.
    stop: watch::Receiver<bool>,
    /// Why the process is to end.
    end: watch::Sender<Option<String>>,
    trials: Vec<Trial>,
    hangs: Duration,
    /// While this is so all may wait: for a disk that takes nothing, say.
    excused: std::sync::OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
}

/// Whoever holds it for a thread without which the house must not go on.
pub struct Vital {
    name: Arc<str>,
    pulse: Pulse,
    supervisor: Supervisor,
}

impl Supervisor {
    /// `stop` says when the house stops.
    #[must_use]
    pub fn new(stop: watch::Receiver<bool>, trials: Vec<Trial>, times: Times) -> Self {
        pulse::hear_of_panics();
        let book = Mutex::new(Book::new(times.well));
        let inner = Inner {
            book,
            started: Instant::now(),
            stop,
            end: watch::Sender::new(None),
            trials,
            hangs: times.hangs,
            excused: std::sync::OnceLock::new(),
        };
        Self { inner: Arc::new(inner), spares: false }
    }

    /// The same for parts without which the house goes on: what falls there again and again must not take the guard along.
    #[must_use]
    pub fn sparing(&self) -> Self {
        Self { spares: true, ..self.clone() }
    }

    /// One of a house that never stops.
    #[cfg(test)]
    #[must_use]
    pub fn alone() -> Self {
        Self::new(watch::channel(false).1, Vec::new(), Times::default())
    }

    /// While `excuse` says so nobody is taken for hanging.
    pub fn excuse(&self, excuse: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.inner.excused.set(Box::new(excuse));
    }

    /// Starts a task, and starts it again when it panics, hangs or ends while nobody asked it to. What it must not lose it keeps outside.
    pub fn task<F>(&self, name: impl Into<Arc<str>>, run: impl FnMut() -> F + Send + 'static) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.clone().keep(name.into(), run))
    }

    /// The same for a task with a state that outlives its falls.
    pub fn task_of<S, F>(
        &self,
        name: impl Into<Arc<str>>,
        state: S,
        run: impl Fn(tokio::sync::OwnedMutexGuard<S>) -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        S: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.keep_of(name, state, run))
    }

    /// What such a task does: who lets go of it ends it.
    pub fn keep_of<S, F>(
        &self,
        name: impl Into<Arc<str>>,
        state: S,
        run: impl Fn(tokio::sync::OwnedMutexGuard<S>) -> F + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static
    where
        S: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let state = Arc::new(tokio::sync::Mutex::new(state));
        let run = Arc::new(Mutex::new(run));
        self.clone().keep(name.into(), move || {
            let (state, run) = (Arc::clone(&state), Arc::clone(&run));
            async move {
                let held = state.lock_owned().await;
                let running = run.lock().unwrap_or_else(PoisonError::into_inner)(held);
                running.await;
            }
        })
    }

    async fn keep<F>(self, name: Arc<str>, mut run: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = self.inner.stop.clone();
        loop {
            let pulse = self.pulse(&name);
            let mut own = Own(tokio::spawn(pulse::with(pulse.clone(), run())));
            let task = &mut own.0;
            let cause = tokio::select! {
                ended = &mut *task => match ended {
                    Ok(()) if *stop.borrow() => return,
                    Ok(()) => "it ended, and nobody asked it to".to_owned(),
                    Err(error) if error.is_panic() => pulse.panicked(),
                    Err(_) => "it was ended".to_owned(),
                },
                () = pulse.hangs(self.inner.hangs, &self.inner.excused) => {
                    task.abort();
                    if tokio::time::timeout(ABORT, &mut *task).await.is_err() {
                        return self.end(&format!("{name} hangs and does not let go"));
                    }
                    "it hung".to_owned()
                }
            };
            let Some(pause) = self.fell(&name, &cause) else { return };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Runs on this thread until it returns, and again when it panics.
    pub fn hold(&self, name: &str, mut run: impl FnMut()) {
        loop {
            let pulse = self.pulse(name);
            pulse::here(Some(pulse.clone()));
            let came = catch_unwind(AssertUnwindSafe(&mut run));
            pulse::here(None);
            if came.is_ok() {
                return;
            }
            let Some(pause) = self.fell(name, &pulse.panicked()) else { return };
            let until = Instant::now() + pause;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                if *self.inner.stop.borrow() {
                    break;
                }
                thread::sleep(left.min(Duration::from_millis(100)));
            }
        }
    }

    /// For a thread or task whose panic ends the process.
    #[must_use]
    pub fn vital(&self, name: &str) -> Vital {
        Vital { name: name.into(), pulse: self.pulse(name), supervisor: self.clone() }
    }

    /// Waits until the process is to end, and says why.
    pub async fn ends(&self) -> String {
        let mut end = self.inner.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Parts that fell lately, and are watched for whether they do again.
    #[must_use]
    pub fn fallen(&self) -> Vec<Fallen> {
        self.book().lately(self.inner.started.elapsed())
    }

    /// How often each part was started again.
    #[must_use]
    pub fn restarts(&self) -> Vec<Part> {
        self.book().all()
    }

    fn pulse(&self, name: &str) -> Pulse {
        self.book().meet(name);
        Pulse::new(self.inner.started, self.inner.trials.iter().filter(|trial| trial.part == name).cloned())
    }

    /// After how long it is to be started again; None: not at all.
    fn fell(&self, name: &str, cause: &str) -> Option<Duration> {
        if *self.inner.stop.borrow() {
            warn!("{name} fell while the house stops: {cause}");
            return None;
        }
        let fall = self.book().fell(name, cause, self.inner.started.elapsed());
        match fall {
            Fall::Rest(pause) => error!("{name} fell, and is started again in {} ms: {cause}", pause.as_millis()),
            Fall::Often(pause) if self.spares => {
                error!("{name} falls again and again, and can be spared: it is tried again in {} ms: {cause}", pause.as_millis());
            }
            Fall::Often(_) => {
                self.end(&format!("{name} falls again and again: {cause}"));
                return None;
            }
        }
        Some(fall.rest())
    }

    fn end(&self, why: &str) {
        error!("{why}: Jamey ends, to be started anew");
        self.inner.end.send_if_modified(|end| {
            let is_first = end.is_none();
            if is_first {
                *end = Some(why.to_owned());
            }
            is_first
        });
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.inner.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is not waited for any more does not go on alone.
struct Own(JoinHandle<()>);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Vital {
    /// At each turn of the thread.
    pub fn turns(&self) {
        self.pulse.turns();
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        if thread::panicking() {
            self.supervisor.end(&format!("{} panicked, and what it held may be half done", self.name));
        }
    }
}

#[cfg(test)]
mod tests;
