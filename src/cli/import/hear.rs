//! Retained messages of a broker that runs, as a client hears them.

use super::say::connect;
use crate::domain::{Letter, limits};
use anyhow::{Context, Result, bail};
use rumqttc::v5::{
    Event,
    mqttbytes::{
        QoS,
        v5::{Packet, Publish, SubscribeReasonCode},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// After so long without a retained message all have come that will. mosquitto tells its numbers anew in that time.
const SILENCE: Duration = Duration::from_secs(10);
/// How many it retains, those on `$SYS` among them.
const COUNT: &str = "$SYS/broker/retained messages/count";

pub struct Heard {
    pub letters: Vec<Letter>,
    /// Whether it said how many it retains, and they all came.
    pub is_counted: bool,
}

/// All that is retained there and may be heard. mosquitto lets fall what it cannot send at once, so what comes is counted.
///
/// # Errors
/// When it does not let us in, or not hear, or when fewer came than it says that it retains.
pub async fn retained(at: SocketAddr, login: Option<(String, String)>) -> Result<Heard> {
    let (client, mut events) = connect(at, "jamey-import", login).await?;
    // The number first, so that it is not let fall.
    for filter in [COUNT, "$SYS/#", "#"] {
        client.subscribe(filter, QoS::AtMostOnce).await?;
    }
    let (mut all, mut topics, mut bytes, mut granted) = (BTreeMap::new(), BTreeSet::new(), 0_u64, BTreeMap::new());
    let mut told = None;
    let mut until = Instant::now() + SILENCE;
    while let Ok(event) = timeout_at(until, events.poll()).await {
        match event.with_context(|| format!("{at}"))? {
            Event::Incoming(Packet::SubAck(answer)) => {
                granted.insert(answer.pkid, answer.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))));
            }
            Event::Incoming(Packet::Publish(publish)) => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                if topic == COUNT {
                    told = std::str::from_utf8(&publish.payload).ok().and_then(|text| text.parse::<usize>().ok());
                }
                // What it says anew of itself is retained as well, and no news.
                if !publish.retain && !topic.starts_with("$SYS/") {
                    continue;
                }
                if publish.retain {
                    until = Instant::now() + SILENCE;
                }
                topics.insert(topic.clone());
                if topic.starts_with('$') {
                    continue;
                }
                bytes += u64::try_from(publish.payload.len()).unwrap_or(u64::MAX);
                if bytes > limits::FOREIGN_DATABASE_BYTES {
                    bail!("{at} retains more than {} bytes: nothing was taken", limits::FOREIGN_DATABASE_BYTES);
                }
                all.insert(topic.clone(), letter(topic, publish));
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
    let _ = client.disconnect().await;
    // The last asked is `#`.
    if granted.last_key_value().is_some_and(|(_, is_granted)| !is_granted) {
        bail!("{at} does not let us hear `#`: ask as a user who may");
    }
    if let Some(told) = told.filter(|told| topics.len() < *told) {
        bail!(
            "{at} says that it retains {told} messages, and {} came: nothing was taken. Stop mosquitto, which then writes its database, and use \
             --database FILE instead of --from; or, where the user may not hear all of it, ask as one who may",
            topics.len()
        );
    }
    if told.is_none() && granted.len() < 3 {
        bail!("{at} says nothing more, and has not granted what was asked: nothing was taken");
    }
    Ok(Heard { letters: all.into_values().collect(), is_counted: told.is_some() })
}

fn letter(topic: String, publish: Publish) -> Letter {
    let properties = publish.properties.unwrap_or_default();
    Letter {
        topic,
        payload: publish.payload,
        qos: 1,
        retained: true,
        expires_at: None,
        is_text: properties.payload_format_indicator.map(|is| is == 1),
        content_type: properties.content_type,
        response_topic: properties.response_topic,
        correlation: properties.correlation_data.map(|data| data.to_vec()),
        user_properties: properties.user_properties,
    }
}
