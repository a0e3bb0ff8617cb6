//! The database read.

use super::{DbError, MAGIC, OUT, RELEASING, piece, properties};
use crate::domain::{Absent, Holdings, Letter, Subscribed, limits};
use bytes::Bytes;
use std::collections::BTreeMap;

/// What is in a database, and what of it cannot be taken along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub holdings: Holdings,
    /// Whether mosquitto wrote it as it ended, and not at an interval.
    pub at_rest: bool,
    /// In words: `3 messages that …`.
    pub left: Vec<String>,
}

/// What is left of some bytes.
pub(super) struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(super) const fn new(rest: &'b [u8]) -> Self {
        Self { rest }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn id(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// MQTT's number of one to four bytes.
    pub(super) fn variable(&mut self) -> Option<usize> {
        let mut number = 0;
        for place in 0..4_u32 {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self, length: u16) -> Option<String> {
        Some(std::str::from_utf8(self.take(usize::from(length))?).ok()?.to_owned())
    }
}

/// What stands in the pieces, before it is put together: in which order they come is not promised.
#[derive(Default)]
struct Pieces {
    messages: BTreeMap<u64, Letter>,
    retained: Vec<u64>,
    clients: Vec<Absent>,
    subscriptions: Vec<(String, Subscribed)>,
    waiting: Vec<Waiting>,
    at_rest: bool,
}

struct Waiting {
    client: String,
    message: u64,
    qos: u8,
    state: u8,
    retained: bool,
    direction: u8,
}

/// Reads a database of mosquitto's. `now` in seconds since 1970: what expired before it is left.
///
/// # Errors
/// When it is none, of another format, or damaged, or what comes of it would take far more memory than it has bytes.
pub fn read(bytes: &[u8], now: i64) -> Result<Found, DbError> {
    within(bytes, now, usize::try_from(limits::FOREIGN_DATABASE_BYTES).unwrap_or(usize::MAX))
}

/// `most`: bytes that messages may take besides their payloads, which are kept once.
pub(in crate::mosquitto) fn within(bytes: &[u8], now: i64, most: usize) -> Result<Found, DbError> {
    let mut all = Cursor::new(bytes);
    if all.take(MAGIC.len()) != Some(MAGIC.as_slice()) {
        return Err(DbError::NotOne);
    }
    let version = all.be32().and_then(|_checksum| all.be32()).ok_or(DbError::Damaged(bytes.len()))?;
    if !(5..=6).contains(&version) {
        return Err(DbError::Format(version));
    }
    let mut pieces = Pieces::default();
    while !all.is_empty() {
        let at = bytes.len() - all.rest.len();
        next(&mut all, version, &mut pieces).ok_or(DbError::Damaged(at))?;
    }
    pieces.put_together(now, most)
}

fn next(all: &mut Cursor<'_>, version: u32, pieces: &mut Pieces) -> Option<()> {
    let (kind, length) = (all.be32()?, all.be32()?);
    let mut one = Cursor::new(all.take(usize::try_from(length).ok()?)?);
    match kind {
        piece::CONFIG => {
            one.id()?;
            pieces.at_rest = one.byte()? == 1;
        }
        piece::MESSAGE => {
            let (id, letter) = message(&mut one)?;
            pieces.messages.insert(id, letter);
        }
        piece::WAITING => pieces.waiting.push(waiting(&mut one)?),
        piece::RETAINED => pieces.retained.push(one.id()?),
        piece::SUBSCRIPTION => pieces.subscriptions.push(subscription(&mut one)?),
        piece::CLIENT => pieces.clients.push(client(&mut one, version)?),
        // Of a later mosquitto; its length says where the next one begins.
        _ => {}
    }
    Some(())
}

fn message(one: &mut Cursor<'_>) -> Option<(u64, Letter)> {
    let (id, expires_at, payload) = (one.id()?, one.time()?, one.be32()?);
    let (_packet_id, from, user, topic, _port) = (one.be16()?, one.be16()?, one.be16()?, one.be16()?, one.be16()?);
    let (qos, retained) = (one.byte()?.min(2), one.byte()? != 0);
    one.take(usize::from(from) + usize::from(user))?;
    let topic = one.text(topic)?;
    let payload = Bytes::copy_from_slice(one.take(usize::try_from(payload).ok()?)?);
    let mut letter = Letter { topic, payload, qos, retained, expires_at: Some(expires_at).filter(|at| *at > 0), ..Letter::default() };
    if !one.is_empty() {
        properties::read(one.rest, &mut letter)?;
    }
    Some((id, letter))
}

fn waiting(one: &mut Cursor<'_>) -> Option<Waiting> {
    let (message, _packet_id, id) = (one.id()?, one.be16()?, one.be16()?);
    let (qos, state, flags, direction) = (one.byte()?.min(2), one.byte()?, one.byte()?, one.byte()?);
    Some(Waiting { client: one.text(id)?, message, qos, state, retained: flags & 0xf0 != 0, direction })
}

fn subscription(one: &mut Cursor<'_>) -> Option<(String, Subscribed)> {
    let (identifier, id, filter) = (one.be32()?, one.be16()?, one.be16()?);
    let (qos, options) = (one.byte()?.min(2), one.byte()?);
    // As long as C makes it.
    one.take(2)?;
    let client = one.text(id)?;
    let subscribed = Subscribed {
        filter: one.text(filter)?,
        qos,
        no_local: options & 0x04 != 0,
        as_published: options & 0x08 != 0,
        identifier: Some(identifier).filter(|id| *id > 0),
    };
    Some((client, subscribed))
}

fn client(one: &mut Cursor<'_>, version: u32) -> Option<Absent> {
    let (_ends_at, expiry_seconds, _packet_id, id) = (one.time()?, one.be32()?, one.be16()?, one.be16()?);
    let mut user = 0;
    if version == 6 {
        one.be16()?;
        user = one.be16()?;
        one.take(4)?;
    }
    let client_id = one.text(id)?;
    let user = Some(one.text(user)?).filter(|user| !user.is_empty());
    Some(Absent { client_id, user, expiry_seconds, ..Absent::default() })
}

impl Pieces {
    fn put_together(self, now: i64, most: usize) -> Result<Found, DbError> {
        let mut taken = 0_usize;
        let (mut expired, mut half, mut own, mut nobodys) = (0, 0, 0, 0);
        let mut letter = |id: &u64| match self.messages.get(id) {
            Some(letter) if letter.expires_at.is_some_and(|at| at < now) => {
                expired += 1;
                None
            }
            letter => {
                taken = taken.saturating_add(letter.map_or(0, own_bytes));
                letter.filter(|_| taken <= most).cloned()
            }
        };
        let mut retained = BTreeMap::new();
        for one in self.retained.iter().filter_map(&mut letter) {
            if one.topic.starts_with('$') {
                own += 1;
            } else {
                retained.insert(one.topic.clone(), Letter { retained: true, ..one });
            }
        }
        let mut clients: BTreeMap<String, Absent> =
            self.clients.into_iter().filter(|one| !one.client_id.is_empty()).map(|one| (one.client_id.clone(), one)).collect();
        for (client, subscribed) in self.subscriptions {
            match clients.get_mut(&client) {
                Some(client) => client.subscriptions.push(subscribed),
                None => nobodys += 1,
            }
        }
        for one in self.waiting {
            if one.direction != OUT {
                half += 1;
            } else if !RELEASING.contains(&one.state) {
                match (clients.get_mut(&one.client), letter(&one.message)) {
                    (Some(client), Some(letter)) => client.waiting.push(Letter { qos: one.qos, retained: one.retained, ..letter }),
                    (None, Some(_)) => nobodys += 1,
                    (_, None) => {}
                }
            }
        }
        let told = [
            (expired, "messages that expired meanwhile"),
            (half, "messages at QoS 2 that mosquitto had received by half: their senders say them again"),
            (own, "retained messages on `$…`, which are about mosquitto itself"),
            (nobodys, "subscriptions or messages of clients that have no session"),
        ];
        if taken > most {
            return Err(DbError::TooMuch(most));
        }
        Ok(Found {
            holdings: Holdings { retained: retained.into_values().collect(), absent: clients.into_values().collect() },
            at_rest: self.at_rest,
            left: told.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{many} {what}")).collect(),
        })
    }
}

/// What one more of it takes in memory.
fn own_bytes(letter: &Letter) -> usize {
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let properties: usize = letter.user_properties.iter().map(|(key, value)| 2 * size_of::<String>() + key.len() + value.len()).sum();
    let correlation = letter.correlation.as_ref().map_or(0, Vec::len);
    size_of::<Letter>() + letter.topic.len() + of(&letter.content_type) + of(&letter.response_topic) + correlation + properties
}
