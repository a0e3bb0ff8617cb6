//! What follows when the config is another one while Jamey runs: what may be taken is taken, at once and whole; what waits for a restart is said;
//! and by which config the house runs can be read by who may read its data folder.

use super::{retained, upkeep::Upkeeper};
use crate::{
    broker::{Engine, Hall},
    config::{self, Config, GuardMode},
    observe::{Patience, log::Levels},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};
use tracing::{info, warn};

const FILE: &str = "in-effect.json";
/// So many options are named in the log and on record; a config has some hundred.
const NAMED: usize = 40;

/// Who is told.
pub struct Takers {
    pub engine: Weak<Engine>,
    pub upkeeper: Upkeeper,
    pub levels: Levels,
}

/// What is wrong with the newest files: the old ones hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    Config(String),
    Rules(String),
}

/// Everything of a fresh config that could be refused and that no reader of the file looks at.
///
/// # Errors
/// When its levels of the log, or its webhooks, cannot be used.
pub fn check(fresh: &Config) -> Result<()> {
    crate::observe::log::filter(&fresh.log.filter)?;
    super::webhook::check(fresh)
}

/// Has `holds` hold from now on, in the place of what held; `fresh` is what the file says. `counts` is `holds` with what was chosen over it.
pub async fn take(takers: &Takers, hall: &Arc<Hall>, holds: &Arc<Config>, fresh: &Config, counts: &Config) {
    let before = hall.live();
    let mut changed = config::others(&before, holds);
    if changed.is_empty() && before != *holds {
        changed.push("what is not shown of it".to_owned());
    }
    let waiting = config::others(holds, fresh);
    if before != *holds {
        hall.live.send_replace(Arc::clone(holds));
        let alerts = &holds.alerts;
        let seconds = |n: u32| Duration::from_secs(n.into());
        hall.alerts.wait(Patience { raise: seconds(alerts.raise_seconds), clear: seconds(alerts.clear_seconds) });
        takers.upkeeper.change(holds);
        if before.log.filter != holds.log.filter
            && let Err(error) = takers.levels.change(&holds.log.filter)
        {
            warn!("{error}");
        }
    }
    guard(takers, hall, counts).await;
    if !changed.is_empty() {
        let names = named(&changed);
        info!("the config changed, and is taken at once: {names}");
        hall.record("change", Some("config"), &format!("taken while running: {names}")).await;
    }
    if !waiting.is_empty() {
        warn!("the config changed, and waits for a restart: {}; `jamey config diff --running` says how they differ", named(&waiting));
    }
    tell(&hall.config.store.data, holds);
}

/// The guard begins to enforce, or ends, as what counts now says.
async fn guard(takers: &Takers, hall: &Arc<Hall>, counts: &Config) {
    let enforce = counts.broker.guard == GuardMode::Enforce;
    if hall.guard().enforce == enforce {
        return;
    }
    warn!("guard mode {}, as the config says now", counts.broker.guard.as_str());
    // Nobody takes the guard away before that is on its way to the record.
    hall.record("guard.mode", Some(counts.broker.guard.as_str()), "the config was changed while Jamey ran").await;
    hall.change_guard(|view| view.enforce = enforce);
    if let (true, Some(engine)) = (enforce, takers.engine.upgrade()) {
        // What was retained while the guard only observed must not reach a device now.
        retained::sweep(hall, &engine).await;
    }
}

fn named(paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let names = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// Writes down by which config the house runs; without a secret.
pub fn tell(data: &Path, config: &Config) {
    let written = || -> Result<()> {
        let told = json!({"v": 1, "options": config::shown(config)?});
        let mut file = tempfile::Builder::new().prefix(".in-effect-").tempfile_in(data)?;
        file.write_all(told.to_string().as_bytes())?;
        file.persist(data.join(FILE))?;
        Ok(())
    };
    if let Err(error) = written() {
        warn!("{FILE} in the data folder cannot be written, and `jamey config diff --running` knows nothing of it: {error}");
    }
}

/// The options by which the Jamey of a data folder runs, or ran last.
///
/// # Errors
/// When it has not said so.
pub fn in_effect(data: &Path) -> Result<Value> {
    let path = data.join(FILE);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut told: Value = serde_json::from_str(&text).with_context(|| format!("{} makes no sense", path.display()))?;
    Ok(told.get_mut("options").map(Value::take).unwrap_or_default())
}
