//! Messages that wait for a person's word: what is kept of them, what is answered, and how the waiting ends.

use super::{
    EntityId, Judged, Percept, Purpose, Timestamp,
    audit::{fields, hex},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where a message goes on, once it may, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WayOn {
    pub topic: String,
    #[serde(with = "super::percept::bytes_as_blob")]
    pub payload: Vec<u8>,
    /// MQTT 5's, as they came; empty where there are none.
    #[serde(with = "super::percept::bytes_as_blob")]
    pub properties: Vec<u8>,
    /// Where its sender wants the answer, with the correlation data.
    pub respond_to: Option<(String, Vec<u8>)>,
}

/// A message that waits, as the mind knows it. It is judged again before it is let on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub percept: Box<Percept>,
    pub expires_at: Timestamp,
}

/// A message that waits, whole: what the store keeps and what people are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub percept: Box<Percept>,
    pub way_on: WayOn,
    pub expires_at: Timestamp,
    /// Which of its requests want a person's word.
    pub asked: Vec<u16>,
    pub reason: String,
    /// Who answers must have read it.
    pub nonce: String,
}

impl Kept {
    /// SHA-256, in hex, over all that would go on and on whose behalf: an answer names it, so that it answers this and nothing else. The nonce
    /// is in it, since the audit trail has it too: who reads that and not the payload would try the codes that it may hold.
    #[must_use]
    pub fn digest(&self) -> String {
        let (p, way) = (&self.percept, &self.way_on);
        let requests = match &p.purpose {
            Purpose::Requests { requests, .. } => serde_json::to_vec(requests).unwrap_or_default(),
            Purpose::Observation | Purpose::Discovery => Vec::new(),
        };
        let mut hasher = Sha256::new();
        fields(
            &mut hasher,
            &[
                p.id.as_bytes(),
                p.source.requester.as_str().as_bytes(),
                p.source.client_id.as_bytes(),
                p.topic.as_bytes(),
                &p.payload,
                &[p.qos, u8::from(p.retained)],
                way.topic.as_bytes(),
                &way.payload,
                &way.properties,
                &requests,
                &self.expires_at.micros().to_be_bytes(),
                self.nonce.as_bytes(),
            ],
        );
        hex(&hasher.finalize())
    }
}

/// A person's word on one that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub at: Timestamp,
    pub by: EntityId,
    pub id: Uuid,
    pub approves: bool,
    pub nonce: String,
    /// As [`Kept::digest`] gives it.
    pub sha256: String,
    /// The answerer's own word, repeated in the reply.
    pub transaction: Option<String>,
    /// Why what waits may go on no longer, whatever the answer; the door knows it.
    pub void: Option<String>,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    #[error("nothing waits under this id: it was answered, has expired, or never waited")]
    NotWaiting,
    #[error("its time is over")]
    Expired,
    #[error("who asked may not answer")]
    Own,
    #[error("the nonce is another one: read it on the approval's topic")]
    Nonce,
    #[error("the hash is another request's: read it on the approval's topic")]
    Altered,
}

/// How waiting ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Approved,
    Refused,
    Expired,
    /// A newer command to the same device came.
    Superseded,
}

impl Ending {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }
}

/// One that waits no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    pub id: Uuid,
    pub at: Timestamp,
    pub ending: Ending,
    /// Whose word it was; None: nobody's.
    pub by: Option<EntityId>,
    /// It was judged again on how things stand now, one for each request; empty where it goes nowhere.
    pub judged: Vec<Judged>,
    pub lets_on: bool,
    pub reason: String,
}
