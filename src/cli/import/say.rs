//! Retained messages published one behind the other, and what was answered to each. Knows the protocol, and nothing of the house.

use crate::domain::{Letter, Timestamp};
use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use rumqttc::{
    Outgoing,
    v5::{
        AsyncClient, Event, EventLoop, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{ConnectReturnCode, Packet, PubAckReason, Publish, PublishProperties},
        },
    },
};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::time::timeout;

/// What came of it.
#[derive(Debug, Default)]
pub struct Said {
    pub kept: usize,
    /// Topics that were refused, and why.
    pub refused: Vec<(String, String)>,
}

/// As long as one answer may take, with a disk that is slow.
const PATIENCE: Duration = Duration::from_secs(30);
const AT_ONCE: usize = 64;

/// Connects with a name and a password. The answer to the CONNECT has come when this returns.
///
/// # Errors
/// When nobody answers, or we are not let in.
pub(super) async fn connect(at: SocketAddr, id: &str, login: Option<(String, String)>) -> Result<(AsyncClient, EventLoop)> {
    let mut options = MqttOptions::new(id, at.ip().to_string(), at.port());
    options.set_keep_alive(Duration::from_secs(30));
    options.set_clean_start(true);
    options.set_max_packet_size(None);
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    let (client, mut events) = AsyncClient::new(options, AT_ONCE);
    loop {
        match timeout(PATIENCE, events.poll()).await.with_context(|| format!("{at} does not answer"))? {
            Ok(Event::Incoming(Packet::ConnAck(answer))) if answer.code == ConnectReturnCode::Success => return Ok((client, events)),
            Ok(Event::Incoming(Packet::ConnAck(answer))) => bail!("{at} does not let us in: {:?}", answer.code),
            Ok(_) => {}
            Err(error) => bail!("{at}: {error}"),
        }
    }
}

/// Publishes all of them at QoS 1, those first that describe devices, and waits for every answer. One that
/// has more than `most` bytes as a packet would end the connection: it is refused before anything is sent.
///
/// # Errors
/// When the connection is lost before that.
pub async fn say(at: SocketAddr, login: (String, String), most: usize, letters: &[Letter], now: Timestamp) -> Result<Said> {
    let (client, mut events) = connect(at, "mosquitto-import", Some(login)).await?;
    let mut ordered: Vec<&Letter> = letters.iter().collect();
    ordered.sort_by_key(|letter| !describes(&letter.topic));
    let (posts, larger): (Vec<Post>, Vec<Post>) =
        ordered.into_iter().map(|letter| Post::of(letter, now)).partition(|post| post.packet_bytes() <= most);
    let refused = larger.iter().map(|post| {
        let why = format!("a packet of {} bytes, and {most} are taken (broker.max_packet_bytes)", post.packet_bytes());
        (post.topic.clone(), why)
    });
    let mut said = Said { kept: 0, refused: refused.collect() };
    let topics: Vec<String> = posts.iter().map(|post| post.topic.clone()).collect();
    let sender = client.clone();
    let sending = tokio::spawn(async move {
        for post in posts {
            let sent = sender.publish_bytes_with_properties(post.topic, QoS::AtLeastOnce, true, post.payload, post.properties).await;
            sent.map_err(|_| anyhow!("the connection was lost"))?;
        }
        anyhow::Ok(())
    });
    let (mut on_the_way, mut next, mut answered) = (BTreeMap::<u16, usize>::new(), 0, 0);
    while answered < topics.len() {
        let event = timeout(PATIENCE, events.poll())
            .await
            .context("Jamey does not answer")?
            .map_err(|error| anyhow!("the connection was lost: {error}"))?;
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                on_the_way.insert(id, next);
                next += 1;
            }
            Event::Incoming(Packet::PubAck(ack)) => {
                let topic = on_the_way.remove(&ack.pkid).and_then(|at| topics.get(at)).cloned().unwrap_or_default();
                answered += 1;
                if matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) {
                    said.kept += 1;
                } else {
                    let why = ack.properties.and_then(|properties| properties.reason_string).unwrap_or_else(|| format!("{:?}", ack.reason));
                    said.refused.push((topic, why));
                }
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
    sending.await.context("the sender ended")??;
    Ok(said)
}

/// Whether devices are described there: what commands them is known for it only afterwards.
fn describes(topic: &str) -> bool {
    topic.starts_with("homeassistant/")
        || topic.starts_with("tasmota/discovery/")
        || topic.ends_with("/bridge/devices")
        || topic.ends_with("/bridge/groups")
}

struct Post {
    topic: String,
    payload: Bytes,
    properties: PublishProperties,
}

impl Post {
    fn of(letter: &Letter, now: Timestamp) -> Self {
        let left = letter.expires_at.map(|at| at.saturating_sub(now.micros() / 1_000_000).max(1));
        let properties = PublishProperties {
            payload_format_indicator: letter.is_text.map(u8::from),
            message_expiry_interval: left.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            content_type: letter.content_type.clone(),
            response_topic: letter.response_topic.clone(),
            correlation_data: letter.correlation.clone().map(Into::into),
            user_properties: letter.user_properties.clone(),
            ..PublishProperties::default()
        };
        Self { topic: letter.topic.clone(), payload: letter.payload.clone(), properties }
    }

    fn packet_bytes(&self) -> usize {
        let packet = Publish::new(self.topic.as_str(), QoS::AtLeastOnce, self.payload.clone(), Some(self.properties.clone()));
        // With the two bytes of its id.
        Publish { pkid: 1, ..packet }.size()
    }
}
