//! Orders from the host: break-glass. Who may write in the data folder may give them; the running Jamey looks once a second.

use crate::{broker::Hall, domain::Timestamp, runtime::pulse};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tracing::warn;

/// The longest that one order keeps the guard off: who needs more turns it off in the config, where it is seen.
pub const LONGEST_SECONDS: i64 = 24 * 3600;
const FILE: &str = "guard-off.json";

/// What stands in the file: the guard is off until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub off_until_micros: i64,
}

impl Order {
    /// Gives the order; on disk before it returns.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn give(self, data: &Path) -> std::io::Result<()> {
        super::put_down(data, FILE, &serde_json::to_string(&self)?)
    }

    /// Takes the order back.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn revoke(data: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(data.join(FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Until when the guard is off, if it is.
#[must_use]
pub fn standing(data: &Path, now: Timestamp) -> Option<Timestamp> {
    let text = std::fs::read_to_string(data.join(FILE)).ok()?;
    let order: Order = serde_json::from_str(&text).ok()?;
    let until = Timestamp::from_micros(order.off_until_micros);
    // A file that says more than an order can is no order.
    (until > now && until <= now.plus_seconds(LONGEST_SECONDS)).then_some(until)
}

/// Looks for orders until told to stop; each change is audited and announced.
pub async fn watch(data: PathBuf, hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        let now = hall.clock.now();
        let order = standing(&data, now);
        if hall.guard().off_until != order {
            hall.change_guard(|view| view.off_until = order);
            let what = order.map_or_else(|| "the guard is on again".to_owned(), |until| format!("the guard is off until {until}"));
            warn!("{what}");
            hall.record("guard", None, &what).await;
        }
    }
}
