//! Other brokers, started and stopped, and what is told of them.

use crate::{
    broker::{
        Beside, Engine, Hall, Peer,
        beside::{Reached, Side},
    },
    config::Config,
    domain::{Timestamp, topics},
    runtime::Supervisor,
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};
use tokio::{sync::watch, task::JoinSet};

/// The tasks that live with other brokers.
pub struct Others {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Opens what waits for other brokers, and reads what is needed to reach them.
///
/// # Errors
/// When a file or a secret cannot be used.
pub fn open(hall: &Hall, data: &Path) -> Result<Vec<Reached>> {
    let (others, reached) =
        Beside::open(&hall.config, &data.join("beside")).context("another broker cannot be reached as the config says")?;
    if others.sides().iter().any(|side| side.carries(&hall.verdict_filter)) {
        hall.verdicts_wanted.store(true, Ordering::Relaxed);
    }
    let _ = hall.beside.set(others);
    Ok(reached)
}

pub fn live(reached: Vec<Reached>, hall: &Arc<Hall>, engine: &Arc<Engine>, supervisor: &Supervisor) -> Others {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for (side, dial) in reached {
        let (part, stopped) = (format!("bridge-{}", side.name), stopped.clone());
        let peer = Peer { side, dial, hall: Arc::clone(hall), engine: Arc::clone(engine) };
        tasks.spawn(supervisor.keep_of(part, peer, move |peer| {
            let stopped = stopped.clone();
            async move { peer.live(stopped).await }
        }));
    }
    Others { tasks, stop }
}

impl Others {
    /// Lets go out what waits, for a moment, and says goodbye.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.tasks.join_all().await;
    }
}

/// The states that changed, by topic.
pub fn told(root: &str, others: &Beside, now: Timestamp) -> Vec<(String, Vec<u8>)> {
    let state = |side: &Side| Some((topics::bridge(root, &side.name), side.state(now)?.to_string().into_bytes()));
    others.sides().iter().filter_map(|side| state(side)).collect()
}

/// What `info` says of the broker that Jamey is attached to.
pub fn info(config: &Config) -> Value {
    config.attached.as_ref().map_or(Value::Null, |attached| {
        json!({
            "address": attached.remote.address,
            "judged": format!("what is asked there on {}/act; what others send there directly is not judged", config.root),
        })
    })
}

pub fn warning(address: &str, root: &str) -> String {
    format!(
        "Attached to {address}: what is asked there on {root}/act is judged. What others send there directly to devices is NOT judged: it does not pass through Jamey."
    )
}
