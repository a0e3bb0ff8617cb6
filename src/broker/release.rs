//! Lets a held message on, as it came, once its release is on disk.

use super::{beside::Passing, engine::Engine};
use crate::domain::{Kept, Origin, Purpose, Timestamp};
use bytes::Bytes;
use mqtt5::{QoS, packet::publish::PublishPacket, protocol::v5::properties::Properties};

impl Engine {
    /// False where its sender set a time for it that is over, or where the other broker's outbox could not be written.
    pub async fn release(&self, kept: &Kept, now: Timestamp) -> bool {
        let (percept, way) = (&kept.percept, &kept.way_on);
        let qos = match percept.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        let mut packet = PublishPacket::new(way.topic.clone(), Bytes::from(way.payload.clone()), qos);
        if let Ok(mut sent) = Properties::decode(&mut Bytes::from(way.properties.clone())) {
            sent.remove_topic_alias();
            packet.properties = sent;
        }
        if let Some(seconds) = packet.properties.get_message_expiry_interval() {
            let left = f64::from(seconds) - now.seconds_since(percept.at);
            if left < 1.0 {
                return false;
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and what it was
            packet.properties.set_message_expiry_interval(left as u32);
        }
        let is_act = matches!(percept.purpose, Purpose::Requests { origin: Origin::Act, .. });
        let passing = Passing { topic: &packet.topic_name, payload: &packet.payload, qos: percept.qos, retain: false };
        if let Some(beside) = self.hall.beside.get() {
            let side = beside.sides().iter().find(|side| side.entity == percept.source.requester);
            if let Some(side) = side.filter(|side| side.is_attached()) {
                return side.post(packet.topic_name.clone(), passing, 1).await;
            }
            let from = side.map(|side| &side.entity).filter(|_| !is_act);
            if !beside.pass(from, passing).await {
                return false;
            }
        }
        packet.properties.inject_sender(percept.source.user.as_deref());
        packet.properties.inject_client_id(Some(&percept.source.client_id));
        self.router.route_message(&packet, Some(&percept.source.client_id)).await;
        true
    }

    /// Tells those who listen once more what a device told last: it did not do what it was commanded, and a switch in an interface that
    /// went ahead goes back.
    pub async fn tell_unchanged(&self, topic: String, payload: Vec<u8>) {
        let packet = PublishPacket::new(topic, Bytes::from(payload), QoS::AtMostOnce);
        self.router.route_message(&packet, None).await;
    }
}
