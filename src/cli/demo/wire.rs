//! The demo's MQTT clients and all that they hear. Knows the protocol, and nothing of the house or of Jamey.

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use rumqttc::{
    NetworkOptions,
    v5::{
        AsyncClient, ConnectionError, Event, EventLoop, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{Packet, PubAckReason, SubscribeReasonCode},
        },
    },
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

/// How long an answer of the broker itself may take: Jamey keeps a sender waiting 5 s at most.
const PATIENCE: Duration = Duration::from_secs(8);
/// A house full of retained entities is more than a demo wants to keep.
const HEARD: usize = 20_000;

/// One message that one client received.
#[derive(Debug, Clone)]
pub struct Heard {
    pub by: &'static str,
    pub topic: String,
    pub payload: Bytes,
    /// Kept by the broker from before, not said just now.
    pub retained: bool,
}

/// What the client's connection has come to.
#[derive(Debug, Clone, Default)]
struct Link {
    up: bool,
    published: u64,
    subscribed: u64,
    refused: Option<String>,
    lost: Option<String>,
}

struct Client {
    id: &'static str,
    sender: AsyncClient,
    link: watch::Receiver<Link>,
    sent: u64,
    asked: u64,
    task: JoinHandle<()>,
}

/// Every client of the demo, and one list of what they heard, in order.
pub struct Wire {
    at: SocketAddr,
    clients: BTreeMap<&'static str, Client>,
    heard: Arc<Mutex<Vec<Heard>>>,
    count: watch::Sender<usize>,
}

impl Wire {
    #[must_use]
    pub fn new(at: SocketAddr) -> Self {
        Self { at, clients: BTreeMap::new(), heard: Arc::default(), count: watch::Sender::new(0) }
    }

    /// Connects a client and subscribes it.
    ///
    /// # Errors
    /// When the broker does not let it in, or refuses a filter.
    pub async fn join(&mut self, id: &'static str, filters: &[&str]) -> Result<()> {
        let mut options = MqttOptions::new(id, self.at.ip().to_string(), self.at.port());
        options.set_keep_alive(Duration::from_secs(30));
        options.set_clean_start(true);
        options.set_max_packet_size(None);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (sender, events) = AsyncClient::new(options, 64);
        let (tell, link) = watch::channel(Link::default());
        let ear = Ear { by: id, heard: Arc::clone(&self.heard), count: self.count.clone(), tell };
        let task = tokio::spawn(ear.listen(events));
        let mut client = Client { id, sender, link, sent: 0, asked: 0, task };
        client.reach(|l| l.up).await.with_context(|| format!("`{id}` was not let in"))?;
        for filter in filters {
            client.sender.subscribe(*filter, QoS::AtLeastOnce).await.map_err(|_| client.gone())?;
            client.asked += 1;
        }
        let asked = client.asked;
        let refused = client.reach(|l| l.subscribed >= asked).await?;
        if let Some(why) = refused {
            bail!("`{id}` may not subscribe: {why}");
        }
        self.clients.insert(id, client);
        Ok(())
    }

    /// Publishes at QoS 1 and waits until the broker has acknowledged. Yields the broker's reason where it refused.
    ///
    /// # Errors
    /// When the connection is lost, or no acknowledgement comes.
    pub async fn publish(&mut self, by: &str, topic: &str, payload: &[u8], retain: bool) -> Result<Option<String>> {
        self.send(by, topic, payload, retain).await?;
        self.settle(by).await
    }

    /// Hands a message to the client without waiting for the acknowledgement.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn send(&mut self, by: &str, topic: &str, payload: &[u8], retain: bool) -> Result<()> {
        let client = self.client(by)?;
        client.sender.publish(topic, QoS::AtLeastOnce, retain, payload.to_vec()).await.map_err(|_| client.gone())?;
        client.sent += 1;
        Ok(())
    }

    /// Waits until all that a client sent is acknowledged.
    ///
    /// # Errors
    /// When the connection is lost, or no acknowledgement comes.
    pub async fn settle(&mut self, by: &str) -> Result<Option<String>> {
        let client = self.client(by)?;
        let sent = client.sent;
        client.reach(|l| l.published >= sent).await
    }

    /// Where the list of what was heard ends now: what is said from here on is new.
    #[must_use]
    pub fn mark(&self) -> usize {
        *self.count.borrow()
    }

    /// All that was heard since a mark.
    #[must_use]
    pub fn since(&self, mark: usize) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(mark..).unwrap_or_default().to_vec()
    }

    /// The first message since a mark from which something can be read; None when none came in time.
    pub async fn wait<T>(&self, mark: usize, patience: Duration, read: impl Fn(&Heard) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut count = self.count.subscribe();
        let mut from = mark;
        loop {
            count.mark_unchanged();
            let fresh = self.since(from);
            if let Some(found) = fresh.iter().find_map(&read) {
                return Some(found);
            }
            from += fresh.len();
            if !matches!(timeout_at(deadline, count.changed()).await, Ok(Ok(()))) {
                return None;
            }
        }
    }

    /// Says goodbye on every connection.
    pub async fn leave(&mut self) {
        for (_, client) in std::mem::take(&mut self.clients) {
            let _ = client.sender.disconnect().await;
            let abort = client.task.abort_handle();
            if timeout(Duration::from_millis(500), client.task).await.is_err() {
                abort.abort();
            }
        }
    }

    fn client(&mut self, id: &str) -> Result<&mut Client> {
        self.clients.get_mut(id).ok_or_else(|| anyhow!("`{id}` takes no part in this scene"))
    }
}

impl Client {
    async fn reach(&mut self, there: impl Fn(&Link) -> bool) -> Result<Option<String>> {
        let arrived = timeout(PATIENCE, self.link.wait_for(|l| there(l) || l.lost.is_some())).await.map(|l| l.map(|l| l.clone()));
        match arrived {
            Ok(Ok(link)) if there(&link) => Ok(link.refused),
            Ok(_) => Err(self.gone()),
            Err(_) => Err(anyhow!("the broker did not answer `{}` within {} s", self.id, PATIENCE.as_secs())),
        }
    }

    fn gone(&self) -> anyhow::Error {
        anyhow!("`{}` lost its connection: {}", self.id, self.link.borrow().lost.as_deref().unwrap_or("closed"))
    }
}

/// The receiving side of one client.
struct Ear {
    by: &'static str,
    heard: Arc<Mutex<Vec<Heard>>>,
    count: watch::Sender<usize>,
    tell: watch::Sender<Link>,
}

impl Ear {
    /// Listens until the connection ends: a demo that reconnects in silence would tell a story that did not happen.
    async fn listen(self, mut events: EventLoop) {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::Publish(publish))) => self.hear(Heard {
                    by: self.by,
                    topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                    payload: publish.payload,
                    retained: publish.retain,
                }),
                Ok(Event::Incoming(Packet::PubAck(ack))) => self.tell.send_modify(|l| {
                    l.published += 1;
                    let fine = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
                    l.refused = (!fine).then(|| format!("{:?}", ack.reason));
                }),
                Ok(Event::Incoming(Packet::SubAck(ack))) => self.tell.send_modify(|l| {
                    l.subscribed += 1;
                    l.refused = ack.return_codes.iter().find(|c| !matches!(c, SubscribeReasonCode::Success(_))).map(|c| format!("{c:?}"));
                }),
                Ok(Event::Incoming(Packet::ConnAck(_))) => self.tell.send_modify(|l| l.up = true),
                Ok(_) => {}
                Err(error) => {
                    self.tell.send_modify(|l| l.lost = Some(plain(&error)));
                    return;
                }
            }
        }
    }

    fn hear(&self, heard: Heard) {
        let mut all = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < HEARD {
            all.push(heard);
        }
        let count = all.len();
        drop(all);
        self.count.send_replace(count);
    }
}

fn plain(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(code) => format!("refused, {code:?}"),
        ConnectionError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
