//! One connection to another broker: MQTT 5, or 3.1.1 where the other broker knows no other, seen alike. Nothing that comes is
//! acknowledged by itself. Each connection is a new client: what was not acknowledged stands in the outbox, and nowhere else.

mod v311;
mod v5;

use super::{outbox::Parcel, secrets::Dial};
use bytes::Bytes;
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle};

/// QoS 1 messages under way to the other broker; mosquitto takes 20 at a time by default.
pub const WINDOW: usize = 64;
/// Packet ids: more than the window, so that none is met again while its acknowledgement is under way.
const IN_FLIGHT: u16 = 256;
/// What the other broker may send before it is acknowledged.
const RECEIVE: u16 = 64;
/// What is heard and not yet taken; beyond it the connection reads no further.
const QUEUE: usize = 512;
/// An acknowledgement for every packet id, and what we publish beside: no acknowledgement may wait for the connection, which may wait for
/// us to hear it.
const REQUESTS: usize = 65_536 + 2 * WINDOW;
/// How long the other broker keeps what it has for us: a week, as this one does.
const SESSION: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The largest packet that comes in under MQTT 3.1.1, which cannot ask for less.
const LARGEST_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V5,
    V311,
}

impl Version {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V5 => "5",
            Self::V311 => "3.1.1",
        }
    }
}

/// A subscription at the other broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub filter: String,
    pub qos: u8,
}

/// A message that the other broker sent.
#[derive(Debug)]
pub struct Brought {
    pub topic: String,
    pub payload: Bytes,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    pub packet_id: Option<u16>,
    pub content_type: Option<String>,
    pub response_topic: Option<String>,
    pub correlation: Option<Bytes>,
    token: Token,
}

/// What acknowledges a message.
#[derive(Debug)]
enum Token {
    V5(rumqttc::v5::mqttbytes::v5::Publish),
    V311(rumqttc::Publish),
}

/// What is heard on a connection.
#[derive(Debug)]
pub enum Heard {
    /// `known`: the other broker kept our session.
    Connected {
        known: bool,
    },
    Brought(Box<Brought>),
    /// A publish went out under this packet id; 0 at QoS 0. In the order asked.
    Sent(u16),
    Acked {
        packet_id: u16,
        refused: bool,
    },
    /// So many subscriptions were refused.
    Subscribed {
        refused: usize,
    },
    /// It is over. `version`: the other broker does not speak this one.
    Lost {
        why: String,
        version: bool,
    },
}

pub struct Wire {
    client: Client,
    pub hears: mpsc::Receiver<Heard>,
    pump: JoinHandle<()>,
}

enum Client {
    V5(rumqttc::v5::AsyncClient),
    V311(rumqttc::AsyncClient),
}

/// The request queue is full: try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Wire {
    /// Begins to connect; `Heard::Connected` or `Heard::Lost` tells how it went.
    pub fn dial(dial: &Dial, version: Version) -> Self {
        let (tell, hears) = mpsc::channel(QUEUE);
        let (client, pump) = match version {
            Version::V5 => {
                let (client, events) = rumqttc::v5::AsyncClient::new(v5::options(dial), REQUESTS);
                (Client::V5(client), tokio::spawn(v5::pump(events, tell)))
            }
            Version::V311 => {
                let (client, events) = rumqttc::AsyncClient::new(v311::options(dial), REQUESTS);
                (Client::V311(client), tokio::spawn(v311::pump(events, tell)))
            }
        };
        Self { client, hears, pump }
    }

    /// # Errors
    /// When the queue is full.
    pub fn subscribe(&self, wanted: &[Wanted]) -> Result<(), Full> {
        match &self.client {
            Client::V5(client) => client.try_subscribe_many(wanted.iter().map(v5::filter)).map_err(|_| Full),
            Client::V311(client) => client.try_subscribe_many(wanted.iter().map(v311::filter)).map_err(|_| Full),
        }
    }

    /// # Errors
    /// When the queue is full.
    pub fn unsubscribe(&self, filter: &str) -> Result<(), Full> {
        match &self.client {
            Client::V5(client) => client.try_unsubscribe(filter).map_err(|_| Full),
            Client::V311(client) => client.try_unsubscribe(filter).map_err(|_| Full),
        }
    }

    /// # Errors
    /// When the queue is full.
    pub fn publish(&self, parcel: &Parcel) -> Result<(), Full> {
        match &self.client {
            Client::V5(client) => {
                let qos = v5::qos(parcel.qos);
                client.try_publish(parcel.topic.clone(), qos, parcel.retain, parcel.payload.clone()).map_err(|_| Full)
            }
            Client::V311(client) => {
                let qos = v311::qos(parcel.qos);
                client.try_publish(parcel.topic.clone(), qos, parcel.retain, parcel.payload.to_vec()).map_err(|_| Full)
            }
        }
    }

    /// Tells the other broker that the message is ours now.
    pub async fn acknowledge(&self, brought: &Brought) {
        let _ = match (&self.client, &brought.token) {
            (Client::V5(client), Token::V5(publish)) => client.ack(publish).await.is_ok(),
            (Client::V311(client), Token::V311(publish)) => client.ack(publish).await.is_ok(),
            _ => false,
        };
    }

    /// Says goodbye, so that the last will stays unsaid.
    pub async fn disconnect(&mut self) {
        let said = match &self.client {
            Client::V5(client) => client.disconnect().await.is_ok(),
            Client::V311(client) => client.disconnect().await.is_ok(),
        };
        let gone = async { while !matches!(self.hears.recv().await, None | Some(Heard::Lost { .. })) {} };
        if said {
            let _ = tokio::time::timeout(Duration::from_secs(1), gone).await;
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
