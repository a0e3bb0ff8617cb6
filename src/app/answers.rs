//! Answers from the host: who may write in the data folder may answer. The running Jamey looks once a second.

use super::{mailbox::put, owners_folder};
use crate::{
    broker::Hall,
    domain::{Answer, EntityId, Input},
    runtime::pulse,
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{oneshot, watch};
use tracing::warn;
use uuid::Uuid;

const FOLDER: &str = "answers";
/// As whom the host answers: no client's name becomes this id, for a dot in one is followed by two hex digits.
pub const HOST: &str = "jamey.host";
/// What is read at one look: as many as may wait. What is more is looked at next.
const AT_ONCE: usize = crate::domain::limits::HELD;

/// An answer as the command line leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub approves: bool,
    pub nonce: String,
    pub sha256: String,
}

impl Left {
    /// Leaves it for the running Jamey.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn leave(&self, data: &Path, id: Uuid) -> std::io::Result<()> {
        let folder = data.join(FOLDER);
        owners_folder(&folder)?;
        let fresh = folder.join(format!("{id}.new"));
        // One that a killed process left.
        let _ = std::fs::remove_file(&fresh);
        put(&fresh, &serde_json::to_string(self)?)?;
        std::fs::rename(fresh, folder.join(format!("{id}.json")))
    }
}

/// Looks for answers until told to stop.
pub async fn watch(data: PathBuf, hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = owners_folder(&data.join(FOLDER)) {
        warn!("{} cannot be made: {error}", data.join(FOLDER).display());
    }
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        for (id, left) in take(&data.join(FOLDER)) {
            let Ok(by) = EntityId::new(HOST) else { return };
            let Left { approves, nonce, sha256 } = left;
            let answer = Answer { at: hall.clock.now(), by, id, approves, nonce, sha256, transaction: None, void: None };
            let (tell, told) = oneshot::channel();
            if hall.inbox.leave(Input::Answer(Box::new(answer)), 0, Some(tell), None).await {
                let _ = told.await;
            }
        }
    }
}

/// The answers that lie there; they are taken away before they count, so that none counts twice.
fn take(folder: &Path) -> Vec<(Uuid, Left)> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut taken = Vec::new();
    for path in files.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).take(AT_ONCE) {
        let id = path.file_stem().and_then(|s| s.to_str()).and_then(|s| Uuid::parse_str(s).ok());
        let left = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        if let Err(error) = std::fs::remove_file(&path) {
            warn!("{} cannot be taken away, so it does not count: {error}", path.display());
            continue;
        }
        match (id, left) {
            (Some(id), Some(left)) => taken.push((id, left)),
            _ => warn!("{} is no answer: `jamey approval` writes them", path.display()),
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_what_is_none_is_taken_away() {
        let data = tempfile::tempdir().unwrap();
        let (id, left) = (Uuid::from_u128(5), Left { approves: true, nonce: "n".into(), sha256: "s".into() });
        left.leave(data.path(), id).unwrap();
        let folder = data.path().join(FOLDER);
        std::fs::write(folder.join("x.json"), "{}").unwrap();
        std::fs::write(folder.join(format!("{id}.new")), "half").unwrap();
        assert_eq!(take(&folder), [(id, left)]);
        assert_eq!(take(&folder), []);
        assert!(!folder.join("x.json").exists());
    }
}
