//! The rules, as HTTP has them: those that hold, others checked and tried beside them, and the owner's own, set while Jamey runs.

use crate::{
    api::{Beat, NotReplayed, NotSet, Replay},
    app::{
        orders::Choices,
        rules::{self, Order, Sets, Setting, Unset, Wanted},
    },
    broker::Hall,
    conscience::{RuleError, RuleSet},
    domain::{RuleText, limits},
    runtime::give_way,
    store::{Reader, VerdictRow},
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// So often it is told that a replay goes on.
const BEAT: Duration = Duration::from_secs(1);
const STOPPING: &str = "Jamey is stopping: ask again after the next start";

/// What holds, and how others may.
pub struct Workshop {
    pub hall: Arc<Hall>,
    pub choices: Arc<Choices>,
    pub holds: watch::Receiver<Sets>,
    /// Where other rules are asked for.
    pub wanted: mpsc::Sender<Wanted>,
    /// One set is checked at a time: each may take a tenth of a second of a small host.
    pub checking: Arc<Semaphore>,
    pub replaying: Arc<Semaphore>,
}

impl Workshop {
    pub fn new(hall: Arc<Hall>, choices: Arc<Choices>, holds: watch::Receiver<Sets>, wanted: mpsc::Sender<Wanted>) -> Arc<Self> {
        let one = || Arc::new(Semaphore::new(1));
        Arc::new(Self { hall, choices, holds, wanted, checking: one(), replaying: one() })
    }

    pub fn list(&self) -> Vec<Value> {
        self.holds.borrow().live.rules().map(rules::listed).collect()
    }

    pub fn rule(&self, id: &str) -> Option<Value> {
        let holds = self.holds.borrow();
        holds.live.rules().find(|rule| rule.id == id).map(|rule| rules::told_rule(rule, None))
    }

    pub fn explain(&self, rows: &[VerdictRow]) -> Vec<Value> {
        // A set of its own: it judges, and what holds is not to wait for it.
        let mut set = self.holds.borrow().live.clone();
        rows.iter().map(|row| rules::explained(&mut set, row)).collect()
    }

    /// The rules that hold with a file laid over them; one of the own rules' name stands in their place.
    async fn laid(&self, file: RuleText) -> Result<(Sets, Result<RuleSet, Vec<RuleError>>), String> {
        let (sets, signals) = (self.holds.borrow().clone(), self.hall.config.signals.clone());
        let permit = Arc::clone(&self.checking).acquire_owned().await.map_err(|_| STOPPING)?;
        let done = tokio::task::spawn_blocking(move || {
            let mut ruling = sets.live.ruling().clone();
            ruling.candidates.retain(|one| one.name != file.name);
            let laid = RuleSet::of(&ruling.with(file), &signals);
            drop(permit);
            (sets, laid)
        });
        done.await.map_err(|error| error.to_string())
    }

    pub async fn check(&self, file: RuleText) -> Result<Value, String> {
        let name = file.name.clone();
        let (before, laid) = self.laid(file).await?;
        Ok(match laid {
            Err(errors) => json!({
                "v": 1, "good": false, "rules": null, "examples": null, "replaced": [], "digest": null, "milder": [], "errors": pictured(&errors),
            }),
            Ok(live) => {
                let milder = crate::conscience::milder(&before.live, &live);
                let checked = rules::check(Some(&before), &Sets { live, shadow: None }, &[name]);
                json!({
                    "v": 1, "good": true, "rules": checked.rules, "examples": checked.examples, "replaced": checked.replaced,
                    "digest": checked.digest, "milder": milder, "errors": [],
                })
            }
        })
    }

    pub async fn replay(self: Arc<Self>, wanted: Replay, by: String) -> Result<mpsc::Receiver<Beat>, NotReplayed> {
        let Replay { file, since, until, show } = wanted;
        let config = Arc::clone(&self.hall.config);
        let time = rules::time(&config, since.as_deref(), until.as_deref()).map_err(|error| NotReplayed::Time(error.to_string()))?;
        let permit = Arc::clone(&self.replaying).try_acquire_owned().map_err(|_| NotReplayed::Busy)?;
        let (before, laid) = self.laid(file).await.map_err(NotReplayed::Failed)?;
        let candidate = laid.map_err(|errors| NotReplayed::Refused(pictured(&errors)))?;
        let order = Order { live: before.live, candidate, time, show, most: limits::REPLAYED };
        let (beat, beats) = mpsc::channel(1);
        let hall = Arc::clone(&self.hall);
        let thread = std::thread::Builder::new().name("replay".into());
        thread.spawn(move || work(&hall, order, &by, &beat, permit)).map_err(|error| NotReplayed::Failed(error.to_string()))?;
        Ok(beats)
    }

    pub async fn source(&self) -> Result<Value, String> {
        let state = self.choices.now().await;
        let permit = Arc::clone(&self.checking).acquire_owned().await.map_err(|_| STOPPING)?;
        let read = tokio::task::spawn_blocking(move || {
            let now = rules::own_now(&state.chosen.over(&state.config)).map_err(|refused| refused.to_string());
            drop(permit);
            now.map(|now| rules::told_own(now.own.as_ref(), &now.milder))
        });
        read.await.map_err(|error| error.to_string())?
    }

    pub async fn set(&self, text: Option<String>, by: String, agrees: Box<dyn FnOnce(&Value) -> bool + Send>) -> Result<Value, NotSet> {
        let (done, is_done) = oneshot::channel();
        let stopping = || NotSet::Failed(STOPPING.to_owned());
        let agrees = Box::new(move |own: Option<&rules::Own>, milder: &[String]| agrees(&rules::told_own(own, milder)));
        self.wanted.send(Wanted::Own(Setting { text, by, agrees, done })).await.map_err(|_| stopping())?;
        match is_done.await.map_err(|_| stopping())? {
            Ok(now) => Ok(rules::told_own(now.own.as_ref(), &now.milder)),
            Err(Unset::Changed) => Err(NotSet::Changed),
            Err(Unset::Refused(refused)) => Err(NotSet::Refused(pictured(&refused.0))),
            Err(Unset::Failed(why)) => Err(NotSet::Failed(why)),
        }
    }
}

/// On a thread of its own, which gives way to all others; it ends soon after nobody listens any more.
fn work(hall: &Hall, order: Order, by: &str, beat: &mpsc::Sender<Beat>, permit: OwnedSemaphorePermit) {
    give_way();
    let (mut last, mut judged) = (Instant::now(), 0);
    let goes_on = |many: usize| {
        judged += many;
        if last.elapsed() >= BEAT {
            last = Instant::now();
            // One that was not taken yet says as much.
            let _ = beat.try_send(Beat::GoesOn);
        }
        !beat.is_closed()
    };
    let replayed = Reader::open(&hall.config.store.data).map_err(Into::into).and_then(|reader| rules::replay(reader, order, goes_on));
    drop(permit);
    let (detail, told) = match replayed {
        Ok(Some(replayed)) => (format!("{} requests judged by others than hold", replayed.trial.judged), Ok(replayed.json())),
        Ok(None) => (format!("left by who asked, after {judged} requests"), Ok(Value::Null)),
        Err(error) => (format!("the record cannot be read: {error:#}"), Err(error.to_string())),
    };
    hall.audit(by, "rules.replay", None, &detail);
    let _ = beat.blocking_send(Beat::Done(told));
}

fn pictured(errors: &[RuleError]) -> Value {
    let one = |e: &RuleError| json!({"file": e.file, "rule": e.rule, "line": e.line, "column": e.column, "message": e.message, "picture": e.picture()});
    errors.iter().take(limits::RULE_ERRORS).map(one).collect()
}
