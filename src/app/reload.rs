//! What follows when the config is another one while Jamey runs: what may be taken is taken, at once and whole; what waits for a restart is said;
//! and by which config the house runs can be read by who may read its data folder.

use super::{retained::Owed, upkeep::Upkeeper};
use crate::{
    broker::Hall,
    config::{self, Config},
    domain::audit::{fields, hex},
    observe::{Patience, log},
};
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tracing::{info, warn};

const FILE: &str = "in-effect.json";
/// So many options are named in the log and on record; a config has some hundred.
const NAMED: usize = 40;

/// Who is told.
pub struct Takers {
    /// Retained commands that are to be judged.
    pub owed: Arc<Owed>,
    pub upkeeper: Upkeeper,
    pub log: log::Running,
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
    log::filter(&fresh.log.filter)?;
    super::webhook::check(fresh)
}

/// Has `holds` hold from now on, in the place of what held; `fresh` is what the file says.
pub async fn take(takers: &Takers, hall: &Arc<Hall>, holds: &Arc<Config>, fresh: &Config) {
    let before = hall.live();
    let changed = config::others(&before, holds);
    let waiting = config::others(holds, fresh);
    if before != *holds {
        hall.live.send_replace(Arc::clone(holds));
        let alerts = &holds.alerts;
        let seconds = |n: u32| Duration::from_secs(n.into());
        hall.alerts.wait(Patience { raise: seconds(alerts.raise_seconds), clear: seconds(alerts.clear_seconds) });
        takers.upkeeper.change(holds);
        if before.log.filter != holds.log.filter
            && let Err(error) = takers.log.change(&holds.log.filter)
        {
            warn!("{error}");
        }
    }
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

fn named(paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let names = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// Writes down by which config the house runs; without a secret: of what is not shown there is a digest, by which it is known again.
pub fn tell(data: &Path, config: &Config) {
    let written = || -> Result<()> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| anyhow!("no randomness: {error}"))?;
        let key = hex(&key);
        let told = json!({"v": 1, "options": config::shown(config)?, "key": key, "hidden": digests(config, &key)?});
        let mut file = tempfile::Builder::new().prefix(".in-effect-").tempfile_in(data)?;
        file.write_all(told.to_string().as_bytes())?;
        file.persist(data.join(FILE))?;
        Ok(())
    };
    if let Err(error) = written() {
        warn!("{FILE} in the data folder cannot be written, and `jamey config diff --running` knows nothing of it: {error}");
    }
}

/// Of each option that is not shown, under a key, so that no two houses tell the same of it.
fn digests(config: &Config, key: &str) -> Result<BTreeMap<String, String>> {
    let digest = |path: &str, value: &Value| {
        let mut hasher = Sha256::new();
        fields(&mut hasher, &[key.as_bytes(), path.as_bytes(), value.to_string().as_bytes()]);
        hex(&hasher.finalize())
    };
    Ok(config::hidden(config)?.into_iter().map(|(path, value)| (path.clone(), digest(&path, &value))).collect())
}

/// By which config the Jamey of a data folder runs, or ran last.
#[derive(Debug, Deserialize)]
pub struct InEffect {
    /// As they may be shown.
    pub options: Value,
    key: String,
    hidden: BTreeMap<String, String>,
}

impl InEffect {
    /// The options that are not shown, and that another config has otherwise.
    ///
    /// # Errors
    /// When that config cannot be written down.
    pub fn hidden_others(&self, config: &Config) -> Result<BTreeSet<String>> {
        let here = digests(config, &self.key)?;
        Ok(here.keys().chain(self.hidden.keys()).filter(|path| here.get(*path) != self.hidden.get(*path)).cloned().collect())
    }
}

/// # Errors
/// When it has not said so.
pub fn in_effect(data: &Path) -> Result<InEffect> {
    let path = data.join(FILE);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} makes no sense", path.display()))
}
