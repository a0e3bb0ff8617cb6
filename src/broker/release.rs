//! Lets a held message on, as it came, once its release is on disk; and says why one may go on no longer.

use super::{
    act,
    beside::Passing,
    engine::Engine,
    guard::{self, Reading},
    hall::Hall,
    rights::Rights,
};
use crate::domain::{Kept, Origin, Purpose, Timestamp};
use bytes::Bytes;
use mqtt5::{QoS, packet::publish::PublishPacket, protocol::v5::properties::Properties};

impl Hall {
    /// Why what waits may go on no longer, whatever a person says: its own time is over, its asker may not ask any more, or it would do
    /// something else now than what they were shown.
    #[must_use]
    pub fn void(&self, kept: &Kept, now: Timestamp) -> Option<&'static str> {
        let (percept, way, view) = (&kept.percept, &kept.way_on, self.guard());
        let Purpose::Requests { origin, requests } = &percept.purpose else { return Some("it asks for nothing") };
        if properties(&way.properties).get_message_expiry_interval().is_some_and(|s| now.seconds_since(percept.at) >= f64::from(s)) {
            return Some("the time that its sender gave it is over");
        }
        let door = self.door();
        if let Some(user) = percept.source.user.as_deref().filter(|_| !door.people.is_empty()) {
            let roles = door.people.users.get(user).map(|u| u.roles.as_slice()).unwrap_or_default();
            if !Rights::of(&door.acl, &self.config.root, roles, &percept.source.client_id, Some(user)).publish(&self.config, &percept.topic)
            {
                return Some("its asker may not ask for it any more");
            }
        }
        let reads_the_same = if *origin == Origin::Act {
            let mut again: Vec<_> = requests.first().cloned().into_iter().collect();
            act::plan(&view, &self.config, &mut again, &percept.payload)
                .is_some_and(|(topic, payload)| topic == way.topic && payload == way.payload)
                && again == *requests
        } else {
            matches!(guard::read(&view.registry, &view.rules, &way.topic, &way.payload, false), Reading::Requests(again) if again == *requests)
        };
        if reads_the_same { None } else { Some("it would do something else now than when it was asked") }
    }
}

fn properties(sent: &[u8]) -> Properties {
    Properties::decode(&mut Bytes::copy_from_slice(sent)).unwrap_or_default()
}

impl Engine {
    /// False where the other broker's outbox could not be written.
    pub async fn release(&self, kept: &Kept) -> bool {
        let (percept, way) = (&kept.percept, &kept.way_on);
        let qos = match percept.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        let mut packet = PublishPacket::new(way.topic.clone(), Bytes::from(way.payload.clone()), qos);
        packet.properties = properties(&way.properties);
        packet.properties.remove_topic_alias();
        if let Some(seconds) = packet.properties.get_message_expiry_interval() {
            let left = (f64::from(seconds) - self.hall.clock.now().seconds_since(percept.at)).clamp(1.0, f64::from(seconds.max(1)));
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
