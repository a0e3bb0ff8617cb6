//! One connection as Jamey sees it: who it is, what it may do, and the hook that every PUBLISH of it waits for.

use super::{
    access::{self, Access},
    act,
    door::Arrival,
    guard::{self, Reading},
    hall::{GuardView, Hall},
    identity::{self, OWN_USER},
    inbox::Answer,
    line::{LineControl, Seen},
    reading::{self, Told},
    repeats::Said,
};
use crate::config::WhenUnwritable;
use crate::domain::{Body, Input, Origin, Percept, Purpose, Request, Source, TopicFilter, limits, percept::digest};
use bytes::Bytes;
use mqtt5::broker::{
    AuthProvider, AuthResult, BrokerEventHandler, ClientDisconnectEvent, ClientPublishEvent, ClientSubscribeEvent, PublishAction,
    router::MessageRouter,
};
use mqtt5::{
    packet::{connect::ConnectPacket, publish::PublishPacket},
    protocol::v5::{properties::Properties, reason_codes::ReasonCode},
};
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::sync::oneshot;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// MQTT 5 reason codes that Jamey gives itself (MQTT 5.0, section 2.4).
mod reason {
    pub const QUOTA_EXCEEDED: u8 = 0x97;
    pub const PAYLOAD_TOO_LARGE: u8 = 0x95;
    pub const RETAIN_NOT_SUPPORTED: u8 = 0x9a;
}

/// One connection, from CONNECT to its end.
pub struct Visit {
    hall: Arc<Hall>,
    arrival: Arrival,
    peer: SocketAddr,
    control: Arc<LineControl>,
    /// On the listener that only Jamey's own client uses.
    private: bool,
    router: Arc<MessageRouter>,
    source: OnceLock<Source>,
    will: OnceLock<Will>,
    said: Arc<Mutex<Said>>,
    /// Of the PUBLISH in hand.
    seen: Mutex<Seen>,
}

struct Will {
    topic: String,
    payload: Vec<u8>,
    qos: u8,
}

/// What to do with one PUBLISH.
enum Way {
    Pass,
    Refuse(u8, &'static str),
    /// Told: remembered, then on its way whatever it says.
    Tell(Told),
    /// Asked: judged first.
    Ask(Origin, Vec<Request>, Told),
}

impl Visit {
    pub fn new(
        hall: Arc<Hall>,
        arrival: Arrival,
        peer: SocketAddr,
        control: Arc<LineControl>,
        router: Arc<MessageRouter>,
        private: bool,
    ) -> Self {
        let said = hall.voices.welcome(&arrival.client_id);
        Self {
            hall,
            arrival,
            peer,
            control,
            private,
            router,
            source: OnceLock::new(),
            will: OnceLock::new(),
            said,
            seen: Mutex::new(Seen::default()),
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn source(&self) -> Source {
        self.source.get_or_init(|| identity::speaker(&self.hall.config, &self.arrival.client_id, None, self.peer.ip())).clone()
    }

    fn admit(&self, connect: &ConnectPacket) -> AuthResult {
        let config = &self.hall.config;
        let user = connect.username.as_deref();
        if self.private || user == Some(OWN_USER) {
            let own = self.private && user == Some(OWN_USER) && connect.password.as_deref() == Some(self.hall.own_secret.as_bytes());
            return if own { AuthResult::success_with_user(OWN_USER) } else { AuthResult::fail(ReasonCode::NotAuthorized) };
        }
        if !config.broker.anonymous {
            return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "broker.anonymous is off");
        }
        let source = identity::speaker(config, &self.arrival.client_id, user, self.peer.ip());
        if let Some(will) = &connect.will {
            let view = self.hall.guard();
            if guard::is_guarded(&view.registry, &view.rules, &will.topic) {
                self.hall
                    .counters
                    .refuse("will", &format!("a will of `{}` aims at the guarded topic `{}`", self.arrival.client_id, will.topic));
                return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "a will may not command a guarded device");
            }
            if access::publish(config, &source, &will.topic) == Access::Refused
                || access::is_act(config, &will.topic)
                || reading::is_discovery(config, &will.topic)
            {
                return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "a will may not go to this topic");
            }
            let _ = self.will.set(Will { topic: will.topic.clone(), payload: will.payload.clone(), qos: will.qos as u8 });
        }
        let _ = self.source.set(source);
        user.map_or_else(AuthResult::success, AuthResult::success_with_user)
    }

    fn may_publish(&self, topic: &str) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = self.control.take_seen();
        if self.private {
            return true;
        }
        if self.will.get().is_some_and(|w| w.topic == topic) {
            // The engine asks the same for a will, without the hook: a guard that appeared since must hold it.
            let view = self.hall.guard();
            if guard::is_guarded(&view.registry, &view.rules, topic) {
                return false;
            }
        }
        let allowed = access::publish(&self.hall.config, &self.source(), topic) != Access::Refused;
        if !allowed {
            self.hall.counters.refuse("access", &format!("`{}` may not publish to `{topic}`", self.arrival.client_id));
        }
        allowed
    }

    fn way(&self, event: &ClientPublishEvent) -> Way {
        let config = &self.hall.config;
        let topic: &str = &event.topic;
        match access::own_topic(config, topic) {
            Some(access::Own::In { entity, kind }) => {
                if event.payload.len() > limits::BODY_BYTES {
                    return Way::Refuse(reason::PAYLOAD_TOO_LARGE, "the body is over 256 KiB");
                }
                return Way::Tell(Told { entity, kind });
            }
            Some(access::Own::Act { target, verb }) => {
                if event.retain {
                    return Way::Refuse(reason::RETAIN_NOT_SUPPORTED, "a request may not be retained");
                }
                if event.payload.len() > limits::HELD_BYTES {
                    return Way::Refuse(reason::PAYLOAD_TOO_LARGE, "arguments over 64 KiB");
                }
                let request = act::read(target, verb, &event.payload);
                let told = Told { entity: self.source().requester, kind: "act".into() };
                return Way::Ask(Origin::Act, vec![request], told);
            }
            Some(access::Own::Other) => return Way::Pass,
            None => {}
        }
        if reading::is_birth(config, topic, &event.payload) {
            self.hall.birth.notify_one();
        }
        let view = self.hall.guard();
        let source = self.source();
        if reading::is_discovery(config, topic) {
            return Way::Tell(Told { entity: source.requester, kind: reading::DISCOVERY.into() });
        }
        match guard::read(&view.registry, &view.rules, topic, &event.payload, event.retain) {
            Reading::Requests(requests) => {
                let origin = if view.enforces(self.hall.clock.now()) { Origin::Guard } else { Origin::Observed };
                return Way::Ask(origin, requests, Told { entity: source.requester, kind: "command".into() });
            }
            Reading::Passes => return Way::Pass,
            Reading::Unguarded => {}
        }
        reading::input(&self.hall.sources, topic, &source).map_or(Way::Pass, Way::Tell)
    }

    fn percept(&self, event: &ClientPublishEvent, told: Told, purpose: Purpose) -> Percept {
        let at = self.hall.clock.now();
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let payload =
            if event.payload.len() > limits::BODY_BYTES && purpose != Purpose::Discovery { Vec::new() } else { event.payload.to_vec() };
        let body = if payload.is_empty() && !event.payload.is_empty() {
            Body::Bytes(event.payload.len())
        } else {
            Body::parse(&payload, seen.content_type.as_deref())
        };
        let id = self.hall.clock.percept_id();
        let mut repeat_of = None;
        if let Some(packet_id) = event.packet_id {
            let digest = digest(&event.topic, &event.payload);
            let mut said = self.said();
            repeat_of = said.repeats(packet_id, digest, seen.dup, at);
            said.remember(packet_id, digest, repeat_of.unwrap_or(id), at);
        }
        let own_id = body
            .object()
            .and_then(|o| o.get("id"))
            .and_then(|v| v.as_str().map(str::to_owned).or_else(|| v.as_i64().map(|n| n.to_string())));
        Percept {
            id,
            at,
            source: self.source(),
            entity: told.entity,
            kind: told.kind,
            topic: event.topic.to_string(),
            body,
            payload,
            qos: event.qos as u8,
            retained: event.retain,
            packet_id: event.packet_id,
            repeat_of,
            own_id,
            purpose,
        }
    }

    async fn publish(&self, event: ClientPublishEvent) -> PublishAction {
        if self.private {
            return PublishAction::Continue;
        }
        self.hall.counters.published();
        let qos = event.qos as u8;
        match self.way(&event) {
            Way::Pass => PublishAction::Continue,
            Way::Refuse(code, why) => {
                self.hall.counters.refuse("input", &format!("`{}` on `{}`: {why}", self.arrival.client_id, event.topic));
                self.hall.counters.complain(&self.arrival.client_id, &event.topic, why);
                self.control.refuse(self.arrival.version, qos, event.packet_id, code);
                PublishAction::Handled
            }
            Way::Tell(told) => {
                let purpose = if told.kind == reading::DISCOVERY { Purpose::Discovery } else { Purpose::Observation };
                let wait = qos > 0 || purpose == Purpose::Discovery;
                let bytes = event.payload.len();
                let input = Input::Percept(Box::new(self.percept(&event, told, purpose)));
                if !wait {
                    // A QoS 0 input waits for a place in the inbox and no longer than the store may take to heal.
                    let left = tokio::time::timeout(
                        Duration::from_secs(limits::STORE_WAIT_SECONDS),
                        self.hall.inbox.leave(input, bytes, None, None),
                    )
                    .await;
                    if left.is_err() {
                        self.hall.counters.refuse("store", "a QoS 0 input was not remembered: the store cannot write");
                    }
                    return PublishAction::Continue;
                }
                match self.ask(input, bytes, None).await {
                    Some(answer) if answer.lets_on => PublishAction::Continue,
                    Some(_) => PublishAction::Handled,
                    None => self.give_up(qos),
                }
            }
            Way::Ask(origin, requests, told) => self.request(event, origin, requests, told).await,
        }
    }

    async fn request(&self, event: ClientPublishEvent, origin: Origin, mut requests: Vec<Request>, told: Told) -> PublishAction {
        let qos = event.qos as u8;
        let view = self.hall.guard();
        let mut on = None;
        if origin == Origin::Act {
            let Some((topic, payload)) = self.forward(&view, &mut requests, &event.payload) else {
                return PublishAction::Handled;
            };
            on = Some((topic, Bytes::from(payload)));
        }
        let risk = requests.iter().map(|r| view.risk(r)).fold(0.0, f64::max);
        let respond_to = event
            .response_topic
            .as_deref()
            .filter(|t| self.may_answer_on(t))
            .map(|t| (t.to_owned(), event.correlation_data.as_deref().unwrap_or_default().to_vec()));
        let properties = self.seen.lock().unwrap_or_else(PoisonError::into_inner).properties.clone();
        let percept = self.percept(&event, told, Purpose::Requests { origin, requests });
        let repeats = percept.repeat_of.is_some();
        let answer = self.ask(Input::Percept(Box::new(percept)), event.payload.len(), respond_to).await;
        match answer {
            Some(answer) if !answer.lets_on => return PublishAction::Handled,
            Some(_) => {}
            None if origin != Origin::Act && self.hall.config.store.guarded_when_unwritable == WhenUnwritable::Open && risk < 0.6 => {}
            None => return self.give_up(qos),
        }
        let (topic, payload) = on.unwrap_or_else(|| (event.topic.to_string(), event.payload.clone()));
        let retain = event.retain;
        if qos < 2 {
            if origin != Origin::Act {
                return PublishAction::Continue;
            }
            let mut packet = PublishPacket::new(topic, payload, event.qos);
            packet.packet_id = event.packet_id;
            return PublishAction::Transform(packet);
        }
        // The engine would route a QoS 2 message at its PUBREL, which may come days after the verdict. It goes on now, and its
        // repetition does not.
        if !repeats {
            let mut packet = PublishPacket::new(topic, payload, event.qos);
            packet.retain = retain;
            if let Ok(mut sent) = Properties::decode(&mut Bytes::from(properties)) {
                sent.remove_topic_alias();
                packet.properties = sent;
            }
            packet.properties.inject_sender(event.user_id.as_deref());
            packet.properties.inject_client_id(Some(&event.client_id));
            self.router.route_message(&packet, Some(&event.client_id)).await;
        }
        PublishAction::Handled
    }

    /// Where an allowed act goes and with what payload. What that would do to guarded devices is judged with it: arguments and
    /// other people's claims may say more than the verb does. None when it would go where no device listens.
    fn forward(&self, view: &GuardView, requests: &mut Vec<Request>, payload: &[u8]) -> Option<(String, Vec<u8>)> {
        let config = &self.hall.config;
        let request = requests.first()?;
        let (topic, payload) = act::forward(&view.registry, &config.root, request, payload);
        let own = format!("{}/do/", config.root);
        if !topic.starts_with(&own) {
            if access::below_root(config, &topic) || topic.starts_with('$') || reading::is_discovery(config, &topic) {
                self.hall.counters.refuse("act", &format!("an act would go to `{topic}`, where no device listens"));
                return None;
            }
            if let Reading::Requests(effects) = guard::read(&view.registry, &view.rules, &topic, &payload, false) {
                // What only repeats the act adds nothing; arguments and endpoints do.
                let says_more =
                    |e: &Request| e.target != request.target || e.verb != request.verb || e.endpoint.is_some() || e.value.is_some();
                let more: Vec<Request> = effects.into_iter().filter(says_more).collect();
                requests.extend(more);
            }
        }
        Some((topic, payload))
    }

    /// A verdict is not published where it could command something, or pose as Jamey's own state.
    fn may_answer_on(&self, topic: &str) -> bool {
        let view = self.hall.guard();
        !guard::is_guarded(&view.registry, &view.rules, topic)
            && access::own_topic(&self.hall.config, topic).is_none()
            && !topic.starts_with('$')
            && !access::below_root(&self.hall.config, topic)
    }

    /// Waits for the commit. None when the store could not write for as long as a sender is kept waiting.
    async fn ask(&self, input: Input, bytes: usize, respond_to: Option<(String, Vec<u8>)>) -> Option<Answer> {
        let patience = Duration::from_secs(limits::STORE_WAIT_SECONDS);
        let (tell, mut told) = oneshot::channel();
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
        loop {
            match tokio::time::timeout(patience, &mut told).await {
                Ok(answer) => return answer.ok(),
                Err(_) if self.hall.failing() => return None,
                Err(_) => {}
            }
        }
    }

    /// The store cannot write: a QoS 1 or 2 sender keeps its message and repeats it later; at QoS 0 it is gone.
    fn give_up(&self, qos: u8) -> PublishAction {
        self.hall.counters.refuse("store", "the store cannot write: an input was not acknowledged, or a command not forwarded");
        if qos > 0 {
            self.control.close(self.arrival.version, reason::QUOTA_EXCEEDED);
        }
        PublishAction::Handled
    }

    async fn last_words(&self) {
        let Some(will) = self.will.get() else { return };
        let source = self.source();
        let told = match access::own_topic(&self.hall.config, &will.topic) {
            Some(access::Own::In { entity, kind }) => Told { entity, kind },
            _ => match reading::input(&self.hall.sources, &will.topic, &source) {
                Some(told) => told,
                None => return,
            },
        };
        let event = ClientPublishEvent {
            client_id: Arc::from(self.arrival.client_id.as_str()),
            user_id: None,
            topic: Arc::from(will.topic.as_str()),
            payload: Bytes::copy_from_slice(&will.payload),
            qos: match will.qos {
                0 => mqtt5::QoS::AtMostOnce,
                1 => mqtt5::QoS::AtLeastOnce,
                _ => mqtt5::QoS::ExactlyOnce,
            },
            retain: false,
            packet_id: None,
            response_topic: None,
            correlation_data: None,
        };
        let percept = self.percept(&event, told, Purpose::Observation);
        self.hall.inbox.leave(Input::Percept(Box::new(percept)), will.payload.len(), None, None).await;
    }
}

impl AuthProvider for Visit {
    fn authenticate<'a>(&'a self, connect: &'a ConnectPacket, _: SocketAddr) -> Boxed<'a, mqtt5::Result<AuthResult>> {
        let result = self.admit(connect);
        if !result.authenticated {
            self.hall.counters.refuse("connect", &format!("`{}` from {}", self.arrival.client_id, self.peer));
        }
        Box::pin(std::future::ready(Ok(result)))
    }

    fn authorize_publish<'a>(&'a self, _: &str, _: Option<&'a str>, topic: &'a str) -> Boxed<'a, bool> {
        Box::pin(std::future::ready(self.may_publish(topic)))
    }

    fn authorize_subscribe<'a>(&'a self, _: &str, _: Option<&'a str>, filter: &'a str) -> Boxed<'a, bool> {
        let allowed = self.private || access::subscribe(&self.hall.config, &self.source(), filter);
        Box::pin(std::future::ready(allowed))
    }
}

impl BrokerEventHandler for Visit {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Boxed<'a, PublishAction> {
        Box::pin(self.publish(event))
    }

    fn on_client_subscribe<'a>(&'a self, event: ClientSubscribeEvent) -> Boxed<'a, ()> {
        if !self.private {
            for subscription in &event.subscriptions {
                let plain = subscription
                    .topic_filter
                    .strip_prefix("$share/")
                    .and_then(|s| s.split_once('/'))
                    .map_or(&*subscription.topic_filter, |(_, f)| f);
                if TopicFilter::new(plain).is_ok_and(|f| f.overlaps(&self.hall.verdict_filter)) {
                    self.hall.verdicts_wanted.store(true, Ordering::Relaxed);
                }
            }
        }
        Box::pin(std::future::ready(()))
    }

    fn on_client_disconnect<'a>(&'a self, event: ClientDisconnectEvent) -> Boxed<'a, ()> {
        Box::pin(async move {
            if event.unexpected && !self.private {
                self.last_words().await;
            }
        })
    }
}
