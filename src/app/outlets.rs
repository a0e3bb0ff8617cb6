//! What leaves the mind's thread once its batch is on disk: answers, announcements, held messages that go on, and what stands now.
//! An announcement may be lost to slow subscribers; nothing else may.

use super::{
    home_assistant::{Board, Noticed},
    tidings::{self, Ending},
    view::Said,
};
use crate::{
    broker::{Answer, Hall},
    consciousness::gaussian::Process,
    domain::{Alarm, Asks, Decision, EntityId, Judged, Kept, Observation, Timestamp},
    store::{Batch, Places},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// What waits for a person's word, as people are shown it.
pub type Waiting = Arc<BTreeMap<Uuid, Value>>;
/// What is due by duty, or amiss by the code of its alert: since when, and what is the matter.
pub type Due = Arc<BTreeMap<String, (Timestamp, String)>>;
/// What is wrong with the house itself, by the code of its alert.
pub type Alarms = Arc<BTreeMap<String, Alarm>>;

#[derive(Clone)]
pub struct Outlets {
    pub said: mpsc::Sender<Said>,
    /// Held messages, with the time at which they were let on.
    pub releases: mpsc::Sender<(Kept, Timestamp)>,
    /// What Jamey asks of devices itself.
    pub asks: mpsc::Sender<(EntityId, String)>,
    pub waiting: watch::Sender<Waiting>,
    pub due: watch::Sender<Due>,
    /// Who fell silent, by the code of its alert.
    pub silent: watch::Sender<Due>,
    pub alarms: watch::Sender<Alarms>,
    /// What people are to hear.
    pub board: Arc<Board>,
    /// What the mind asks of memory and phoenix for the second that begins.
    pub rounds: watch::Sender<Option<Asks>>,
    /// What the workspace broadcast last.
    pub focus: watch::Sender<Option<EntityId>>,
    /// What exact Φ can be computed from.
    pub observed: watch::Sender<Option<(Observation, Option<Process>)>>,
}

/// What one batch gives out when it is on disk.
#[derive(Default)]
pub struct Answers {
    pub senders: Vec<(oneshot::Sender<Answer>, Answer)>,
    pub spoken: Vec<Said>,
    pub released: Vec<(Kept, Timestamp)>,
    pub asked: Vec<(EntityId, String)>,
    pub waiting: Option<Waiting>,
    pub due: Option<Due>,
    pub silent: Option<Due>,
    /// How often what was decided, in the order of `Decision::ALL`.
    pub verdicts: [u64; Decision::ALL.len()],
    pub noticed: Noticed,
    /// What is told of held messages that wait no more.
    pub endings: Vec<Ending>,
}

impl Answers {
    pub fn count(&mut self, judged: &[Judged]) {
        for (count, decision) in self.verdicts.iter_mut().zip(Decision::ALL) {
            *count += judged.iter().map(|one| u64::from(one.verdict.decision == decision)).sum::<u64>();
        }
    }

    /// Whether nobody waits for this batch.
    pub fn is_empty(&self) -> bool {
        self.senders.is_empty()
            && self.spoken.is_empty()
            && self.released.is_empty()
            && self.asked.is_empty()
            && self.waiting.is_none()
            && self.due.is_none()
            && self.silent.is_none()
    }

    pub fn give(self, outlets: &Outlets, hall: &Hall, batch: Batch, places: Places) {
        hall.counters.decided(self.verdicts);
        for (kept, at) in self.released {
            // At most `limits::HELD` wait at a time, and there is room for several times as many.
            if outlets.releases.try_send((kept, at)).is_err() {
                hall.counters.refuse("approval", "an approved request was not let on: too many at once");
            }
        }
        for ask in self.asked {
            if outlets.asks.try_send(ask).is_err() {
                hall.counters.refuse("duty", "a device was not asked what its duty says: too many at once");
            }
        }
        if let Some(waiting) = self.waiting {
            outlets.waiting.send_replace(waiting);
        }
        if let Some(due) = self.due {
            outlets.due.send_replace(due);
        }
        if let Some(silent) = self.silent {
            outlets.silent.send_replace(silent);
        }
        outlets.board.leave(self.noticed);
        for (sender, answer) in self.senders {
            // A client that is gone needs no answer.
            let _ = sender.send(answer);
        }
        tidings::tell(hall, batch, places, self.endings);
        for spoken in self.spoken {
            if outlets.said.try_send(spoken).is_err() {
                hall.counters.refuse("announcement", "a verdict was stored but not announced: subscribers are too slow");
            }
        }
    }
}
