//! Jamey's own client: an ordinary MQTT client on a listener of its own, through which Jamey publishes what it has to say.

use super::identity::OWN_USER;
use crate::runtime::Vital;
use rumqttc::{
    NetworkOptions,
    v5::{
        AsyncClient, Event, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{LastWill, Packet, PublishProperties},
        },
    },
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tracing::{debug, warn};

/// One thing to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub correlation: Option<Vec<u8>>,
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct OwnClient {
    client: AsyncClient,
    connected: watch::Receiver<bool>,
    /// Announcements at QoS 1 or 2 that the broker has not acknowledged yet.
    open: Arc<AtomicI64>,
    heard: Arc<Mutex<Instant>>,
    /// It disconnected, and does not come back.
    over: Arc<AtomicBool>,
}

/// It asks the broker whether it is there so often: whoever watches over the house wants to know.
const ASKS_EVERY: Duration = Duration::from_secs(5);
/// Announcements waiting to be sent; when full, verdict announcements wait and states coalesce.
const WAITING: usize = 256;
/// Announcements that the broker has not acknowledged. The client's own default makes room for 65,535, which is 14 MiB.
const IN_FLIGHT: u16 = 256;

impl OwnClient {
    /// Connects to the private listener. `status` is the topic of the last will, `offline` when this client is lost. Without it nothing is said by
    /// anybody: it is vital.
    #[must_use]
    pub fn connect(at: SocketAddr, id: &str, secret: &str, status: &str, vital: Vital) -> Self {
        let mut options = MqttOptions::new(id, at.ip().to_string(), at.port());
        options.set_credentials(OWN_USER, secret);
        options.set_keep_alive(ASKS_EVERY);
        options.set_clean_start(true);
        options.set_last_will(LastWill::new(status, "offline", QoS::AtLeastOnce, true, None));
        options.set_max_packet_size(None);
        options.set_outgoing_inflight_upper_limit(IN_FLIGHT);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (client, mut events) = AsyncClient::new(options, WAITING);
        let (tell, connected) = watch::channel(false);
        let open = Arc::new(AtomicI64::new(0));
        let acked = Arc::clone(&open);
        let heard = Arc::new(Mutex::new(Instant::now()));
        let hears = Arc::clone(&heard);
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let (speaks, status) = (client.clone(), status.to_owned());
        tokio::spawn(async move {
            let _vital = vital;
            loop {
                let event = events.poll().await;
                if matches!(event, Ok(Event::Incoming(_))) {
                    *hears.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
                match event {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        tell.send_replace(true);
                        // The last will may have been said meanwhile.
                        let _ = speaks.try_publish(&status, QoS::AtLeastOnce, true, "online");
                        acked.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_))) => {
                        acked.fetch_sub(1, Ordering::Relaxed);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        if tell.is_closed() || ends.load(Ordering::Relaxed) {
                            return;
                        }
                        if tell.send_replace(false) {
                            warn!("Jamey's own client lost its connection: {error}");
                        } else {
                            debug!("Jamey's own client: {error}");
                        }
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Self { client, connected, open, heard, over }
    }

    /// Waits until the client is connected.
    pub async fn ready(&mut self) {
        let _ = self.connected.wait_for(|up| *up).await;
    }

    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// How long the broker has said nothing; it is asked every five seconds.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Queues an announcement; waits for a place.
    pub async fn publish(&self, say: Announcement) {
        let qos = match say.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        if say.qos > 0 {
            self.open.fetch_add(1, Ordering::Relaxed);
        }
        let sent = match say.correlation {
            Some(correlation) => {
                let properties = PublishProperties { correlation_data: Some(correlation.into()), ..PublishProperties::default() };
                self.client.publish_with_properties(say.topic, qos, say.retain, say.payload, properties).await
            }
            None => self.client.publish(say.topic, qos, say.retain, say.payload).await,
        };
        if let Err(error) = sent {
            debug!("an announcement was lost: {error}");
        }
    }

    /// Waits until all that was published is acknowledged, or two seconds.
    pub async fn settled(&self) {
        let settled = async {
            while self.open.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), settled).await;
    }

    pub async fn disconnect(&self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.client.disconnect().await;
    }
}
