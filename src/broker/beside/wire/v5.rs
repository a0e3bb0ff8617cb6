//! MQTT 5's side of a connection to another broker.

use super::{Brought, Heard, IN_FLIGHT, RECEIVE, SESSION, Token, Wanted};
use crate::{broker::beside::secrets::Dial, domain::limits};
use rumqttc::Outgoing;
use rumqttc::{
    NetworkOptions,
    v5::{
        ConnectionError, Event, EventLoop, MqttOptions, StateError,
        mqttbytes::{
            QoS,
            v5::{ConnectReturnCode, Filter, LastWill, Packet, PubAckReason, Publish, RetainForwardRule, SubscribeReasonCode},
        },
    },
};
use tokio::sync::mpsc;

pub fn options(dial: &Dial) -> MqttOptions {
    let mut options = MqttOptions::new(&dial.client_id, &dial.host, dial.port);
    options.set_keep_alive(dial.keep_alive);
    options.set_clean_start(dial.clean_start);
    if !dial.clean_start {
        options.set_session_expiry_interval(u32::try_from(SESSION.as_secs()).ok());
    }
    options.set_receive_maximum(Some(RECEIVE));
    options.set_max_packet_size(u32::try_from(limits::PACKET_BYTES).ok());
    options.set_outgoing_inflight_upper_limit(IN_FLIGHT);
    options.set_manual_acks(true);
    if let Some((user, password)) = &dial.login {
        options.set_credentials(user, password);
    }
    if let Some((topic, payload)) = &dial.will {
        options.set_last_will(LastWill::new(topic, *payload, QoS::AtLeastOnce, true, None));
    }
    if let Some(tls) = dial.transport() {
        options.set_transport(tls);
    }
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    options
}

/// What we publish there does not come back. Retained values come when the subscription is new, not at each connection.
pub fn filter(wanted: &Wanted) -> Filter {
    let shared = wanted.filter.starts_with("$share/");
    let mut filter = Filter::new(&wanted.filter, qos(wanted.qos));
    filter.nolocal = !shared;
    filter.preserve_retain = true;
    filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
    filter
}

pub fn qos(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

pub async fn pump(mut events: EventLoop, tell: mpsc::Sender<Heard>) {
    let mut connected = false;
    loop {
        let heard = match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                connected = true;
                Heard::Connected { known: ack.session_present }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => Heard::Brought(Box::new(brought(publish))),
            Ok(Event::Incoming(Packet::PubAck(ack))) => {
                let taken = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
                Heard::Acked { packet_id: ack.pkid, refused: !taken }
            }
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                let refused = ack.return_codes.iter().filter(|code| !matches!(code, SubscribeReasonCode::Success(_))).count();
                Heard::Subscribed { refused }
            }
            Ok(Event::Outgoing(Outgoing::Publish(packet_id))) => Heard::Sent(packet_id),
            Ok(_) => continue,
            Err(error) => {
                let _ = tell.send(Heard::Lost { version: !connected && is_version(&error), why: error.to_string() }).await;
                return;
            }
        };
        if tell.send(heard).await.is_err() {
            return;
        }
    }
}

/// Whether the other broker does not know MQTT 5. Some say so in words of MQTT 3.1.1, which are malformed here, some just hang up.
fn is_version(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::ConnectionRefused(code) => {
            matches!(code, ConnectReturnCode::UnsupportedProtocolVersion | ConnectReturnCode::RefusedProtocolVersion)
        }
        ConnectionError::MqttState(StateError::Deserialization(_) | StateError::ConnectionAborted) => true,
        ConnectionError::Io(error) => matches!(
            error.kind(),
            std::io::ErrorKind::InvalidData
                | std::io::ErrorKind::ConnectionReset
                | std::io::ErrorKind::UnexpectedEof
                | std::io::ErrorKind::ConnectionAborted
        ),
        _ => false,
    }
}

fn brought(publish: Publish) -> Brought {
    let properties = publish.properties.clone().unwrap_or_default();
    Brought {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload.clone(),
        qos: publish.qos as u8,
        retain: publish.retain,
        dup: publish.dup,
        packet_id: (publish.pkid > 0).then_some(publish.pkid),
        content_type: properties.content_type,
        response_topic: properties.response_topic,
        correlation: properties.correlation_data,
        token: Token::V5(publish),
    }
}
