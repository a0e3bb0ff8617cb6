//! Readings that may make who takes them wait, for a disk that hangs: taken beside everything else.

use crate::{
    observe::Host,
    runtime::{Disk, pulse},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    /// Bytes free to us on the disk of the data folder.
    pub free: Option<u64>,
    /// Bytes of memory that the process takes.
    pub resident: Option<u64>,
}

/// Reads until told to stop.
pub async fn watch(data: PathBuf, tell: Arc<watch::Sender<Sample>>, mut stopped: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut host = Host::default();
    loop {
        let data = data.clone();
        let read = tokio::task::spawn_blocking(move || {
            let resident = host.read().get("process_resident_bytes").and_then(serde_json::Value::as_u64);
            (Sample { free: free(&data), resident }, host)
        });
        tokio::select! {
            read = read => {
                let Ok((sample, back)) = read else { return };
                host = back;
                tell.send_replace(sample);
            }
            _ = stopped.changed() => return,
        }
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
    }
}

/// Bytes free to us on the disk of a folder.
#[must_use]
pub fn free(data: &Path) -> Option<u64> {
    Disk::of(data).ok().map(|disk| disk.free)
}
