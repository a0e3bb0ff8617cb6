//! What another broker brings, judged and stored by the same hook as what a client says; and what goes on from here to other brokers.

use super::{Visit, Who};
use crate::{
    broker::{
        Engine, Hall, access,
        beside::{Brought, Passing, Side},
        door::Arrival,
        entrance::Entrance,
        line::LineControl,
        rights::Rights,
    },
    domain::{
        Source, TopicFilter,
        topics::{self, Topic},
    },
    runtime::pulse,
};
use bytes::Bytes;
use mqtt5::{
    QoS,
    broker::{ClientPublishEvent, PublishAction, router::MessageRouter},
    packet::publish::PublishPacket,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

/// What became of a message from another broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// It is on disk where it must be, and judged where it asks; it may be acknowledged.
    Taken,
    /// It is not wanted here, and would not be later.
    Refused,
    /// The store cannot write: it is not acknowledged, and comes again.
    NotNow,
}

/// How a visit without a connection names its version: reasons are spoken of as in MQTT 5.
const VERSION: u8 = 5;

impl Visit {
    /// The visit of another broker: it speaks for many, and its own standing is earned like anybody's.
    pub fn of_side(hall: Arc<Hall>, side: &Side, router: Arc<MessageRouter>) -> Self {
        let name = side.entity.to_string();
        let arrival =
            Arrival { packet: Vec::new(), version: VERSION, client_id: name.clone(), filed: name.clone(), transient: true, keep_alive: 0 };
        let peer = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let entrance = Entrance { peer, listener: name.as_str().into(), private: false, anonymous: true, rate: None, certificate: None };
        let source = Source {
            client_id: name,
            user: None,
            address: side.address.clone(),
            speaks_for_many: true,
            human: false,
            owner: false,
            role: String::new(),
            requester: side.entity.clone(),
        };
        let visit = Self { observes: side.is_attached(), ..Self::new(hall, arrival, entrance, Arc::new(LineControl::default()), router) };
        let who = Who { epoch: 0, until: None, rights: Arc::new(Rights::open()), source: Arc::new(source) };
        let _ = visit.carried.set(who);
        visit
    }

    /// Judges and stores a message that another broker brought, and lets it on here where it may. `stored`: it had been kept there.
    pub async fn carry(&self, topic: &str, brought: &Brought, stored: bool, side: &Side) -> Carried {
        if !self.may_publish(topic) {
            return Carried::Refused;
        }
        {
            let mut seen = self.seen();
            (seen.dup, seen.stored, seen.content_type) = (brought.dup, stored, brought.content_type.clone());
        }
        let event = ClientPublishEvent {
            client_id: self.arrival.client_id.as_str().into(),
            user_id: None,
            topic: topic.into(),
            payload: brought.payload.clone(),
            qos: if brought.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce },
            retain: brought.retain,
            packet_id: brought.packet_id,
            response_topic: brought.response_topic.as_deref().map(Into::into),
            correlation_data: brought.correlation.clone(),
        };
        let action = self.publish(event.clone()).await;
        match self.control.verdict() {
            (true, _) => return Carried::NotNow,
            (_, true) => return Carried::Refused,
            _ => {}
        }
        let goes_on = match action {
            PublishAction::Handled => return Carried::Taken,
            PublishAction::Continue => None,
            PublishAction::Transform(packet) => Some(packet),
        };
        let kept = if side.is_attached() { self.answer_there(goes_on, side).await } else { self.let_on(&event, goes_on, side).await };
        if kept { Carried::Taken } else { Carried::NotNow }
    }

    /// An allowed act goes on where it was asked. All else is there already.
    async fn answer_there(&self, act: Option<PublishPacket>, side: &Side) -> bool {
        match act {
            Some(act) => {
                let passing = Passing { topic: &act.topic_name, payload: &act.payload, qos: 1, retain: false };
                side.post(act.topic_name.clone(), passing, 1).await
            }
            None => true,
        }
    }

    async fn let_on(&self, event: &ClientPublishEvent, act: Option<PublishPacket>, side: &Side) -> bool {
        // What an act became is new there; all else came from there.
        let from = act.is_none().then_some(&side.entity);
        let mut packet = act.unwrap_or_else(|| {
            let mut packet = PublishPacket::new(&*event.topic, event.payload.clone(), event.qos);
            packet.retain = event.retain;
            if let Some(topic) = &event.response_topic {
                packet.properties.set_response_topic(topic.to_string());
            }
            if let Some(correlation) = &event.correlation_data {
                packet.properties.set_correlation_data(correlation.clone());
            }
            packet
        });
        packet.packet_id = None;
        let passing = Passing { topic: &packet.topic_name, payload: &packet.payload, qos: packet.qos as u8, retain: packet.retain };
        if let Some(beside) = self.hall.beside.get()
            && !beside.pass(from, passing).await
        {
            return false;
        }
        packet.properties.inject_client_id(Some(&event.client_id));
        self.router.route_message(&packet, Some(&event.client_id)).await;
        true
    }

    /// That we are here; and retained values for a broker that does not know us: it may be a new one, or have forgotten.
    pub async fn tell_anew(&self, engine: &Engine, side: &Side, known: bool) {
        let config = &self.hall.config;
        if side.is_attached() {
            // The last will may have been said meanwhile.
            let status = topics::name(&config.root, Topic::Status);
            let payload = Bytes::from_static(b"online");
            side.post(status.clone(), Passing { topic: &status, payload: &payload, qos: 1, retain: true }, 1).await;
        }
        if known {
            return;
        }
        let root = format!("{}/#", config.root);
        let own = side.is_attached().then(|| TopicFilter::new(&root)).and_then(Result::ok);
        for filter in side.told_anew().chain(&own) {
            for (topic, payload) in engine.retained(filter.as_str()).await {
                if self.hall.beside.get().is_some_and(|beside| beside.stays(&topic)) {
                    continue;
                }
                // Each of them is kept on disk, and there may be many.
                pulse::works().await;
                let name = match side.outward(&topic) {
                    Some(name) => name,
                    None if side.is_attached() && access::own_topic(config, &topic).is_none() => topic.clone(),
                    None => continue,
                };
                let payload = payload.into();
                side.post(name, Passing { topic: &topic, payload: &payload, qos: 1, retain: true }, 1).await;
            }
        }
    }

    /// The engine lets a will on by itself.
    pub(super) async fn pass_will(&self) {
        let (Some(will), Some(beside)) = (self.will.get(), self.hall.beside.get()) else { return };
        if beside.sides().is_empty() || !self.may_publish(&will.topic) {
            return;
        }
        let payload = Bytes::copy_from_slice(&will.payload);
        beside.pass(None, Passing { topic: &will.topic, payload: &payload, qos: will.qos, retain: will.retain }).await;
    }

    /// The hook's last step: what goes on here goes on to other brokers too, before its sender is acknowledged.
    pub(super) async fn pass_on(&self, event: &ClientPublishEvent, action: PublishAction) -> PublishAction {
        let Some(beside) = self.hall.beside.get() else { return action };
        let passing = match &action {
            PublishAction::Handled => return action,
            PublishAction::Continue => Passing { topic: &event.topic, payload: &event.payload, qos: event.qos as u8, retain: event.retain },
            PublishAction::Transform(p) => Passing { topic: &p.topic_name, payload: &p.payload, qos: p.qos as u8, retain: p.retain },
        };
        let kept =
            if self.entrance.private { beside.tell(&self.hall.config.root, passing).await } else { beside.pass(None, passing).await };
        if kept { action } else { self.give_up(event.qos as u8) }
    }
}
