//! What the owner wishes of memory, on the host: granted by the running Jamey, or on the data folder at rest.

use super::{
    figures::Gauge,
    index::Keeper,
    mailbox::Mailbox,
    upkeep::{self, Rounded, Upkeeper},
};
use crate::{
    broker::Hall,
    config::Config,
    domain::{Change, Input, Timestamp, audit::Event, limits},
    memory::index::Follower,
    runtime::{Clock, pulse},
    store::{Batch, Reader, Store},
};
use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

/// The longest wish.
const WISH_BYTES: u64 = 16 * 1_024;
/// How long the running Jamey may take: to build the index of some millions of records anew on a small host.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// It looks once a second: a wish that lies there longer is seen by nobody.
const SEEN_WITHIN: Duration = Duration::from_secs(15);

/// As whom the host speaks.
const HOST: &str = "owner";
/// Records named in the audit trail; more are counted.
const NAMED: usize = 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// What only the running Jamey knows of memory; null at rest.
    Figures,
    /// The index anew.
    Rebuild,
    /// What is due is summed up and let go of now.
    Optimise,
    /// These records are kept whatever else goes, or no longer.
    Pin { records: Vec<Uuid>, pinned: bool },
    /// These records go.
    LetGo { records: Vec<Uuid> },
}

/// Records of one wish: as many as one page of recall.
pub const AT_ONCE: usize = limits::RECALLED;

/// Has a wish granted; what came of it. `progress` is told how many records are done, where that is known.
///
/// # Errors
/// When it could not be granted, or the running Jamey does not answer.
pub fn grant(config: &Config, wish: &Wish, mut progress: impl FnMut(Option<u64>)) -> anyhow::Result<Value> {
    let data = &config.store.data;
    match super::lock(data) {
        Ok(_lock) => at_rest(config, wish, progress),
        Err(_) => leave(data, wish, || progress(None)),
    }
}

fn mailbox(data: &Path) -> Mailbox {
    Mailbox::at(data, "wishes", WISH_BYTES)
}

fn leave(data: &Path, wish: &Wish, mut waits: impl FnMut()) -> anyhow::Result<Value> {
    let mailbox = mailbox(data);
    let id = mailbox.leave(wish)?;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(told) = mailbox.answer_to(id)? {
            return match told.get("error").and_then(Value::as_str) {
                Some(why) => Err(anyhow!("{why}")),
                None => Ok(told),
            };
        }
        if began.elapsed() > SEEN_WITHIN && mailbox.take_back(id) {
            bail!("the running Jamey did not take the wish: it is taken back; look at Jamey's log");
        }
        waits();
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the running Jamey took the wish and gave no answer in time: look at its log")
}

fn at_rest(config: &Config, wish: &Wish, mut progress: impl FnMut(Option<u64>)) -> anyhow::Result<Value> {
    let data = config.store.data.as_path();
    match wish {
        Wish::Figures => Ok(Value::Null),
        Wish::Optimise => {
            let mut store = Store::open(data).context("the store cannot be opened")?;
            let rounded = upkeep::at_rest(config, &mut store, Clock::new(Timestamp::default()).now(), |rows| progress(Some(rows)))?;
            Ok(optimised(rounded))
        }
        Wish::Rebuild => {
            let store = Reader::open(data).context("the store cannot be read")?;
            let (mut follower, _) = Follower::open(&data.join(super::INDEX), &store)?;
            let records = follower.rebuild(&store, |done| progress(Some(done)))?;
            follower.close()?;
            Ok(rebuilt(records))
        }
        Wish::Pin { .. } | Wish::LetGo { .. } => {
            let mut store = Store::open(data).context("the store cannot be opened")?;
            let last = store.load().context("the store cannot be read")?.last_at;
            let now = Clock::new(last.unwrap_or_default()).now();
            let (told, changes) = changes(data, wish, HOST, now).map_err(|why| anyhow!("{why}"))?;
            let forgets = matches!(wish, Wish::LetGo { .. });
            store.write(&Batch { changes, at: now, ..Batch::default() }).context("it cannot be stored")?;
            if forgets {
                store.scrub().context("they are deleted, but the database could not be written anew: the next start tries again")?;
                drop(store);
                super::index::purge(data)
                    .context("they are deleted, but their words stand in the index: delete the folder `index` of the data folder")?;
            }
            Ok(told)
        }
    }
}

/// What a wish changes in the store, and what is told of it: which records were there.
fn changes(data: &Path, wish: &Wish, by: &str, now: Timestamp) -> Result<(Value, Vec<Change>), String> {
    let store = Reader::open(data).map_err(|error| error.to_string())?;
    let there = |records: &[Uuid]| -> Result<(Vec<Uuid>, Vec<Uuid>), String> {
        let mut both = (Vec::new(), Vec::new());
        for id in records.iter().take(AT_ONCE) {
            let is_there = store.record(*id).map_err(|error| error.to_string())?.is_some();
            if is_there { both.0.push(*id) } else { both.1.push(*id) }
        }
        Ok(both)
    };
    let audit = |action: &str, records: &[Uuid]| {
        let named: Vec<String> = records.iter().take(NAMED).map(Uuid::to_string).collect();
        Change::Audit(Event::new(now, by, action, None, &format!("{} memories: {}", records.len(), named.join(" "))))
    };
    Ok(match wish {
        Wish::Figures | Wish::Rebuild | Wish::Optimise => (Value::Null, Vec::new()),
        Wish::Pin { records, pinned } => {
            let (found, missing) = there(records)?;
            let action = if *pinned { "memory.pinned" } else { "memory.unpinned" };
            let told = json!({"v": 1, "records": found, "not_there": missing, "pinned": pinned});
            (told, vec![audit(action, &found), Change::Pinned { records: found, pinned: *pinned }])
        }
        Wish::LetGo { records } => {
            let (found, missing) = there(records)?;
            let told = json!({"v": 1, "records": found, "not_there": missing});
            let changes = if found.is_empty() { Vec::new() } else { vec![audit("memory.forgotten", &found), Change::LetGo(found)] };
            (told, changes)
        }
    })
}

fn rebuilt(records: u64) -> Value {
    json!({"v": 1, "records": records})
}

fn optimised(rounded: Rounded) -> Value {
    let Rounded { rows, index_before, index_after } = rounded;
    json!({"v": 1, "rows": rows, "index_bytes_before": index_before, "index_bytes": index_after})
}

/// Who grants wishes while Jamey runs.
pub struct Granter {
    pub data: PathBuf,
    pub hall: Arc<Hall>,
    pub keeper: Keeper,
    pub upkeeper: Upkeeper,
    pub gauge: Arc<Mutex<Gauge>>,
}

impl Granter {
    /// Looks for wishes until told to stop.
    pub async fn watch(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mailbox = mailbox(&self.data);
        mailbox.make();
        let mut every = tokio::time::interval(Duration::from_secs(1));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The stop may have been seen while a wish was being granted.
        while !*stopped.borrow() {
            tokio::select! {
                _ = every.tick() => {}
                _ = stopped.changed() => return,
            }
            pulse::works().await;
            // A wish may take minutes, and is no hanging.
            pulse::waits();
            for (id, wish) in mailbox.take::<Wish>() {
                let told = tokio::select! {
                    told = self.fulfil(wish, HOST) => told,
                    _ = stopped.changed() => Err("Jamey is stopping: ask again after the next start".to_owned()),
                };
                mailbox.answer(id, &told.unwrap_or_else(|why| json!({"v": 1, "error": why})));
            }
        }
    }

    /// Grants a wish of somebody's.
    ///
    /// # Errors
    /// Why it came to nothing.
    pub async fn fulfil(&self, wish: Wish, by: &str) -> Result<Value, String> {
        let nothing = |_| "it came to nothing: look at Jamey's log".to_owned();
        match wish {
            Wish::Figures => {
                let gauge = Arc::clone(&self.gauge);
                let read = tokio::task::spawn_blocking(move || gauge.lock().unwrap_or_else(PoisonError::into_inner).read());
                read.await.map_err(nothing)
            }
            Wish::Rebuild => {
                let keeper = self.keeper.clone();
                let built = tokio::task::spawn_blocking(move || keeper.rebuild()).await.map_err(nothing)??;
                self.hall.record("memory.rebuilt", None, "the index was built anew, as the host wished").await;
                Ok(rebuilt(built))
            }
            Wish::Optimise => {
                let upkeeper = self.upkeeper.clone();
                let rounded = tokio::task::spawn_blocking(move || upkeeper.round()).await.map_err(nothing)??;
                self.hall.record("memory.optimised", None, "what was due was summed up and let go of, as the host wished").await;
                Ok(optimised(rounded))
            }
            Wish::Pin { .. } | Wish::LetGo { .. } => {
                let (data, now, forgets) = (self.data.clone(), self.hall.clock.now(), matches!(wish, Wish::LetGo { .. }));
                let by = by.to_owned();
                let (told, changes) = tokio::task::spawn_blocking(move || changes(&data, &wish, &by, now)).await.map_err(nothing)??;
                for change in changes {
                    let (tell, done) = oneshot::channel();
                    let left = self.hall.inbox.leave(Input::Note(Box::new(change)), 0, Some(tell), None).await;
                    if !left || done.await.is_err() {
                        return Err("the store could not write it".to_owned());
                    }
                }
                if forgets {
                    let keeper = self.keeper.clone();
                    tokio::task::spawn_blocking(move || keeper.purge()).await.map_err(nothing)??;
                }
                Ok(told)
            }
        }
    }
}
