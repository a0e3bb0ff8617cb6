//! Phoenix's own thread, which gives way to all others: it takes snapshots when they are due or asked for, restores them for trial, lets go of
//! old ones, and tells what came of it. What fails is tried again, ever later.

use super::{
    Came, ForOnce, Gathering, Snapped, Swept, Trial,
    changes::{self, Counted, Words},
    drill, gather,
    place::Place,
    seen::Seen,
    told::{self, News, Standing},
    wishes::{Far, Wish, drill_words, is_stop, prune_words, snapshot_words},
    words,
    work::{Bench, Found, Reason},
};
use crate::{
    app::trial,
    broker::{Announcement, Errand, Hall, OwnClient, Verb},
    domain::{Input, Timestamp, topics},
    phoenix::{PhoenixError, Repository, Schedule, Sequence, Step, Timetable},
    runtime::give_way,
    store::Reader,
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
use tracing::{info, warn};

/// Wishes of the host that wait.
const WISHES: usize = 8;
/// After a start there is so much else to do: nothing is taken for so many looks.
const SOON: u32 = 4;
/// Where nothing is due it is looked after so many looks whether the repository is still there, an hour: a disk that sleeps is to sleep.
const SURVEY: u32 = 240;
/// What failed is tried again after so many looks, and then after twice as many, up to an hour.
const AGAIN: u32 = 4;

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
) -> std::io::Result<(Keeper, JoinHandle<()>)> {
    let (ask, asked) = mpsc::channel(WISHES);
    let (runtime, errands) = (Handle::current(), hall.errands.open());
    let thread = std::thread::Builder::new().name("snapshots".into()).spawn(move || {
        give_way();
        Work::new(runtime, hall, own, gathering, tell, stop).run(asked, errands);
    })?;
    Ok((Keeper(ask), thread))
}

struct Work {
    runtime: Handle,
    hall: Arc<Hall>,
    own: OwnClient,
    gathering: Gathering,
    tell: watch::Sender<Arc<News>>,
    stop: watch::Receiver<bool>,
    data: PathBuf,
    zone: TimeZone,
    seen: Seen,
    words: Words,
    look: Duration,
    started: Instant,
    kept: Vec<Kept>,
    /// What the mind was told.
    saved: Option<Timestamp>,
}

/// A repository that is looked after.
struct Kept {
    place: Place,
    standing: Standing,
    timetable: Option<Timetable>,
    counted: Counted,
    /// When it is looked at next, whatever is due.
    survey: Instant,
    /// What failed is not tried before.
    again: Option<Instant>,
    failures: u32,
    /// What failed was work, and not only a look.
    owes: Option<Reason>,
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
        Self { runtime, hall, own, gathering, tell, stop, data, zone, seen, words, look, started, kept, saved: None }
    }

    fn run(&mut self, mut asked: mpsc::Receiver<Job>, mut errands: mpsc::Receiver<Errand>) {
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

    fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    /// Does what is due.
    fn round(&mut self) {
        for i in 0..self.kept.len() {
            if self.is_over() {
                return;
            }
            let now = Instant::now();
            let Some(kept) = self.kept.get_mut(i) else { return };
            if kept.again.is_some_and(|again| now < again) {
                continue;
            }
            if kept.survey <= now || kept.again.is_some() {
                self.survey(i);
                self.publish();
            }
            if let Some(reason) = self.is_due(i) {
                self.take_by_itself(i, reason);
                self.publish();
            }
        }
    }

    /// Whether a snapshot is to be taken by itself.
    fn is_due(&mut self, i: usize) -> Option<Reason> {
        let (now, is_settled) = (self.hall.clock.wall(), self.started.elapsed() >= self.look * SOON);
        let kept = self.kept.get_mut(i)?;
        kept.standing.next_at = kept.timetable.as_mut().and_then(|timetable| timetable.due(now));
        // Without a look at the repository it is not known what is due.
        let found = kept.standing.found.as_ref().filter(|_| is_settled && kept.again.is_none())?;
        if kept.owes.is_some() {
            return kept.owes;
        }
        if kept.standing.next_at.is_some_and(|at| at <= now) {
            return Some(Reason::Scheduled);
        }
        let entry = &kept.place.entry;
        let pause = f64::from(entry.after_changes_minutes) * 60.0;
        let is_rested = found.newest.as_ref().is_none_or(|newest| self.hall.clock.now().seconds_since(newest.taken_at) >= pause);
        if entry.after_changes == 0 || !is_rested {
            return None;
        }
        if !found.known.words.is_empty() && found.known.words != self.words.digest() {
            return Some(Reason::Changed);
        }
        // What cannot be counted now is counted at the next look.
        let counted = Reader::open(&self.data).and_then(|store| kept.counted.go_on(&store));
        (counted.is_ok() && kept.counted.changes >= u64::from(entry.after_changes)).then_some(Reason::Changed)
    }

    /// Looks how a repository stands.
    fn survey(&mut self, i: usize) {
        let now = self.hall.clock.now();
        let found = self.with(i, |bench, place| bench.survey(&place.open()?, now));
        let Some(kept) = self.kept.get_mut(i) else { return };
        kept.survey = Instant::now() + self.look * SURVEY;
        match found {
            Ok(found) => {
                kept.is_found(found);
                if kept.owes.is_none() {
                    kept.is_well();
                }
                kept.again = None;
            }
            Err(error) => self.failed(i, &error, None),
        }
        self.tell_mind();
    }

    /// What is taken by itself is also restored for trial, and what is old goes; what a drill did not find whole stays.
    fn take_by_itself(&mut self, i: usize, reason: Reason) {
        let taken = self.take(i, reason, "itself", &Tell::Nobody);
        if let Err(error) = taken {
            return self.failed(i, &error, Some(reason));
        }
        let drills = reason == Reason::Scheduled && self.kept.get(i).is_some_and(|kept| kept.place.entry.drill);
        let is_whole = !drills || matches!(self.drill(i, None, &Tell::Nobody), Ok(Trial { passed: true, .. }));
        if is_whole && !self.is_over() {
            match self.prune(i, false, &Tell::Nobody) {
                Err(error) if !matches!(error.downcast_ref(), Some(PhoenixError::AppendOnly { .. })) => {
                    return self.failed(i, &error, None);
                }
                _ => {}
            }
        }
        if let Some(kept) = self.kept.get_mut(i) {
            kept.is_well();
        }
    }

    fn take(&mut self, i: usize, reason: Reason, by: &str, tell: &Tell) -> Result<Snapped> {
        self.doing(i, "snapshot");
        let (at, marks) = (self.hall.clock.now(), (changes::end(&self.data), self.words.digest()));
        let change = marks.0;
        let taken =
            self.work(i, tell, |bench, place, repository, progress| bench.snapshot(place, repository, at, reason, marks, progress))?;
        if let Some(kept) = self.kept.get_mut(i) {
            kept.counted = Counted::from(change);
            kept.standing.last = Some(taken.clone());
        }
        for what in &taken.left_out {
            warn!("not in snapshot {}: {what}", taken.sequence);
        }
        self.record(i, "phoenix.snapshot", &snapshot_words(&taken, reason.as_str(), by));
        Ok(taken)
    }

    fn drill(&mut self, i: usize, of: Option<Sequence>, tell: &Tell) -> Result<Trial> {
        self.doing(i, "drill");
        let at = self.hall.clock.now();
        let tried = self.work(i, tell, |bench, place, repository, progress| bench.drill(place, repository, of, at, progress));
        let amiss = match &tried {
            Ok(tried) if tried.passed => None,
            Ok(tried) => Some(drill_words(tried)),
            Err(error) => Some(self.kept.get(i).map_or_else(String::new, |kept| words(error, &kept.place.entry.path))),
        };
        if let Ok(tried) = &tried {
            self.record(i, "phoenix.drill", &drill_words(tried));
        }
        if let Some(kept) = self.kept.get_mut(i).filter(|_| !tried.as_ref().is_err_and(is_stop)) {
            kept.standing.drill_failed = amiss.map(|why| (at, why));
            if let Some((_, why)) = &kept.standing.drill_failed {
                warn!("{}: {why}", kept.place.name);
            }
        }
        tried
    }

    fn prune(&mut self, i: usize, dry_run: bool, tell: &Tell) -> Result<Swept> {
        self.doing(i, "prune");
        let swept = self.work(i, tell, |bench, place, repository, progress| bench.prune(place, repository, dry_run, progress))?;
        if !swept.removed.is_empty() && !dry_run {
            self.record(i, "phoenix.prune", &prune_words(&swept));
        }
        Ok(swept)
    }

    /// Opens the repository, works on it, and looks how it stands then.
    fn work<T>(
        &mut self,
        i: usize,
        tell: &Tell,
        work: impl FnOnce(&mut Bench<'_>, &Place, &mut Repository, &mut dyn FnMut(Step) -> bool) -> Result<T>,
    ) -> Result<T> {
        let (stop, now) = (self.stop.clone(), self.hall.clock.now());
        let mut progress = |step: Step| {
            if let Tell::Host(far) = tell {
                far.tell(step);
            }
            !*stop.borrow()
        };
        let done = self.with(i, |bench, place| {
            let mut repository = place.open()?;
            let done = work(bench, place, &mut repository, &mut progress);
            Ok((done, bench.survey(&repository, now)))
        });
        self.doing(i, "");
        let (done, found) = done?;
        if let (Some(kept), Ok(found)) = (self.kept.get_mut(i), found) {
            kept.is_found(found);
        }
        self.tell_mind();
        done
    }

    fn with<T>(&mut self, i: usize, work: impl FnOnce(&mut Bench<'_>, &Place) -> Result<T>) -> Result<T> {
        let Some(kept) = self.kept.get(i) else { return Err(Error::msg("there is no such repository")) };
        let mut bench =
            Bench { data: &self.data, node: &self.hall.config.node, zone: &self.zone, gathering: &self.gathering, seen: &mut self.seen };
        work(&mut bench, &kept.place)
    }

    fn doing(&mut self, i: usize, what: &'static str) {
        if let Some(kept) = self.kept.get_mut(i) {
            kept.standing.doing = (!what.is_empty()).then_some(what);
            self.publish();
        }
    }

    fn failed(&mut self, i: usize, error: &Error, owes: Option<Reason>) {
        if is_stop(error) {
            return;
        }
        let (now, look) = (self.hall.clock.now(), self.look);
        let Some(kept) = self.kept.get_mut(i) else { return };
        kept.failures = kept.failures.saturating_add(1);
        kept.again = Some(Instant::now() + (look * AGAIN).saturating_mul(1 << kept.failures.min(10).saturating_sub(1)).min(look * SURVEY));
        kept.owes = owes.or(kept.owes);
        let text = words(error, &kept.place.entry.path);
        // Another process that writes there is done soon.
        let passes = kept.failures == 1 && matches!(error.downcast_ref(), Some(PhoenixError::Busy { .. }));
        if passes || kept.standing.failed.as_ref().is_some_and(|(_, told)| *told == text) {
            return;
        }
        warn!("{}: {text}; it is tried again", kept.place.name);
        let since = kept.standing.failed.as_ref().map_or(now, |(since, _)| *since);
        kept.standing.failed = Some((since, text));
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
        let Errand { verb, repository, snapshot, transaction, by } = errand;
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
        let topic = topics::reply(&self.hall.config.root, verb.as_str());
        let say = Announcement { topic, payload: reply.to_string().into_bytes(), qos: 1, retain: false, correlation: None };
        self.runtime.block_on(self.own.publish(say));
    }

    /// On record, where the inbox takes it before a stop.
    fn record(&mut self, i: usize, action: &str, words: &str) {
        let Some(kept) = self.kept.get(i) else { return };
        let name = kept.place.name.clone();
        info!("{name}: {words}");
        let (hall, stop) = (Arc::clone(&self.hall), &mut self.stop);
        self.runtime.clone().block_on(async {
            tokio::select! {
                () = hall.record(action, Some(&name), words) => {}
                _ = stop.wait_for(|stops| *stops) => {}
            }
        });
    }

    /// The mind is told of the newest snapshot of all.
    fn tell_mind(&mut self) {
        let newest = |kept: &Kept| kept.standing.found.as_ref().and_then(|found| found.known.taken_at);
        let Some(taken_at) = self.kept.iter().filter_map(newest).max().filter(|at| self.saved != Some(*at)) else { return };
        self.saved = Some(taken_at);
        let (hall, stop) = (Arc::clone(&self.hall), &mut self.stop);
        self.runtime.clone().block_on(async {
            tokio::select! {
                _ = hall.inbox.leave(Input::Saved { at: hall.clock.now(), taken_at }, 0, None, None) => {}
                _ = stop.wait_for(|stops| *stops) => {}
            }
        });
    }

    fn publish(&mut self) {
        let wall = self.hall.clock.wall();
        for kept in &mut self.kept {
            kept.standing.next_at = kept.timetable.as_mut().and_then(|timetable| timetable.due(wall));
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

impl Kept {
    fn new(place: Place, hall: &Hall, zone: &TimeZone) -> Self {
        let (entry, since) = (&place.entry, hall.clock.now());
        // A config whose schedule is none was refused.
        let schedule = Schedule::new(&entry.schedule, entry.jitter_seconds, &hall.config.node, &entry.name, zone.clone());
        let standing = Standing {
            name: place.name.clone(),
            path: place.entry.path.clone(),
            stale_hours: place.entry.stale_hours,
            since,
            ..Standing::default()
        };
        Self {
            timetable: schedule.ok().filter(|_| !entry.schedule.is_empty()).map(|schedule| Timetable::new(schedule, None)),
            place,
            standing,
            counted: Counted::default(),
            survey: Instant::now(),
            again: None,
            failures: 0,
            owes: None,
        }
    }

    fn is_found(&mut self, found: Found) {
        let newest = |found: &Found| found.newest.as_ref().map(|newest| (newest.sequence, newest.taken_at));
        let known = self.standing.found.as_ref().and_then(newest);
        if let (Some(timetable), Some((_, taken_at))) = (&mut self.timetable, newest(&found).filter(|newest| known != Some(*newest))) {
            timetable.ran(taken_at);
        }
        self.counted = if self.counted == Counted::default() { Counted::from(found.known.change) } else { self.counted };
        self.standing.found = Some(found);
    }

    fn is_well(&mut self) {
        (self.failures, self.again, self.owes, self.standing.failed) = (0, None, None, None);
    }
}
