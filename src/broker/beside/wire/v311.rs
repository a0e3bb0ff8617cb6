//! MQTT 3.1.1's side of a connection to another broker.

use super::{Brought, Heard, IN_FLIGHT, LARGEST_BYTES, Token, Wanted};
use crate::broker::beside::secrets::Dial;
use rumqttc::{Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::mpsc;

pub fn options(dial: &Dial) -> MqttOptions {
    let mut options = MqttOptions::new(&dial.client_id, &dial.host, dial.port);
    options.set_keep_alive(dial.keep_alive);
    options.set_clean_session(dial.clean_start);
    options.set_max_packet_size(LARGEST_BYTES, LARGEST_BYTES);
    options.set_inflight(IN_FLIGHT);
    options.set_manual_acks(true);
    if let Some((user, password)) = &dial.login {
        options.set_credentials(user, password);
    }
    if let Some((topic, payload)) = &dial.will {
        options.set_last_will(LastWill::new(topic, *payload, QoS::AtLeastOnce, true));
    }
    if let Some(tls) = dial.transport() {
        options.set_transport(tls);
    }
    options
}

pub fn filter(wanted: &Wanted) -> SubscribeFilter {
    SubscribeFilter { path: wanted.filter.clone(), qos: qos(wanted.qos) }
}

pub fn qos(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

pub async fn pump(mut events: EventLoop, tell: mpsc::Sender<Heard>) {
    events.network_options.set_tcp_nodelay(true);
    let mut connected = false;
    loop {
        let heard = match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                connected = true;
                Heard::Connected { known: ack.session_present }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => Heard::Brought(Box::new(brought(publish))),
            Ok(Event::Incoming(Packet::PubAck(ack))) => Heard::Acked { packet_id: ack.pkid, refused: false },
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                let refused = ack.return_codes.iter().filter(|code| !matches!(code, SubscribeReasonCode::Success(_))).count();
                Heard::Subscribed { refused }
            }
            Ok(Event::Outgoing(Outgoing::Publish(packet_id))) => Heard::Sent(packet_id),
            Ok(_) => continue,
            Err(error) => {
                let _ = tell.send(Heard::Lost { version: !connected, why: error.to_string() }).await;
                return;
            }
        };
        if tell.send(heard).await.is_err() {
            return;
        }
    }
}

fn brought(publish: Publish) -> Brought {
    Brought {
        topic: publish.topic.clone(),
        payload: publish.payload.clone(),
        qos: publish.qos as u8,
        retain: publish.retain,
        dup: publish.dup,
        packet_id: (publish.pkid > 0).then_some(publish.pkid),
        content_type: None,
        response_topic: None,
        correlation: None,
        token: Token::V311(publish),
    }
}
