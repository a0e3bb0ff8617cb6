//! Phoenix's own thread, which gives way to all others: it takes snapshots when they are due or asked for, restores them for trial, lets go of
//! old ones, and tells what came of it. What fails is tried again, ever later.

use super::{
    Came, ForOnce, Gathering,
    changes::Words,
    drill, gather,
    hanging::{self, AtWork},
    kept::Kept,
    place::Place,
    seen::Seen,
    told::{self, News, Standing},
    wishes::{Far, Wish},
    words,
    work::Reason,
};
use crate::{
    app::trial,
    broker::{Announcement, Errand, Hall, OwnClient, Stage, Verb},
    domain::{Timestamp, topics},
    runtime::{Supervisor, give_way, pulse},
};
use anyhow::{Error, Result};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};
use tracing::warn;

/// Wishes of the host that wait.
const WISHES: usize = 8;
/// Once a stop is asked for it has so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// Phoenix's thread, to be asked.
#[derive(Clone)]
pub struct Keeper(mpsc::Sender<Job>);

/// Something to do, and whom to tell.
struct Job {
    wish: Wish,
    by: String,
    tell: Tell,
    done: oneshot::Sender<Result<Value, String>>,
}

/// Who hears how far it is.
pub(super) enum Tell {
    Host(Arc<Far>),
    Nobody,
}

impl Keeper {
    /// Has it done.
    ///
    /// # Errors
    /// Why it could not be.
    pub(super) async fn ask(&self, wish: Wish, by: &str, tell: Tell) -> Result<Value, String> {
        let (done, is_done) = oneshot::channel();
        let stopping = |_| "Jamey is stopping: ask again after the next start".to_owned();
        self.0.send(Job { wish, by: by.to_owned(), tell, done }).await.map_err(|_| stopping(()))?;
        is_done.await.map_err(|_| stopping(()))?
    }
}

/// Starts the thread; it ends when a stop is asked for.
///
/// # Errors
/// When it cannot be started.
pub fn keep(
    hall: Arc<Hall>,
    own: OwnClient,
    gathering: Gathering,
    tell: watch::Sender<Arc<News>>,
    stop: watch::Receiver<bool>,
    supervisor: Supervisor,
) -> std::io::Result<(Keeper, JoinHandle<()>)> {
    let (ask, mut asked) = mpsc::channel(WISHES);
    let (runtime, mut errands) = (Handle::current(), hall.errands.open());
    let (at_work, (to_told, news)) = (AtWork::default(), watch::channel(Arc::<News>::default()));
    runtime.spawn(hanging::look_after(at_work.clone(), news, tell, Arc::clone(&hall), stop.clone()));
    let thread = std::thread::Builder::new().name("snapshots".into()).spawn(move || {
        give_way();
        let mut work = Work::new(runtime, hall, own, gathering, to_told, at_work, stop);
        supervisor.hold("snapshots", || work.run(&mut asked, &mut errands));
    })?;
    Ok((Keeper(ask), thread))
}

/// Waits for the thread to end. It may look through a whole database, or wait for a share that does not answer: then it is left where it is. What it
/// leaves is swept at the next start, and a repository is whole whenever a process ends.
///
/// # Errors
/// When the thread died.
pub async fn ended(thread: JoinHandle<()>) -> Result<()> {
    let deadline = Instant::now() + FAREWELL;
    while !thread.is_finished() {
        if Instant::now() > deadline {
            warn!("a snapshot or its trial does not end: it is left");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    thread.join().map_err(|_| Error::msg("the snapshots' thread died"))
}

/// The thread's own.
pub(super) struct Work {
    pub(super) runtime: Handle,
    pub(super) hall: Arc<Hall>,
    own: OwnClient,
    pub(super) gathering: Gathering,
    tell: watch::Sender<Arc<News>>,
    pub(super) at_work: AtWork,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) data: PathBuf,
    pub(super) zone: TimeZone,
    pub(super) seen: Seen,
    pub(super) words: Words,
    pub(super) look: Duration,
    pub(super) started: Instant,
    pub(super) kept: Vec<Kept>,
    /// What the mind was told.
    pub(super) saved: Option<Timestamp>,
}

enum Next {
    Stop,
    Look,
    Job(Box<Job>),
    Errand(Box<Errand>),
}

impl Work {
    fn new(
        runtime: Handle,
        hall: Arc<Hall>,
        own: OwnClient,
        gathering: Gathering,
        tell: watch::Sender<Arc<News>>,
        at_work: AtWork,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let (data, zone) = (hall.config.store.data.clone(), hall.config.zone());
        drill::clear_away(&data);
        gather::clear_away(&data);
        let (seen, wrong) = Seen::read(&data);
        if let Some(wrong) = wrong {
            warn!("{wrong}");
        }
        let words = Words::of(&hall.config);
        let kept = hall.config.phoenix.repositories.iter().map(|entry| Kept::new(Place::of(entry), &hall, &zone)).collect();
        let (look, started) = (trial::phoenix_look(), Instant::now());
        Self { runtime, hall, own, gathering, tell, at_work, stop, data, zone, seen, words, look, started, kept, saved: None }
    }

    fn run(&mut self, asked: &mut mpsc::Receiver<Job>, errands: &mut mpsc::Receiver<Errand>) {
        let look = if self.kept.is_empty() { None } else { Some(self.look) };
        for i in 0..self.kept.len() {
            self.survey(i);
        }
        self.publish();
        loop {
            let (stop, runtime) = (&mut self.stop, self.runtime.clone());
            let next = runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|stops| *stops) => Next::Stop,
                    Some(job) = asked.recv() => Next::Job(Box::new(job)),
                    Some(errand) = errands.recv() => Next::Errand(Box::new(errand)),
                    () = pause(look) => Next::Look,
                }
            });
            pulse::turns();
            match next {
                Next::Stop => return,
                Next::Look => self.round(),
                Next::Job(job) => {
                    let told = self.fulfil(&job.wish, &job.by, &job.tell);
                    // Who asked may be gone.
                    let _ = job.done.send(told);
                }
                Next::Errand(errand) => self.run_errand(*errand),
            }
            self.publish();
        }
    }

    pub(super) fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    /// Does what somebody wants, in each repository that it is about.
    fn fulfil(&mut self, wish: &Wish, by: &str, tell: &Tell) -> Result<Value, String> {
        let places = Place::named(&self.hall.config, wish.which()).map_err(|error| error.to_string())?;
        let about: Vec<usize> =
            (0..self.kept.len()).filter(|i| self.kept.get(*i).is_some_and(|k| places.iter().any(|p| p.name == k.place.name))).collect();
        match wish {
            Wish::Snapshot { once, .. } => self.each(&about, |work, i| {
                let taken = work.for_once(i, once, |work| work.take(i, Reason::Asked, by, tell))?;
                if let Some(kept) = work.kept.get_mut(i) {
                    kept.is_well();
                }
                Ok(taken)
            }),
            Wish::Drill { of, .. } => self.each(&about, |work, i| work.drill(i, *of, tell)),
            Wish::Prune { dry_run, once, .. } => self.each(&about, |work, i| work.for_once(i, once, |work| work.prune(i, *dry_run, tell))),
        }
    }

    fn for_once<T>(&mut self, i: usize, once: &ForOnce, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.kept.get_mut(i).map(|kept| {
            let before = kept.place.entry.clone();
            once.change(&mut kept.place.entry);
            before
        });
        let done = work(self);
        if let (Some(kept), Some(before)) = (self.kept.get_mut(i), before) {
            kept.place.entry = before;
        }
        done
    }

    fn each<T: Serialize>(&mut self, about: &[usize], mut work: impl FnMut(&mut Self, usize) -> Result<T>) -> Result<Value, String> {
        let mut all = Vec::new();
        for i in about {
            let came = work(self, *i);
            if self.is_over() && came.is_err() {
                return Err("Jamey is stopping: ask again after the next start".to_owned());
            }
            let Some(kept) = self.kept.get(*i) else { continue };
            let (repository, path) = (kept.place.name.clone(), kept.place.entry.path.clone());
            let came = came.map_err(|error| words(&error, &path));
            all.push(Came { repository, path, came });
        }
        serde_json::to_value(all).map_err(|error| error.to_string())
    }

    fn run_errand(&mut self, errand: Errand) {
        self.hall.errands.ledger.turn(&errand, Stage::Running);
        let Errand { verb, repository, snapshot, transaction, by, .. } = errand.clone();
        let wish = match verb {
            Verb::Snapshot => Wish::Snapshot { repository, once: ForOnce::default() },
            Verb::Drill => Wish::Drill { repository, of: snapshot },
        };
        let reply = match self.fulfil(&wish, &by, &Tell::Nobody) {
            Ok(data) => {
                let is_wrong =
                    |one: &Value| one.pointer("/came/Err").is_some() || one.pointer("/came/Ok/passed") == Some(&Value::Bool(false));
                let wrong = data.as_array().into_iter().flatten().any(is_wrong);
                json!({"v": 1, "status": if wrong { "error" } else { "ok" }, "transaction": transaction, "data": data})
            }
            Err(why) => json!({"v": 1, "status": "error", "transaction": transaction, "error": why}),
        };
        if errand.id.is_some() {
            self.hall.errands.ledger.turn(&errand, Stage::Ended(self.hall.clock.now(), reply));
            return;
        }
        let topic = topics::reply(&self.hall.config.root, verb.as_str());
        let say = Announcement { topic, payload: reply.to_string().into_bytes(), qos: 1, retain: false, correlation: None };
        self.runtime.block_on(self.own.publish(say));
    }

    pub(super) fn publish(&mut self) {
        let wall = self.hall.clock.wall();
        for kept in &mut self.kept {
            kept.due(wall);
        }
        let all: Vec<Standing> = self.kept.iter().map(|kept| kept.standing.clone()).collect();
        let news = told::news(&all, self.hall.clock.now());
        self.tell.send_if_modified(|before| {
            let is_other = **before != news;
            if is_other {
                *before = Arc::new(news);
            }
            is_other
        });
    }
}

/// For ever, where nothing is looked after.
async fn pause(look: Option<Duration>) {
    match look {
        Some(look) => tokio::time::sleep(look).await,
        None => std::future::pending().await,
    }
}
