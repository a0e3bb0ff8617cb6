//! Lets approved requests on, each once its release is on disk.

use crate::{
    broker::{Engine, Hall},
    domain::{Kept, Timestamp},
    runtime::pulse,
};
use std::sync::{Arc, Weak};
use tokio::sync::mpsc;

/// What is let on later than so many seconds after its release is not let on.
const LATE_SECONDS: f64 = 5.0;

/// Lets held messages on, each once its release is on disk. One that is on its way when the process dies is not let on later, and neither
/// is one whose release took the disk too long: a door must not open when nobody is at it any more.
pub async fn release(engine: Weak<Engine>, hall: Arc<Hall>, released: &mut mpsc::Receiver<(Kept, Timestamp)>) {
    loop {
        pulse::waits();
        let Some((kept, at)) = released.recv().await else { return };
        pulse::works().await;
        let why = match engine.upgrade() {
            _ if hall.clock.now().seconds_since(at) > LATE_SECONDS => Some("the disk took too long to keep its release"),
            None => Some("Jamey was stopping"),
            Some(engine) if engine.release(&kept).await => None,
            Some(_) => Some("what carries it to another broker could not be written"),
        };
        if let Some(why) = why {
            hall.counters.refuse("approval", &format!("an approved request was not let on: {why}"));
            hall.record("approval.not_sent", Some(&kept.percept.id.to_string()), why).await;
        }
    }
}
