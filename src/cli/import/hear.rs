//! Retained messages of a broker that runs, as a client hears them.

use super::say::connect;
use crate::domain::Letter;
use anyhow::{Context, Result, bail};
use rumqttc::v5::{
    Event,
    mqttbytes::{
        QoS,
        v5::{Packet, SubscribeReasonCode},
    },
};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
/// Nobody speaks there: that it is granted tells that what was retained has come before.
const NOBODYS: &str = "jamey-import/nobody/speaks/here";

/// All that is retained there and may be heard. At QoS 0 mosquitto hands over all at once, in order.
///
/// # Errors
/// When it does not let us in, or not hear.
pub async fn retained(at: SocketAddr, login: Option<(String, String)>) -> Result<Vec<Letter>> {
    let (client, mut events) = connect(at, "jamey-import", login).await?;
    client.subscribe("#", QoS::AtMostOnce).await?;
    client.subscribe(NOBODYS, QoS::AtMostOnce).await?;
    let (mut all, mut granted) = (BTreeMap::new(), 0);
    while granted < 2 {
        let event =
            timeout(PATIENCE, events.poll()).await.with_context(|| format!("{at} says nothing more"))?.with_context(|| format!("{at}"))?;
        match event {
            Event::Incoming(Packet::SubAck(answer)) => {
                if !answer.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))) {
                    bail!("{at} does not let us hear `#`: ask as a user who may");
                }
                granted += 1;
            }
            Event::Incoming(Packet::Publish(publish)) if publish.retain => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                let properties = publish.properties.unwrap_or_default();
                let letter = Letter {
                    topic: topic.clone(),
                    payload: publish.payload.to_vec(),
                    qos: 1,
                    retained: true,
                    expires_at: None,
                    is_text: properties.payload_format_indicator.map(|is| is == 1),
                    content_type: properties.content_type,
                    response_topic: properties.response_topic,
                    correlation: properties.correlation_data.map(|data| data.to_vec()),
                    user_properties: properties.user_properties,
                };
                all.insert(topic, letter);
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
    let _ = client.disconnect().await;
    Ok(all.into_values().collect())
}
