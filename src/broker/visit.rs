//! One connection as Jamey sees it: who it is, what it may do, and the hook that every PUBLISH of it waits for.

mod ahead;
mod carried;
mod publish;

use super::{
    access::{self, Access},
    door::Arrival,
    entrance::Entrance,
    guard,
    hall::Hall,
    identity::{self, OWN_USER},
    line::{LineControl, Seen},
    reading::{self, Told},
    repeats::Said,
};
use crate::domain::{Input, Purpose, Source, TopicFilter};
pub use ahead::Ahead;
pub use carried::Carried;
use mqtt5::broker::{
    AuthProvider, AuthResult, BrokerEventHandler, ClientDisconnectEvent, ClientPublishEvent, ClientSubscribeEvent, PublishAction,
    router::MessageRouter,
};
use mqtt5::{packet::connect::ConnectPacket, protocol::v5::reason_codes::ReasonCode};
use publish::Message;
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering},
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection, from CONNECT to its end.
pub struct Visit {
    hall: Arc<Hall>,
    arrival: Arrival,
    entrance: Entrance,
    control: Arc<LineControl>,
    router: Arc<MessageRouter>,
    source: OnceLock<Arc<Source>>,
    will: OnceLock<Will>,
    said: Arc<Mutex<Said>>,
    /// Of the PUBLISH in hand.
    seen: Mutex<Seen>,
    /// What it tells is past already: commands in it are nobody's to judge.
    observes: bool,
}

struct Will {
    topic: String,
    payload: Vec<u8>,
    qos: u8,
    retain: bool,
}

impl Visit {
    pub fn new(hall: Arc<Hall>, arrival: Arrival, entrance: Entrance, control: Arc<LineControl>, router: Arc<MessageRouter>) -> Self {
        let said = hall.voices.welcome(&arrival.client_id);
        Self {
            hall,
            arrival,
            entrance,
            control,
            router,
            source: OnceLock::new(),
            will: OnceLock::new(),
            said,
            seen: Mutex::new(Seen::default()),
            observes: false,
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn source(&self) -> &Arc<Source> {
        self.source.get_or_init(|| Arc::new(identity::speaker(&self.hall.config, &self.arrival.client_id, None, self.entrance.peer.ip())))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, connect: &ConnectPacket) -> AuthResult {
        let config = &self.hall.config;
        let user = connect.username.as_deref();
        if self.entrance.private || user == Some(OWN_USER) {
            let own =
                self.entrance.private && user == Some(OWN_USER) && connect.password.as_deref() == Some(self.hall.own_secret.as_bytes());
            return if own { AuthResult::success_with_user(OWN_USER) } else { AuthResult::fail(ReasonCode::NotAuthorized) };
        }
        if !self.entrance.anonymous {
            return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "broker.anonymous is off");
        }
        if self
            .hall
            .beside
            .get()
            .is_some_and(|beside| std::iter::once(&*self.arrival.client_id).chain(user).any(|name| beside.is_name(name)))
        {
            return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "this name belongs to another broker");
        }
        let source = identity::speaker(config, &self.arrival.client_id, user, self.entrance.peer.ip());
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
            let _ =
                self.will.set(Will { topic: will.topic.clone(), payload: will.payload.clone(), qos: will.qos as u8, retain: will.retain });
        }
        let _ = self.source.set(Arc::new(source));
        user.map_or_else(AuthResult::success, AuthResult::success_with_user)
    }

    fn may_publish(&self, topic: &str) -> bool {
        *self.seen() = self.control.take_seen();
        if self.entrance.private {
            return true;
        }
        if self.will.get().is_some_and(|w| w.topic == topic) {
            // The engine asks the same for a will, without the hook: a guard that appeared since must hold it.
            let view = self.hall.guard();
            if guard::is_guarded(&view.registry, &view.rules, topic) {
                return false;
            }
        }
        let allowed = access::publish(&self.hall.config, self.source(), topic) != Access::Refused;
        if !allowed {
            self.hall.counters.refuse("access", &format!("`{}` may not publish to `{topic}`", self.arrival.client_id));
        }
        allowed
    }

    async fn last_words(&self) {
        let Some(will) = self.will.get() else { return };
        let told = match access::own_topic(&self.hall.config, &will.topic) {
            Some(access::Own::In { entity, kind }) => Told { entity, kind },
            _ => match reading::input(&self.hall.sources, &will.topic, self.source()) {
                Some(told) => told,
                None => return,
            },
        };
        let message = Message { topic: &will.topic, payload: &will.payload, qos: will.qos, ..Message::default() };
        let percept = self.percept(&message, told, Purpose::Observation);
        self.hall.inbox.leave(Input::Percept(Box::new(percept)), will.payload.len(), None, None).await;
    }
}

impl AuthProvider for Visit {
    fn authenticate<'a>(&'a self, connect: &'a ConnectPacket, _: SocketAddr) -> Boxed<'a, mqtt5::Result<AuthResult>> {
        let result = self.admit(connect);
        if !result.authenticated {
            self.hall
                .counters
                .refuse("connect", &format!("`{}` from {} on {}", self.arrival.client_id, self.entrance.peer, self.entrance.listener));
        }
        Box::pin(std::future::ready(Ok(result)))
    }

    fn authorize_publish<'a>(&'a self, _: &str, _: Option<&'a str>, topic: &'a str) -> Boxed<'a, bool> {
        Box::pin(std::future::ready(self.may_publish(topic)))
    }

    fn authorize_subscribe<'a>(&'a self, _: &str, _: Option<&'a str>, filter: &'a str) -> Boxed<'a, bool> {
        let allowed = self.entrance.private || access::subscribe(&self.hall.config, self.source(), filter);
        Box::pin(std::future::ready(allowed))
    }
}

impl BrokerEventHandler for Visit {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Boxed<'a, PublishAction> {
        if self.hall.beside.get().is_none_or(|beside| beside.sides().is_empty()) {
            return Box::pin(self.publish(event));
        }
        Box::pin(async move {
            let action = self.publish(event.clone()).await;
            self.pass_on(&event, action).await
        })
    }

    fn on_client_subscribe<'a>(&'a self, event: ClientSubscribeEvent) -> Boxed<'a, ()> {
        if !self.entrance.private {
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
            if event.unexpected && !self.entrance.private {
                self.pass_will().await;
                self.last_words().await;
            }
        })
    }
}
