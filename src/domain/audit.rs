//! The audit trail's arithmetic: each row's hash holds the one before, and a key that only the host has seals rows and head. Whoever changes a
//! row without the key is found; whoever cuts the newest rows off is found by the head.

mod check;
#[cfg(test)]
mod tests;

pub use check::{Check, Finding, Wrong};

use super::{Timestamp, limits};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What the first row follows.
pub const NOTHING: [u8; 32] = [0; 32];
/// The action of rows that tell of the trail itself; their subjects are `begun`, `key` and `broken`.
pub const OWN_ACTION: &str = "audit";
/// The subject of a row before which Jamey found its head gone or not its own.
pub const BROKEN: &str = "broken";

/// What happened, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    /// Who did it: an entity, a user, an address, or `host`.
    pub actor: String,
    /// What was done: `start`, `guard`, `connect.refused` …
    pub action: String,
    /// What it was done to.
    pub subject: Option<String>,
    pub detail: String,
}

impl Event {
    /// Each text cut to its limit, so that nobody fills the trail with one row.
    #[must_use]
    pub fn new(at: Timestamp, actor: &str, action: &str, subject: Option<&str>, detail: &str) -> Self {
        let cut = |text: &str, bytes: usize| text.get(..text.floor_char_boundary(bytes)).unwrap_or_default().to_owned();
        Self {
            at,
            actor: cut(actor, limits::AUDIT_NAME_BYTES),
            action: cut(action, limits::AUDIT_NAME_BYTES),
            subject: subject.map(|s| cut(s, limits::TOPIC_BYTES)),
            detail: cut(detail, limits::AUDIT_DETAIL_BYTES),
        }
    }
}

/// One row of the chain, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub seq: i64,
    pub event: Event,
    /// The hash of the row before.
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    /// None: written by schema 1, whose hash covered neither number nor subject. The first sealed row covers all of them.
    pub seal: Option<Vec<u8>>,
}

/// The newest row, kept beside the chain under the key's own seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The first row sealed under this key.
    pub since: i64,
    pub seq: i64,
    pub hash: [u8; 32],
    pub at: Timestamp,
}

/// A head as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedHead {
    since: i64,
    seq: i64,
    hash: String,
    at_micros: i64,
    seal: String,
}

/// The host's secret: who has it can seal what never happened.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    pub const BYTES: usize = 32;

    #[must_use]
    pub fn new(bytes: &[u8; Self::BYTES]) -> Self {
        // HMAC fills a short key up to its block with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self(Hmac::new(&block.into()))
    }

    /// The seal of a row. Row and head are told apart, so that an old row's seal never passes for a head's.
    #[must_use]
    pub fn seal_row(&self, seq: i64, hash: &[u8]) -> [u8; 32] {
        self.over_row(seq, hash).finalize().into_bytes().into()
    }

    /// Whether a row bears this key's seal.
    #[must_use]
    pub fn sealed(&self, row: &Row) -> bool {
        row.seal.as_ref().is_some_and(|seal| self.over_row(row.seq, &row.hash).verify_slice(seal).is_ok())
    }

    fn over_row(&self, seq: i64, hash: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"jamey audit row");
        mac.update(&seq.to_be_bytes());
        mac.update(hash);
        mac
    }

    fn over_head(&self, head: &Head) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"jamey audit head");
        for number in [head.since, head.seq, head.at.micros()] {
            mac.update(&number.to_be_bytes());
        }
        mac.update(&head.hash);
        mac
    }
}

impl Head {
    #[must_use]
    pub fn sealed(&self, key: &Key) -> SealedHead {
        let seal: [u8; 32] = key.over_head(self).finalize().into_bytes().into();
        SealedHead { since: self.since, seq: self.seq, hash: hex(&self.hash), at_micros: self.at.micros(), seal: hex(&seal) }
    }
}

impl SealedHead {
    /// What it says, whoever wrote it. None when it says nothing.
    #[must_use]
    pub fn claimed(&self) -> Option<Head> {
        let hash = unhex(&self.hash)?.try_into().ok()?;
        Some(Head { since: self.since, seq: self.seq, hash, at: Timestamp::from_micros(self.at_micros) })
    }

    /// The head, if it bears this key's seal.
    #[must_use]
    pub fn open(&self, key: &Key) -> Option<Head> {
        let head = self.claimed()?;
        key.over_head(&head).verify_slice(&unhex(&self.seal)?).is_ok().then_some(head)
    }
}

/// SHA-256 over number, previous hash and every field, each with its length, so that no two rows read the same.
#[must_use]
pub fn chained(seq: i64, previous: &[u8], event: &Event) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"jamey audit 2");
    hasher.update(seq.to_be_bytes());
    hasher.update(event.at.micros().to_be_bytes());
    hasher.update([u8::from(event.subject.is_some())]);
    let subject = event.subject.as_deref().unwrap_or_default();
    fields(&mut hasher, &[previous, event.actor.as_bytes(), event.action.as_bytes(), subject.as_bytes(), event.detail.as_bytes()]);
    hasher.finalize().into()
}

/// The hash that fits what a row says, by the schema that wrote it.
#[must_use]
pub fn content_hash(row: &Row) -> [u8; 32] {
    match row.seal {
        Some(_) => chained(row.seq, &row.previous, &row.event),
        None => chained_by_schema_1(&row.previous, &row.event),
    }
}

/// The same as schema 1 wrote it.
fn chained_by_schema_1(previous: &[u8], event: &Event) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(event.at.micros().to_be_bytes());
    fields(&mut hasher, &[previous, event.actor.as_bytes(), event.action.as_bytes(), event.detail.as_bytes()]);
    hasher.finalize().into()
}

/// Adds each field with its length before it.
pub fn fields(hasher: &mut Sha256, fields: &[&[u8]]) {
    for field in fields {
        hasher.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(field);
    }
}

#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
