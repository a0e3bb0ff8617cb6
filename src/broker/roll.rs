//! Who is here, whose session is kept, and what is retained, as the engine has it now. It is read and never changed.

use super::{Engine, door};
use crate::domain::Timestamp;
use mqtt5::{MqttError, broker::storage::StorageBackend};

/// A client that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// As the engine files it; the order of the list.
    pub filed: String,
    pub client_id: String,
    pub user: Option<String>,
    pub entity: String,
    /// Without the port.
    pub address: String,
    pub listener: String,
    /// 3.1.1 or 5.
    pub protocol: &'static str,
    pub since: Timestamp,
    /// As the client wants it; 0: none.
    pub keep_alive_seconds: u16,
    pub subscriptions: usize,
    /// What it has published.
    pub messages: u64,
}

/// A session that outlives its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    pub filed: String,
    pub client_id: String,
    pub connected: bool,
    /// Since when its client is gone.
    pub absent_since: Option<Timestamp>,
    /// How long it is kept when its client is gone.
    pub expiry_seconds: Option<u32>,
    pub subscriptions: usize,
    /// Messages that wait for its client.
    pub queued: usize,
}

/// A retained value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetainedValue {
    pub topic: String,
    pub qos: u8,
    pub payload: bytes::Bytes,
}

impl Engine {
    /// So many who are connected, in the order of their filed names, after one of them. Jamey's own client is none.
    pub async fn guests(&self, after: Option<&str>, most: usize) -> Vec<Guest> {
        let mut guests: Vec<Guest> = {
            let seats = self.seats();
            let later = seats.iter().filter(|(filed, _)| after.is_none_or(|after| filed.as_str() > after));
            later.filter_map(|(filed, seat)| Some(Guest { since: seat.since, ..seat.visit.as_ref()?.guest(filed)? })).take(most).collect()
        };
        for guest in &mut guests {
            guest.subscriptions = self.router.subscription_count_for_client(&guest.filed).await;
        }
        guests
    }

    /// So many kept sessions, likewise.
    ///
    /// # Errors
    /// When their files cannot be read.
    pub async fn sessions(&self, after: Option<&str>, most: usize) -> Result<Vec<KeptSession>, MqttError> {
        let mut ids = self.storage.session_client_ids().await?;
        ids.retain(|id| *id != self.hall.own_id && after.is_none_or(|after| id.as_str() > after));
        ids.sort_unstable();
        let mut sessions = Vec::new();
        for filed in ids {
            if sessions.len() >= most {
                break;
            }
            let Some(session) = self.storage.get_session(&filed).await?.filter(|session| session.persistent) else { continue };
            let connected = self.router.is_connected(&filed).await;
            let gone = |millis: u64| Timestamp::from_micros(i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX));
            sessions.push(KeptSession {
                client_id: door::unfiled(&filed),
                connected,
                absent_since: session.disconnected_at.filter(|_| !connected).map(gone),
                expiry_seconds: session.expiry_interval,
                subscriptions: session.subscriptions.len(),
                queued: self.storage.queue_handle(&filed).count(),
                filed,
            });
        }
        Ok(sessions)
    }

    /// How many sessions are kept.
    pub async fn session_count(&self) -> Option<usize> {
        let ids = self.storage.session_client_ids().await.ok()?;
        Some(ids.iter().filter(|id| **id != self.hall.own_id).count())
    }

    /// So many retained values that match a filter and may be heard, in the order of their topics, after one of them.
    pub async fn retained_values(
        &self,
        filter: &str,
        after: Option<&str>,
        most: usize,
        hears: impl Fn(&str) -> bool,
    ) -> Vec<RetainedValue> {
        let mut all = self.router.get_retained_messages(filter).await;
        all.retain(|packet| after.is_none_or(|after| packet.topic_name.as_str() > after) && hears(&packet.topic_name));
        all.sort_unstable_by(|a, b| a.topic_name.cmp(&b.topic_name));
        all.truncate(most);
        all.into_iter().map(|packet| RetainedValue { topic: packet.topic_name, qos: packet.qos as u8, payload: packet.payload }).collect()
    }
}
