//! The supervisor: parts of the house that panic or hang are started again, ever later; where that would be worse than a new start the process is
//! ended in order, with its cause, and who keeps services starts it anew.

mod book;
pub mod pulse;
mod trial;

pub use book::{Fallen, Part};
pub use trial::Trial;

use book::Book;
use pulse::Pulse;
use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle},
};
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
pub struct Supervisor(Arc<Inner>);

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
    name: &'static str,
    pulse: Pulse,
    supervisor: Supervisor,
}

impl Supervisor {
    /// `stop` says when the house stops.
    #[must_use]
    pub fn new(stop: watch::Receiver<bool>, trials: Vec<Trial>, times: Times) -> Self {
        let book = Mutex::new(Book::new(times.well));
        Self(Arc::new(Inner {
            book,
            started: Instant::now(),
            stop,
            end: watch::Sender::new(None),
            trials,
            hangs: times.hangs,
            excused: std::sync::OnceLock::new(),
        }))
    }

    /// One of a house that never stops.
    #[cfg(test)]
    #[must_use]
    pub fn alone() -> Self {
        Self::new(watch::channel(false).1, Vec::new(), Times::default())
    }

    /// While `excuse` says so nobody is taken for hanging.
    pub fn excuse(&self, excuse: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.0.excused.set(Box::new(excuse));
    }

    /// Starts a task, and starts it again when it panics, hangs or ends while nobody asked it to. What it must not lose it keeps outside.
    pub fn task<F>(&self, name: &'static str, run: impl FnMut() -> F + Send + 'static) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.clone().keep(name, run))
    }

    /// The same for a task with a state that outlives its falls.
    pub fn task_of<S, F>(
        &self,
        name: &'static str,
        state: S,
        run: impl Fn(tokio::sync::OwnedMutexGuard<S>) -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        S: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let state = Arc::new(tokio::sync::Mutex::new(state));
        let run = Arc::new(Mutex::new(run));
        self.task(name, move || {
            let (state, run) = (Arc::clone(&state), Arc::clone(&run));
            async move {
                let held = state.lock_owned().await;
                let running = run.lock().unwrap_or_else(PoisonError::into_inner)(held);
                running.await;
            }
        })
    }

    async fn keep<F>(self, name: &'static str, mut run: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = self.0.stop.clone();
        loop {
            let pulse = self.pulse(name);
            let mut own = Own(tokio::spawn(pulse::with(pulse.clone(), run())));
            let task = &mut own.0;
            let cause = tokio::select! {
                ended = &mut *task => match ended {
                    Ok(()) if *stop.borrow() => return,
                    Ok(()) => "it ended, and nobody asked it to".to_owned(),
                    Err(error) => said(error),
                },
                () = pulse.hangs(self.0.hangs, &self.0.excused) => {
                    task.abort();
                    if tokio::time::timeout(ABORT, &mut *task).await.is_err() {
                        return self.end(&format!("{name} hangs and does not let go"));
                    }
                    "it hung".to_owned()
                }
            };
            let Some(pause) = self.fell(name, &cause) else { return };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Runs on this thread until it returns, and again when it panics.
    pub fn hold(&self, name: &'static str, mut run: impl FnMut()) {
        loop {
            pulse::here(Some(self.pulse(name)));
            let came = catch_unwind(AssertUnwindSafe(&mut run));
            pulse::here(None);
            let Err(panicked) = came else { return };
            let Some(pause) = self.fell(name, &words(panicked.as_ref())) else { return };
            let until = Instant::now() + pause;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                if *self.0.stop.borrow() {
                    break;
                }
                thread::sleep(left.min(Duration::from_millis(100)));
            }
        }
    }

    /// For a thread whose panic ends the process.
    #[must_use]
    pub fn vital(&self, name: &'static str) -> Vital {
        Vital { name, pulse: self.pulse(name), supervisor: self.clone() }
    }

    /// Waits until the process is to end, and says why.
    pub async fn ends(&self) -> String {
        let mut end = self.0.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Parts that fell lately, and are watched for whether they do again.
    #[must_use]
    pub fn fallen(&self) -> Vec<Fallen> {
        self.book().lately(self.0.started.elapsed())
    }

    /// How often each part was started again.
    #[must_use]
    pub fn restarts(&self) -> Vec<Part> {
        self.book().all()
    }

    fn pulse(&self, name: &'static str) -> Pulse {
        self.book().meet(name);
        Pulse::new(self.0.started, self.0.trials.iter().filter(|trial| trial.part == name).cloned())
    }

    /// After how long it is to be started again; None: not at all.
    fn fell(&self, name: &'static str, cause: &str) -> Option<Duration> {
        if *self.0.stop.borrow() {
            warn!("{name} fell while the house stops: {cause}");
            return None;
        }
        let pause = self.book().fell(name, cause, self.0.started.elapsed());
        match pause {
            Some(pause) => error!("{name} fell, and is started again in {} ms: {cause}", pause.as_millis()),
            None => self.end(&format!("{name} falls again and again: {cause}")),
        }
        pause
    }

    fn end(&self, why: &str) {
        error!("{why}: Jamey ends, to be started anew");
        self.0.end.send_if_modified(|end| {
            let is_first = end.is_none();
            if is_first {
                *end = Some(why.to_owned());
            }
            is_first
        });
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
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

fn said(error: JoinError) -> String {
    if error.is_panic() { words(error.into_panic().as_ref()) } else { "it was ended".to_owned() }
}

/// What a panic says.
fn words(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().map(String::as_str).or_else(|| panicked.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("without a word").chars().take(200).collect::<String>())
}

#[cfg(test)]
mod tests;
