//! What the owner wishes of memory, on the host: granted by the running Jamey, or on the data folder at rest.

use super::{index::Keeper, mailbox::Mailbox};
use crate::{broker::Hall, config::Config, memory::index::Follower, store::Reader};
use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// The longest wish.
const WISH_BYTES: u64 = 16 * 1_024;
/// How long the running Jamey may take: to build the index of some millions of records anew on a small host.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// It looks once a second: a wish that lies there longer is seen by nobody.
const SEEN_WITHIN: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The index anew.
    Rebuild,
}

/// Has a wish granted; what came of it. `progress` is told how many records are done, where that is known.
///
/// # Errors
/// When it could not be granted, or the running Jamey does not answer.
pub fn grant(config: &Config, wish: &Wish, mut progress: impl FnMut(Option<u64>)) -> Result<Value> {
    let data = &config.store.data;
    match super::lock(data) {
        Ok(_lock) => at_rest(data, wish, progress),
        Err(_) => leave(data, wish, || progress(None)),
    }
}

fn mailbox(data: &Path) -> Mailbox {
    Mailbox::at(data, "wishes", WISH_BYTES)
}

fn leave(data: &Path, wish: &Wish, mut waits: impl FnMut()) -> Result<Value> {
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

fn at_rest(data: &Path, wish: &Wish, mut progress: impl FnMut(Option<u64>)) -> Result<Value> {
    match wish {
        Wish::Rebuild => {
            let store = Reader::open(data).context("the store cannot be read")?;
            let (mut follower, _) = Follower::open(&data.join(super::INDEX), &store)?;
            let records = follower.rebuild(&store, |done| progress(Some(done)))?;
            follower.close()?;
            Ok(rebuilt(records))
        }
    }
}

fn rebuilt(records: u64) -> Value {
    json!({"v": 1, "records": records})
}

/// Looks for wishes until told to stop.
pub async fn watch(data: PathBuf, hall: Arc<Hall>, keeper: Keeper, mut stopped: watch::Receiver<bool>) {
    let mailbox = mailbox(&data);
    mailbox.make();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        for (id, wish) in mailbox.take::<Wish>() {
            let keeper = keeper.clone();
            let granted = tokio::task::spawn_blocking(move || match wish {
                Wish::Rebuild => keeper.rebuild().map(rebuilt),
            });
            let told = tokio::select! {
                granted = granted => granted.unwrap_or_else(|_| Err("it came to nothing: look at Jamey's log".to_owned())),
                _ = stopped.changed() => Err("Jamey is stopping: the next start goes on".to_owned()),
            };
            if told.is_ok() {
                hall.record("memory.rebuilt", None, "the index was built anew, as the host wished").await;
            }
            mailbox.answer(id, &told.unwrap_or_else(|why| json!({"v": 1, "error": why})));
        }
    }
}
