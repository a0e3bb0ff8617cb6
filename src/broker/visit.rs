//! One connection as Jamey sees it: who it is, what it may do, and the hook that every PUBLISH of it waits for.

mod ahead;
mod bounds;
mod carried;
mod publish;
mod recall;
mod word;

use super::{
    access,
    door::Arrival,
    entrance::Entrance,
    guard,
    hall::Hall,
    identity::{self, OWN_USER},
    line::{LineControl, Seen},
    login::{self, Login},
    reading::{self, Told},
    repeats::Said,
    rights::Rights,
    roll::Guest,
};
use crate::{
    domain::{EntityId, Forgery, Input, Purpose, Source, Timestamp, TopicFilter},
    observe::Incident,
};
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
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection, from CONNECT to its end.
pub struct Visit {
    hall: Arc<Hall>,
    arrival: Arrival,
    entrance: Entrance,
    control: Arc<LineControl>,
    router: Arc<MessageRouter>,
    login: OnceLock<Login>,
    who: Mutex<Option<Who>>,
    /// Another broker, which the config names: it does not sign in.
    carried: OnceLock<Who>,
    will: OnceLock<Will>,
    said: Arc<Mutex<Said>>,
    /// Of the PUBLISH in hand.
    seen: Mutex<Seen>,
    /// Messages that it has published.
    published: AtomicU64,
    /// What it tells is past already: commands in it are nobody's to judge.
    observes: bool,
}

/// A client as it stands.
#[derive(Clone)]
struct Who {
    epoch: u64,
    /// When its token ends.
    until: Option<Timestamp>,
    rights: Arc<Rights>,
    source: Arc<Source>,
}

/// MQTT 5 reason codes that Jamey gives itself (MQTT 5.0, section 2.4).
mod reason {
    pub const NOT_AUTHORIZED: u8 = 0x87;
    pub const FORMAT: u8 = 0x99;
    pub const QUOTA_EXCEEDED: u8 = 0x97;
    pub const PAYLOAD_TOO_LARGE: u8 = 0x95;
    pub const RETAIN_NOT_SUPPORTED: u8 = 0x9a;
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
            login: OnceLock::new(),
            who: Mutex::new(None),
            carried: OnceLock::new(),
            will: OnceLock::new(),
            said,
            seen: Mutex::new(Seen::default()),
            published: AtomicU64::new(0),
            observes: false,
        }
    }

    /// Who this is, once signed in; none: Jamey's own client.
    pub fn guest(&self, filed: &str) -> Option<Guest> {
        let login = self.login.get().filter(|_| !self.entrance.private)?;
        Some(Guest {
            filed: filed.to_owned(),
            client_id: self.arrival.client_id.clone(),
            user: login.user.clone(),
            entity: self.who().source.requester.to_string(),
            address: self.entrance.peer.ip().to_canonical().to_string(),
            listener: self.entrance.listener.to_string(),
            protocol: if self.arrival.version == 5 { "5" } else { "3.1.1" },
            since: Timestamp::default(),
            keep_alive_seconds: self.arrival.keep_alive,
            subscriptions: 0,
            messages: self.published.load(Ordering::Relaxed),
        })
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who speaks and what they may, as it stands now: users, roles and tokens may have changed since they came.
    fn who(&self) -> Who {
        let epoch = self.hall.door_epoch();
        if let Some(who) = self.carried.get() {
            return who.clone();
        }
        let mut known = self.who.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = |who: &Who| who.epoch == epoch && who.until.is_none_or(|until| self.hall.clock.now() < until);
        if let Some(who) = known.as_ref().filter(|who| lasts(who)) {
            return who.clone();
        }
        let who = self.look_up();
        *known = Some(who.clone());
        who
    }

    fn look_up(&self) -> Who {
        let (config, door) = (&self.hall.config, self.hall.door());
        let nobody = Login::default();
        let login = self.login.get().unwrap_or(&nobody);
        let user = login.user.as_deref();
        // The last user's removal opens no door that was closed without a user.
        let is_open = door.people.is_empty() && (self.entrance.anonymous || self.entrance.certificate.is_some());
        let (rights, until) = if is_open {
            (Rights::open(), None)
        } else {
            let holds = login.holds(&door.people, self.hall.clock.now());
            if holds.is_none() && self.login.get().is_some() {
                self.control.close(self.arrival.version, reason::NOT_AUTHORIZED);
            }
            let (roles, until) = holds.unwrap_or_default();
            (Rights::of(&door.acl, &self.hall.config.root, &roles, &self.arrival.client_id, user), until)
        };
        let source = identity::speaker(config, &self.arrival.client_id, login, &rights, self.entrance.peer.ip());
        Who { epoch: door.epoch, until, rights: Arc::new(rights), source: Arc::new(source) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn admit(&self, connect: &ConnectPacket) -> AuthResult {
        let config = &self.hall.config;
        let user = connect.username.as_deref();
        if self.entrance.private || user == Some(OWN_USER) {
            let own =
                self.entrance.private && user == Some(OWN_USER) && connect.password.as_deref() == Some(self.hall.own_secret.as_bytes());
            return if own { AuthResult::success_with_user(OWN_USER) } else { AuthResult::fail(ReasonCode::NotAuthorized) };
        }
        let login = match login::login(&self.hall, &self.entrance, user, connect.password.as_deref()).await {
            Ok(login) => self.login.get_or_init(|| login),
            Err(refused) => {
                self.hall.counters.refuse("login", &format!("`{}` as {user:?}: {}", self.arrival.client_id, refused.why));
                return AuthResult::fail_with_reason(refused.code, refused.why);
            }
        };
        let rights = self.who().rights;
        if rights.is_empty() {
            return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "nothing is allowed to such a client");
        }
        let proved = login.user.as_deref().filter(|_| login.is_proved());
        if !self.hall.owners.take(&self.arrival.client_id, proved, &self.hall.door().people) {
            self.hall.counters.refuse("login", &format!("`{}` is another user's client id than {user:?}'s", self.arrival.client_id));
            return AuthResult::fail_with_reason(ReasonCode::ClientIdentifierNotValid, "this client id is another user's");
        }
        if self
            .hall
            .beside
            .get()
            .is_some_and(|beside| std::iter::once(&*self.arrival.client_id).chain(login.user.as_deref()).any(|name| beside.is_name(name)))
        {
            return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "this name belongs to another broker");
        }
        if let Some(will) = &connect.will {
            let view = self.hall.guard();
            if guard::is_guarded(&view.registry, &view.rules, &will.topic) {
                self.hall
                    .counters
                    .refuse("will", &format!("a will of `{}` aims at the guarded topic `{}`", self.arrival.client_id, will.topic));
                return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "a will may not command a guarded device");
            }
            if !rights.publish(config, &will.topic) || access::is_act(config, &will.topic) || reading::is_discovery(config, &will.topic) {
                return AuthResult::fail_with_reason(ReasonCode::NotAuthorized, "a will may not go to this topic");
            }
            let _ =
                self.will.set(Will { topic: will.topic.clone(), payload: will.payload.clone(), qos: will.qos as u8, retain: will.retain });
        }
        login.user.as_deref().map_or_else(AuthResult::success, AuthResult::success_with_user)
    }

    fn may_publish(&self, topic: &str) -> bool {
        let seen = self.control.take_seen();
        let heard = seen.told.is_some();
        *self.seen() = seen;
        // What was heard ahead was judged and stored under the rights of that moment: it goes on as its verdict says.
        if self.entrance.private || heard {
            return true;
        }
        if self.will.get().is_some_and(|w| w.topic == topic) {
            // The engine asks the same for a will, without the hook: a guard that appeared since must hold it.
            let view = self.hall.guard();
            if guard::is_guarded(&view.registry, &view.rules, topic) {
                return false;
            }
        }
        let who = self.who();
        let allowed = self.may(&who, topic);
        if !allowed {
            self.hall.counters.refuse("access", &format!("`{}` may not publish to `{topic}`", self.arrival.client_id));
            self.on_record("publish.refused", topic);
            if let Some(posed_as) = self.posed_as(&who, topic) {
                let by = who.source.requester.clone();
                self.hall.counters.refuse("forged", &format!("`{by}` spoke as {posed_as}"));
                self.hall.incidents.note(Incident::Posed, by.as_str(), self.hall.clock.uptime());
                self.hall.inbox.mention(Input::Forged(Forgery { at: self.hall.clock.now(), by, posed_as }));
            }
        }
        allowed
    }

    /// Whether this client may publish to a topic as it stands.
    fn may(&self, who: &Who, topic: &str) -> bool {
        let config = &self.hall.config;
        who.rights.publish(config, topic)
            && self.posed_as(who, topic).is_none()
            && (who.rights.describes() || !reading::is_discovery(config, topic))
            // Who moves a camera elsewhere moves it out of the rules: that is Home Assistant's to tell, and not of others who speak for many.
            && (who.rights.is_open() || who.source.requester == config.home_assistant.user || !config.is_registry(topic))
    }

    /// The other in whose name a topic speaks: only those who speak for many may.
    fn posed_as(&self, who: &Who, topic: &str) -> Option<EntityId> {
        match access::own_topic(&self.hall.config, topic) {
            Some(access::Own::In { entity, .. }) if who.rights.speaks_for_itself() && entity != who.source.requester => Some(entity),
            _ => None,
        }
    }

    /// Puts on record who came in under a name that was proved, and who was turned away.
    fn entry_on_record(&self, user: Option<&str>, result: &AuthResult) {
        let (client_id, address) = (&self.arrival.client_id, self.entrance.peer.ip().to_string());
        if !result.authenticated {
            let user = user.map_or_else(String::new, |user| format!(" as user `{user}`"));
            let why = result.reason_string.as_deref().unwrap_or("not who it says it is");
            let detail = format!("on {}{user}: {why}", self.entrance.listener);
            // Names are the client's own choice here; the address is what tells one who tries many from many.
            self.hall.audit_refusal(&address, "connect.refused", Some(client_id), &detail);
        } else if let Some(login) = self.login.get().filter(|login| login.is_proved()) {
            let detail = format!("from {address} on {}", self.entrance.listener);
            self.hall.audit(login.user.as_deref().unwrap_or_default(), "login", Some(client_id), &detail);
        }
    }

    /// Puts on record that it tried what it may not.
    fn on_record(&self, action: &str, subject: &str) {
        let source = self.who().source;
        let detail = format!("client `{}` at {}", source.client_id, source.address);
        self.hall.audit_refusal(source.requester.as_str(), action, Some(subject), &detail);
    }

    async fn last_words(&self) {
        let Some(will) = self.will.get() else { return };
        let told = match access::own_topic(&self.hall.config, &will.topic) {
            Some(access::Own::In { entity, kind }) => Told { entity, kind },
            _ => match reading::input(&self.hall.sources, &will.topic, &self.who().source) {
                Some(told) => told,
                None => return,
            },
        };
        let message = Message { topic: &will.topic, payload: &will.payload, qos: will.qos, ..Message::default() };
        let percept = self.percept(&message, &self.who(), told, Purpose::Observation, None);
        self.hall.inbox.leave(Input::Percept(Box::new(percept)), will.payload.len(), None, None).await;
    }
}

impl AuthProvider for Visit {
    fn authenticate<'a>(&'a self, connect: &'a ConnectPacket, _: SocketAddr) -> Boxed<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move {
            let result = match self.will_beyond(connect) {
                Some(refused) => refused,
                None => self.admit(connect).await,
            };
            // Before the pause below: who leaves during it is on record too.
            self.entry_on_record(connect.username.as_deref(), &result);
            if !result.authenticated {
                let (hall, entrance) = (&self.hall, &self.entrance);
                let from = format!("`{}` from {} on {}", self.arrival.client_id, entrance.peer, entrance.listener);
                hall.counters.refuse("connect", &from);
                if let Some(user) = connect.username.as_deref() {
                    hall.incidents.note(Incident::Login, &entrance.peer.ip().to_string(), hall.clock.uptime());
                    hall.limits.after_failed_login(entrance.peer.ip(), user, hall.clock.uptime(), &hall.counters).await;
                }
            }
            Ok(result)
        })
    }

    fn authorize_publish<'a>(&'a self, _: &str, _: Option<&'a str>, topic: &'a str) -> Boxed<'a, bool> {
        Box::pin(std::future::ready(self.may_publish(topic)))
    }

    fn authorize_subscribe<'a>(&'a self, _: &str, _: Option<&'a str>, filter: &'a str) -> Boxed<'a, bool> {
        let allowed = self.entrance.private || (self.filter_fits(filter) && self.who().rights.subscribe(&self.hall.config, filter));
        if !allowed {
            self.hall.counters.refuse("subscribe", &format!("`{}` may not hear `{filter}`", self.arrival.client_id));
            self.on_record("subscribe.refused", filter);
        }
        Box::pin(std::future::ready(allowed))
    }
}

impl BrokerEventHandler for Visit {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Boxed<'a, PublishAction> {
        self.published.fetch_add(1, Ordering::Relaxed);
        if self.hall.beside.get().is_none_or(|beside| beside.sides().is_empty()) {
            return Box::pin(self.publish(event));
        }
        Box::pin(async move {
            let action = self.publish(event.clone()).await;
            self.pass_on(&event, action).await
        })
    }

    fn on_client_subscribe<'a>(&'a self, event: ClientSubscribeEvent) -> Boxed<'a, ()> {
        self.note_refused(&event);
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
