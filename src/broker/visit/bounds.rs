//! What one connection asks beyond the limits: each refusal has a reason code and a counter.

use super::{Visit, publish::Message};
use crate::{
    broker::limits::{NoRoom, reason},
    domain::limits,
};
use bytes::Bytes;
use mqtt5::{
    broker::{AuthResult, ClientSubscribeEvent, PublishAction, SubAckReasonCode},
    packet::connect::ConnectPacket,
    protocol::v5::reason_codes::ReasonCode,
};
use std::time::Duration;
use tokio::time::Instant;

impl Visit {
    /// The refusal of a will that no PUBLISH would be let to do.
    pub(super) fn will_beyond(&self, connect: &ConnectPacket) -> Option<AuthResult> {
        let will = connect.will.as_ref().filter(|_| !self.entrance.private)?;
        if !self.hall.limits.fits(&will.topic) {
            self.over("topic", "a will's topic is longer or deeper than limits.topic_bytes and limits.topic_levels allow");
            return Some(AuthResult::fail_with_reason(ReasonCode::TopicNameInvalid, "the will's topic is too long or too deep"));
        }
        let room =
            if will.retain && !will.payload.is_empty() { self.hall.limits.retained.check(&will.topic, will.payload.len()) } else { Ok(()) };
        room.err().map(|full| {
            self.over("retained", full.why());
            AuthResult::fail_with_reason(ReasonCode::QuotaExceeded, "the will cannot be retained")
        })
    }

    /// Refuses a PUBLISH beyond the limits of topics and retained values. MQTT 3.1.1 has no words for it: there it goes nowhere.
    pub(super) fn beyond(&self, message: &Message<'_>) -> Option<PublishAction> {
        let limits = &self.hall.limits;
        let code = if !limits.fits(message.topic) {
            self.over("topic", "a topic is longer or deeper than limits.topic_bytes and limits.topic_levels allow");
            reason::TOPIC_NAME_INVALID
        } else if message.retain && !message.payload.is_empty() {
            let full: NoRoom = limits.retained.check(message.topic, message.payload.len()).err()?;
            self.over("retained", full.why());
            reason::QUOTA_EXCEEDED
        } else {
            return None;
        };
        self.control.refuse(self.arrival.version, message.qos, message.packet_id, code);
        Some(PublishAction::Handled)
    }

    /// Waits until there is room for a payload among those that have not reached all who listen; false when there is none for too long.
    pub(super) async fn floats(&self, payload: &Bytes, qos: u8) -> bool {
        let until = Instant::now() + Duration::from_secs(limits::STORE_WAIT_SECONDS);
        while !self.hall.limits.afloat.takes(payload, qos) {
            if Instant::now() >= until {
                self.over("afloat", "subscribers do not take what is said: limits.afloat_bytes is reached");
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// A filter is no longer and no deeper than a topic may be.
    pub(super) fn filter_fits(&self, filter: &str) -> bool {
        let fits = self.entrance.private || self.hall.limits.fits(filter);
        if !fits {
            self.over("topic", "a filter is longer or deeper than limits.topic_bytes and limits.topic_levels allow");
        }
        fits
    }

    /// The engine counts subscriptions; what it refused is counted here.
    pub(super) fn note_refused(&self, event: &ClientSubscribeEvent) {
        for _ in event.subscriptions.iter().filter(|s| s.result == SubAckReasonCode::QuotaExceeded) {
            self.over("subscriptions", "limits.subscriptions is reached");
        }
    }

    pub(super) fn over(&self, kind: &'static str, why: &str) {
        self.hall.counters.refuse(kind, &format!("`{}` from {}: {why}", self.arrival.client_id, self.entrance.peer));
    }
}
