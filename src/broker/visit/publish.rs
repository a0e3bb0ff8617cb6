//! One PUBLISH: what kind of thing it is, what the mind is told of it, and what becomes of it once that is on disk.

use super::{Visit, Who, reason};
use crate::{
    broker::{
        access, act,
        beside::Passing,
        errands::{Errand, Verb},
        guard::{self, Reading},
        hall::GuardView,
        inbox::Answer,
        orders::{About, Order},
        reading::{self, Told},
        repeats::Heard,
    },
    config::WhenUnwritable,
    domain::{Answer as Word, Body, Input, Origin, OwnersWord, Percept, Purpose, Request, WayOn, limits, percept::digest},
};
use bytes::Bytes;
use mqtt5::{
    broker::{ClientPublishEvent, PublishAction},
    packet::publish::PublishPacket,
    protocol::v5::properties::Properties,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A PUBLISH, whether the engine asks about it or it is read ahead.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Message<'m> {
    pub topic: &'m str,
    pub payload: &'m [u8],
    /// Stands for both; 0 where nobody asks.
    pub digest: u64,
    pub qos: u8,
    pub retain: bool,
    /// Another broker had kept it: see `Percept::stored`.
    pub stored: bool,
    pub packet_id: Option<u16>,
    pub dup: bool,
    pub content_type: Option<&'m str>,
}

/// What to do with one PUBLISH.
pub(super) enum Way {
    Pass,
    Refuse(u8, &'static str),
    /// Told: remembered, then on its way whatever it says.
    Tell(Told),
    /// Asked: judged first.
    Ask(Origin, Vec<Request>, Told),
    /// A person's word on what waits for it.
    Answer(Word),
    /// A person's word on an entity.
    Word(Box<OwnersWord>),
    /// Something for Phoenix to do.
    Errand(Errand),
    /// Something to be changed about Jamey itself.
    Order(Order),
    /// A question to memory.
    Recall,
}

/// What becomes of a PUBLISH after the mind's answer.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// None where nothing was asked.
    asked: Option<Origin>,
    /// An act goes on elsewhere, in the device's words.
    on: Option<(String, Bytes)>,
    /// Of what was asked, the greatest.
    risk: f64,
    repeats: bool,
    percept: Uuid,
    /// When the mind was told, since the start.
    since: Duration,
}

impl Visit {
    pub(super) fn way(&self, view: &GuardView, message: &Message<'_>, who: &Who) -> Way {
        let (config, source) = (&self.hall.config, &who.source);
        // What Home Assistant tells of its house describes devices, and stands among what it tells of itself.
        if config.is_registry(message.topic) {
            return Way::Tell(Told { entity: source.requester.clone(), kind: reading::DISCOVERY.into() });
        }
        match access::own_topic(config, message.topic) {
            Some(access::Own::In { entity, kind }) => {
                if message.payload.len() > limits::BODY_BYTES {
                    return Way::Refuse(reason::PAYLOAD_TOO_LARGE, "the body is over 256 KiB");
                }
                return Way::Tell(Told { entity, kind });
            }
            Some(access::Own::Act { target, verb }) => {
                if message.retain {
                    return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "a request may not be retained");
                }
                if message.payload.len() > limits::HELD_BYTES {
                    return Way::Refuse(reason::PAYLOAD_TOO_LARGE, "arguments over 64 KiB");
                }
                let request = act::read(target, verb, message.payload);
                let told = Told { entity: source.requester.clone(), kind: "act".into() };
                return Way::Ask(Origin::Act, vec![request], told);
            }
            Some(access::Own::Answer(_)) if message.retain => {
                return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "an answer may not be retained");
            }
            Some(access::Own::Answer(id)) => {
                return self.word(&id, message, who).map_or_else(|why| Way::Refuse(reason::FORMAT, why), Way::Answer);
            }
            Some(access::Own::Command(_)) if message.retain => {
                return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "a command may not be retained");
            }
            Some(access::Own::Command(verb)) => {
                let by = source.user.as_deref().unwrap_or(source.requester.as_str());
                if let Some(about) = About::named(&verb) {
                    return match Order::read(about, message.payload, by) {
                        Ok(order) if !order.wants.roles().iter().any(|role| who.rights.has(role)) => {
                            Way::Refuse(reason::NOT_AUTHORIZED, "this alert is for the roles approver and admin to acknowledge")
                        }
                        Ok(order) => Way::Order(order),
                        Err(why) => Way::Refuse(reason::FORMAT, why),
                    };
                }
                if let Some(verb) = Verb::named(&verb) {
                    return Errand::read(verb, message.payload, by).map_or_else(|why| Way::Refuse(reason::FORMAT, why), Way::Errand);
                }
                return match self.owners_word(&verb, message, who) {
                    Ok(word) => word.map_or(Way::Pass, |word| Way::Word(Box::new(word))),
                    Err(why) => Way::Refuse(reason::FORMAT, why),
                };
            }
            Some(access::Own::Recall) if message.retain => {
                return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "a question may not be retained");
            }
            Some(access::Own::Recall) => return Way::Recall,
            Some(access::Own::Receiver(_)) if message.retain => {
                return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "what a receiver says may not be retained");
            }
            Some(access::Own::Receiver(_)) if message.payload.len() > limits::WANT_BYTES => {
                return Way::Refuse(reason::PAYLOAD_TOO_LARGE, "a receiver's word is over 4 KiB");
            }
            Some(access::Own::Receiver(_)) => return Way::Pass,
            None => {}
        }
        if reading::is_discovery(config, message.topic) {
            return Way::Tell(Told { entity: source.requester.clone(), kind: reading::DISCOVERY.into() });
        }
        match guard::read(&view.registry, &view.rules, message.topic, message.payload, message.retain) {
            // It went to the device without passing here.
            Reading::Requests(_) if self.observes => return Way::Pass,
            Reading::Requests(requests) => {
                let origin = if view.enforces(self.hall.clock.now()) { Origin::Guard } else { Origin::Observed };
                return Way::Ask(origin, requests, Told { entity: source.requester.clone(), kind: "command".into() });
            }
            Reading::Passes => return Way::Pass,
            Reading::Unguarded => {}
        }
        reading::input(&self.hall.sources, message.topic, source).map_or(Way::Pass, Way::Tell)
    }

    /// What the mind is told, and what follows. `again` is the percept that the same message was told as before.
    /// None when an act would go where no device listens.
    pub(super) fn course(
        &self,
        view: &GuardView,
        message: &Message<'_>,
        who: &Who,
        way: Way,
        again: Option<Uuid>,
    ) -> Option<(Percept, Course)> {
        let mut course = Course::default();
        let (told, purpose) = match way {
            Way::Pass | Way::Refuse(..) | Way::Answer(_) | Way::Word(_) | Way::Errand(_) | Way::Order(_) | Way::Recall => return None,
            Way::Tell(told) if told.kind == reading::DISCOVERY => (told, Purpose::Discovery),
            Way::Tell(told) => (told, Purpose::Observation),
            Way::Ask(origin, mut requests, told) => {
                course.asked = Some(origin);
                if origin == Origin::Act {
                    let Some((topic, payload)) = act::plan(view, &self.hall.config, &mut requests, message.payload) else {
                        self.hall.counters.refuse("act", &format!("`{}` would go where no device listens", message.topic));
                        return None;
                    };
                    course.on = Some((topic, Bytes::from(payload)));
                }
                course.risk = requests.iter().map(|r| view.risk(r)).fold(0.0, f64::max);
                (told, Purpose::Requests { origin, requests })
            }
        };
        let mut percept = self.percept(message, who, told, purpose, again);
        percept.way_on = course
            .on
            .as_ref()
            .map(|(topic, payload)| Box::new(WayOn { topic: topic.clone(), payload: payload.to_vec(), ..WayOn::default() }));
        course.repeats = percept.repeat_of.is_some() && again.is_none();
        course.percept = percept.id;
        course.since = self.hall.clock.uptime();
        percept.may_wait = course.asked.is_some() && !message.retain && message.payload.len() <= limits::HELD_BYTES;
        Some((percept, course))
    }

    pub(super) fn percept(&self, message: &Message<'_>, who: &Who, told: Told, purpose: Purpose, again: Option<Uuid>) -> Percept {
        let at = self.hall.clock.now();
        let too_long = message.payload.len() > limits::BODY_BYTES && purpose != Purpose::Discovery;
        let (payload, body) = match too_long {
            true => (Vec::new(), Body::Bytes(message.payload.len())),
            false => (message.payload.to_vec(), Body::parse(message.payload, message.content_type)),
        };
        let id = self.hall.clock.percept_id();
        // What the mind was told of ahead was heard then.
        let repeat_of = again.or_else(|| {
            let heard = Heard { packet_id: message.packet_id?, digest: message.digest, dup: message.dup };
            self.said().hear(&heard, id, at, self.hall.failing())
        });
        let own_id = body
            .object()
            .and_then(|o| o.get("id"))
            .and_then(|v| v.as_str().map(str::to_owned).or_else(|| v.as_i64().map(|n| n.to_string())));
        Percept {
            id,
            at,
            source: Arc::clone(&who.source),
            entity: told.entity,
            kind: told.kind,
            topic: message.topic.to_owned(),
            body,
            payload,
            qos: message.qos,
            retained: message.retain,
            stored: message.stored,
            packet_id: message.packet_id,
            repeat_of,
            own_id,
            purpose,
            may_wait: false,
            way_on: None,
        }
    }

    /// The hook: the engine routes nothing and acknowledges nothing before it answers.
    pub(super) async fn publish(&self, event: ClientPublishEvent) -> PublishAction {
        if self.entrance.private {
            return PublishAction::Continue;
        }
        self.hall.counters.published();
        let (told, dup, stored, content_type) = {
            let mut seen = self.seen();
            (seen.told.take(), seen.dup, seen.stored, seen.content_type.take())
        };
        let message = Message {
            topic: &event.topic,
            payload: &event.payload,
            digest: digest(&event.topic, &event.payload),
            qos: event.qos as u8,
            retain: event.retain,
            stored,
            packet_id: event.packet_id,
            dup,
            content_type: content_type.as_deref(),
        };
        if let Some(refused) = self.beyond(&message) {
            return refused;
        }
        // What the mind has been told of goes on: it is remembered already.
        if event.payload.len() >= limits::AFLOAT_PAYLOAD_BYTES && !self.floats(&event.payload, message.qos).await && told.is_none() {
            self.control.refuse(self.arrival.version, message.qos, event.packet_id, reason::QUOTA_EXCEEDED);
            return PublishAction::Handled;
        }
        if reading::is_birth(&self.hall.config, message.topic, message.payload) {
            self.hall.birth.send_replace(true);
        }
        let view = self.hall.guard();
        let again = match told {
            Some(ahead) if ahead.holds(&message, &view) => {
                let answer = self.answered(ahead.told).await;
                return self.settle(&event, ahead.course, answer).await;
            }
            other => other.map(|ahead| ahead.percept),
        };
        let who = self.who();
        let way = match self.way(&view, &message, &who) {
            Way::Pass => return PublishAction::Continue,
            Way::Refuse(code, why) => {
                self.hall.counters.refuse("input", &format!("`{}` on `{}`: {why}", self.arrival.client_id, event.topic));
                self.hall.counters.complain(&self.arrival.client_id, &event.topic, why);
                self.control.refuse(self.arrival.version, message.qos, event.packet_id, code);
                return PublishAction::Handled;
            }
            Way::Answer(answer) => return self.answer(answer, message.qos, event.packet_id).await,
            Way::Word(word) => return self.hand_on(*word, message.qos).await,
            Way::Errand(errand) => {
                if !self.hall.errands.hand_in(errand) {
                    self.over("errand", "too many errands wait for Phoenix");
                    self.control.refuse(self.arrival.version, message.qos, event.packet_id, reason::QUOTA_EXCEEDED);
                }
                return PublishAction::Handled;
            }
            Way::Order(order) => {
                if !self.hall.orders.hand_in(order) {
                    self.over("order", "too many orders wait");
                    self.control.refuse(self.arrival.version, message.qos, event.packet_id, reason::QUOTA_EXCEEDED);
                }
                return PublishAction::Handled;
            }
            Way::Recall => return self.recall(&event, &who),
            way => way,
        };
        let Some((mut percept, course)) = self.course(&view, &message, &who, way, again) else { return PublishAction::Handled };
        if course.asked.is_none() && message.qos == 0 && percept.purpose != Purpose::Discovery {
            self.mention(percept, message.payload.len()).await;
            return PublishAction::Continue;
        }
        let respond_to = event
            .response_topic
            .as_deref()
            .filter(|t| course.asked.is_some() && self.may_answer_on(t, &who))
            .map(|t| (t.to_owned(), event.correlation_data.as_deref().unwrap_or_default().to_vec()));
        self.note_way_on(&event, &course, respond_to.as_ref(), &mut percept);
        let answer = self.ask(Input::Percept(Box::new(percept)), message.payload.len(), respond_to).await;
        self.settle(&event, course, answer).await
    }

    /// What a message that may have to wait carries besides topic and payload.
    fn note_way_on(&self, event: &ClientPublishEvent, course: &Course, respond_to: Option<&(String, Vec<u8>)>, percept: &mut Percept) {
        let holds = matches!(course.asked, Some(Origin::Act | Origin::Guard));
        let seen = self.seen();
        // Properties that stand too far in are not read; only those who speak MQTT 3.1.1, or come from another broker, have none at all.
        let unread = seen.properties.is_empty() && self.arrival.version == 5 && self.carried.get().is_none();
        percept.may_wait &= !unread && event.payload.len() + seen.properties.len() <= limits::HELD_BYTES;
        if !holds || (seen.properties.len() <= 1 && respond_to.is_none()) {
            return;
        }
        let as_it_came = || Box::new(WayOn { topic: event.topic.to_string(), payload: event.payload.to_vec(), ..WayOn::default() });
        let way_on = percept.way_on.get_or_insert_with(as_it_came);
        // An act goes on in the device's words, and not with the properties of the question.
        if course.on.is_none() {
            way_on.properties.clone_from(&seen.properties);
        }
        way_on.respond_to = respond_to.cloned();
    }

    /// A QoS 0 input waits for a place in the inbox and no longer than the store may take to heal.
    async fn mention(&self, percept: Percept, bytes: usize) {
        let leave = self.hall.inbox.leave(Input::Percept(Box::new(percept)), bytes, None, None);
        if tokio::time::timeout(Duration::from_secs(limits::STORE_WAIT_SECONDS), leave).await.is_err() {
            self.hall.counters.refuse("store", "a QoS 0 input was not remembered: the store cannot write");
        }
    }

    /// What the engine does now that it is on disk, or that it could not be.
    async fn settle(&self, event: &ClientPublishEvent, course: Course, answer: Option<Answer>) -> PublishAction {
        let qos = event.qos as u8;
        let guarded = matches!(course.asked, Some(Origin::Guard | Origin::Observed));
        if answer.is_some() {
            let took = self.hall.clock.uptime().saturating_sub(course.since);
            if course.asked.is_some() { self.hall.counters.judged(took) } else { self.hall.counters.told(took) }
        }
        match answer {
            Some(answer) if !answer.lets_on => return PublishAction::Handled,
            Some(_) => {}
            None if guarded && self.hall.config.store.guarded_when_unwritable == WhenUnwritable::Open && course.risk < 0.6 => {
                self.tell_it_went_on(course.percept);
            }
            None => return self.give_up(qos),
        }
        if course.asked.is_none() || (qos < 2 && course.on.is_none()) {
            return PublishAction::Continue;
        }
        let (topic, payload) = course.on.unwrap_or_else(|| (event.topic.to_string(), event.payload.clone()));
        let mut packet = PublishPacket::new(topic, payload, event.qos);
        if qos < 2 {
            packet.packet_id = event.packet_id;
            return PublishAction::Transform(packet);
        }
        // The engine would route a QoS 2 message at its PUBREL, which may come days after the verdict. It goes on now, and its
        // repetition does not.
        if !course.repeats {
            packet.retain = event.retain;
            let properties = std::mem::take(&mut self.seen().properties);
            if let Ok(mut sent) = Properties::decode(&mut Bytes::from(properties)) {
                sent.remove_topic_alias();
                packet.properties = sent;
            }
            if let Some(beside) = self.hall.beside.get() {
                let passing = Passing { topic: &packet.topic_name, payload: &packet.payload, qos, retain: packet.retain };
                if !beside.pass(None, passing).await {
                    return self.give_up(qos);
                }
            }
            packet.properties.inject_sender(event.user_id.as_deref());
            packet.properties.inject_client_id(Some(&event.client_id));
            self.router.route_message(&packet, Some(&event.client_id)).await;
        }
        PublishAction::Handled
    }

    /// Should the mind have it wait when it gets to it, it does not go on a second time.
    fn tell_it_went_on(&self, id: Uuid) {
        let hall = Arc::clone(&self.hall);
        tokio::spawn(async move {
            let at = hall.clock.now();
            hall.inbox.leave(Input::WentOn { at, id }, 0, None, None).await;
        });
    }

    /// A verdict is not published where its asker may not, where it could command or describe something, or pose as Jamey's own state.
    pub(super) fn may_answer_on(&self, topic: &str, who: &Who) -> bool {
        let view = self.hall.guard();
        self.may(who, topic)
            && !reading::is_discovery(&self.hall.config, topic)
            && !guard::is_guarded(&view.registry, &view.rules, topic)
            && access::own_topic(&self.hall.config, topic).is_none()
            && !topic.starts_with('$')
            && !access::below_root(&self.hall.config, topic)
    }

    /// Waits for the commit. None when the store could not write for as long as a sender is kept waiting.
    pub(super) async fn ask(&self, input: Input, bytes: usize, respond_to: Option<(String, Vec<u8>)>) -> Option<Answer> {
        let patience = Duration::from_secs(limits::STORE_WAIT_SECONDS);
        let (tell, told) = oneshot::channel();
        let leave = self.hall.inbox.leave(input, bytes, Some(tell), respond_to);
        tokio::pin!(leave);
        loop {
            match tokio::time::timeout(patience, &mut leave).await {
                Ok(true) => break,
                Ok(false) => return None,
                Err(_) if self.hall.failing() => return None,
                Err(_) => {}
            }
        }
        self.answered(told).await
    }

    /// Waits for the commit, as long as `ask` does.
    async fn answered(&self, mut told: oneshot::Receiver<Answer>) -> Option<Answer> {
        loop {
            match tokio::time::timeout(Duration::from_secs(limits::STORE_WAIT_SECONDS), &mut told).await {
                Ok(answer) => return answer.ok(),
                Err(_) if self.hall.failing() => return None,
                Err(_) => {}
            }
        }
    }

    /// The store cannot write: a QoS 1 or 2 sender keeps its message and repeats it later; at QoS 0 it is gone.
    pub(super) fn give_up(&self, qos: u8) -> PublishAction {
        self.hall.counters.refuse("store", "the store cannot write: an input was not acknowledged, or a command not forwarded");
        if qos > 0 {
            self.control.close(self.arrival.version, reason::QUOTA_EXCEEDED);
        }
        PublishAction::Handled
    }
}

impl Way {
    /// Whether nothing but the guard as it stands decides what becomes of it.
    pub(super) fn is_heard_ahead(&self) -> bool {
        match self {
            Self::Ask(..) => true,
            Self::Tell(told) => told.kind != reading::DISCOVERY,
            Self::Pass | Self::Refuse(..) | Self::Answer(_) | Self::Word(_) | Self::Errand(_) | Self::Order(_) | Self::Recall => false,
        }
    }
}
