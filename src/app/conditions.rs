//! How the house stands is told to the mind by whoever sees it: a store that cannot write, a damaged database, memory at work, the end.

use super::upkeep::Upkeeper;
use crate::{
    broker::Hall,
    domain::{Condition, Input, Turned},
    runtime::pulse,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::{oneshot, watch};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);
/// The mind is given so long to hear that it stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Looks until a stop is asked for.
pub async fn watch(hall: Arc<Hall>, upkeeper: Upkeeper, mut stopped: watch::Receiver<bool>) {
    let mut held: BTreeMap<Condition, bool> = BTreeMap::new();
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        let damage = hall.damage.get().map(|damage| damage.found.clone());
        let now = [
            (Condition::StoreFailing, hall.failing(), "the store cannot write".to_owned()),
            (Condition::Damaged, damage.is_some(), format!("the database is damaged ({})", damage.unwrap_or_default())),
            (Condition::Consolidating, upkeeper.is_at_work(), "memory sums up and lets go of what is due".to_owned()),
        ];
        for (condition, holds, reason) in now {
            if held.insert(condition, holds).unwrap_or(false) != holds {
                let turned = Turned { at: hall.clock.now(), condition, holds, reason };
                tokio::select! {
                    _ = hall.inbox.leave(Input::Turned(turned), 0, None, None) => {}
                    _ = stopped.changed() => return,
                }
            }
        }
    }
}

/// Tells that it is over, and waits until that is on disk, or cannot be.
pub async fn stopping(hall: &Hall, why: &str) {
    let (tell, told) = oneshot::channel();
    let turned = Turned { at: hall.clock.now(), condition: Condition::Stopping, holds: true, reason: format!("{why}: stopping") };
    let leave = hall.inbox.leave(Input::Turned(turned), 0, Some(tell), None);
    let _ = tokio::time::timeout(FAREWELL, async {
        leave.await;
        let _ = told.await;
    })
    .await;
}
