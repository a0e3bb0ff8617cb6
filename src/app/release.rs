//! Lets approved requests on, each once its release is on disk.

use crate::{
    broker::{Engine, Hall},
    domain::{Kept, Timestamp},
    runtime::pulse,
};
use std::sync::{Arc, Weak};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What is let on later than so many seconds after its release is not let on.
const LATE_SECONDS: f64 = 5.0;

/// What comes to be let on.
pub struct Released {
    pub comes: mpsc::Receiver<(Kept, Timestamp)>,
    /// One on its way; it is there still where the task fell over it.
    pub in_hand: Option<Uuid>,
}

/// Lets held messages on, each once its release is on disk. One that is on its way when the process dies, or this task falls, is not let on later, and
/// neither is one whose release took the disk too long: a door must not open when nobody is at it any more.
pub async fn release(engine: Weak<Engine>, hall: Arc<Hall>, released: &mut Released) {
    if let Some(id) = released.in_hand {
        not_sent(&hall, id, "what lets it on fell over it").await;
        released.in_hand = None;
    }
    loop {
        pulse::waits();
        let Some((kept, at)) = released.comes.recv().await else { return };
        let id = kept.percept.id;
        released.in_hand = Some(id);
        pulse::works().await;
        let why = match engine.upgrade() {
            _ if hall.clock.now().seconds_since(at) > LATE_SECONDS => Some("the disk took too long to keep its release"),
            None => Some("Jamey was stopping"),
            Some(engine) if engine.release(&kept).await => None,
            Some(_) => Some("what carries it to another broker could not be written"),
        };
        if let Some(why) = why {
            not_sent(&hall, id, why).await;
        }
        released.in_hand = None;
    }
}

async fn not_sent(hall: &Hall, id: Uuid, why: &str) {
    hall.counters.refuse("approval", &format!("an approved request was not let on: {why}"));
    hall.record("approval.not_sent", Some(&id.to_string()), why).await;
}
