//! Reading ahead: what one connection sent together reaches the mind together, and one commit answers it.
//! Only what nothing before it can change is heard early; all else waits for its turn.

use super::{
    Visit,
    publish::{Course, Message, Way},
};
use crate::{
    broker::{
        hall::GuardView,
        inbox::Answer,
        limits::Held,
        line::{Ear, Heard, Published},
    },
    domain::{Input, percept::digest, topic},
};
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

/// A PUBLISH that the mind has been told of before the engine asks about it.
pub struct Ahead {
    pub(super) course: Course,
    pub(super) told: oneshot::Receiver<Answer>,
    pub(super) percept: Uuid,
    /// The guard that it was read with: under another one it is another message.
    view: Arc<GuardView>,
    digest: u64,
}

impl Ahead {
    /// Whether the answer is there.
    pub fn is_answered(&self) -> bool {
        !self.told.is_empty() || self.told.is_terminated()
    }

    #[cfg(test)]
    pub fn of(told: oneshot::Receiver<Answer>) -> Self {
        Self { course: Course::default(), told, percept: Uuid::nil(), view: Arc::default(), digest: 0 }
    }

    /// Whether it was made of this message, under this guard.
    pub(super) fn holds(&self, message: &Message<'_>, view: &Arc<GuardView>) -> bool {
        Arc::ptr_eq(&self.view, view) && self.digest == message.digest
    }
}

/// A topic that no broker refuses.
fn is_ordinary(name: &str) -> bool {
    !name.is_empty() && topic::check_input(name).is_ok() && name.chars().all(|c| !c.is_control() && c != '+' && c != '#')
}

impl Ear for Visit {
    fn hear(&self, published: &Published<'_>) -> Heard {
        if self.entrance.private {
            return Heard::Nothing;
        }
        let (Some(_), Some(whole)) = (self.login.get(), published.whole) else { return Heard::InTurn };
        // Properties may name another topic (an alias) or ask for an answer; 0 is the length of none. For the rest, what the
        // engine might refuse on grounds of its own is heard when it asks.
        let is_plain = matches!(published.properties, [] | [0])
            && published.qos < 2
            && !published.retain
            && whole.packet_id != Some(0)
            && is_ordinary(whole.topic)
            && self.hall.limits.fits(whole.topic)
            && self.will.get().is_none_or(|will| will.topic != whole.topic);
        if !is_plain {
            return Heard::InTurn;
        }
        let who = self.who();
        if !self.may(&who, whole.topic) {
            return Heard::Nothing;
        }
        let message = Message {
            topic: whole.topic,
            payload: whole.payload,
            digest: digest(whole.topic, whole.payload),
            qos: published.qos,
            retain: published.retain,
            stored: false,
            packet_id: whole.packet_id,
            dup: published.dup,
            content_type: None,
        };
        let view = self.hall.guard();
        let way = match self.way(&view, &message, &who) {
            Way::Pass | Way::Refuse(..) => return Heard::Nothing,
            way if message.qos == 0 || !way.is_heard_ahead() => return Heard::InTurn,
            way => way,
        };
        let Some(place) = self.hall.inbox.place_at_once(message.payload.len()) else { return Heard::InTurn };
        let Some((percept, course)) = self.course(&view, &message, &who, way, None) else { return Heard::InTurn };
        let (tell, told) = oneshot::channel();
        let ahead = Ahead { course, told, percept: percept.id, view, digest: message.digest };
        place.leave(Input::Percept(Box::new(percept)), Some(tell), None);
        Heard::Told(Box::new(ahead))
    }

    fn lets_hear(&self, topic: &str) -> bool {
        self.entrance.private || self.who().rights.hear(&self.hall.config, topic)
    }

    fn held_back(&self, by: Held) {
        match by {
            Held::Alone => {
                self.over("rate", "it says more than limits.messages_per_second or limits.bytes_per_second, and is read more slowly");
            }
            Held::Together => {
                let listener = &self.entrance.listener;
                self.over("listener-rate", &format!("all at {listener} together say more than its rate, and are read more slowly"));
            }
        }
    }

    fn too_long(&self, bytes: usize) {
        self.over("packet-size", &format!("a packet of {bytes} bytes, over broker.max_packet_bytes"));
    }

    fn deaf(&self) {
        self.over("deaf", "it took nothing of what was said to it for limits.deaf_seconds, and is let go");
    }
}
