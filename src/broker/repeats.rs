//! Repetition: a QoS 1 or 2 sender repeats what was not acknowledged, after a reconnect or with DUP set; that is no news.

use crate::domain::{Timestamp, limits};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// What one client last said, over its connections: enough to know each of it again.
#[derive(Debug, Default)]
pub struct Said {
    utterances: VecDeque<Utterance>,
    /// The number of the client's present connection.
    connection: u64,
}

#[derive(Debug, Clone, Copy)]
struct Utterance {
    packet_id: u16,
    digest: u64,
    percept: Uuid,
    at: Timestamp,
    connection: u64,
}

/// In flight at one time is at most what the client's window holds; 65,535 in theory, tens in life.
const UTTERANCES: usize = 1_024;
/// Clients that are gone and may come back within a minute to repeat themselves.
const DEPARTED: usize = 1_024;

impl Said {
    /// The percept that this message repeats, if it does: same packet id, topic and body within a minute,
    /// said on an earlier connection, or flagged DUP on this one.
    #[must_use]
    pub fn repeats(&self, connection: u64, packet_id: u16, digest: u64, dup: bool, at: Timestamp) -> Option<Uuid> {
        // On a first connection only the flag can tell a repetition: no look through all that was said.
        if !dup && self.utterances.front().is_none_or(|oldest| oldest.connection == connection) {
            return None;
        }
        self.utterances
            .iter()
            .rev()
            .find(|u| u.packet_id == packet_id && u.digest == digest && (dup || u.connection != connection))
            .filter(|u| at.micros().saturating_sub(u.at.micros()) <= limits::REPEAT_SECONDS * 1_000_000)
            .map(|u| u.percept)
    }

    pub fn remember(&mut self, connection: u64, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        if self.utterances.len() == UTTERANCES {
            self.utterances.pop_front();
        }
        self.utterances.push_back(Utterance { packet_id, digest, percept, at, connection });
    }
}

/// What all clients said, those here and those who left.
#[derive(Debug, Default)]
pub struct Voices(Mutex<BTreeMap<String, Arc<Mutex<Said>>>>);

impl Voices {
    /// What this client said before, and the number of its new connection. An old connection may still be ending: both share it.
    pub fn welcome(&self, client_id: &str) -> (Arc<Mutex<Said>>, u64) {
        let mut voices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !voices.contains_key(client_id) {
            make_room(&mut voices);
        }
        let said = Arc::clone(voices.entry(client_id.to_owned()).or_default());
        let mut open = said.lock().unwrap_or_else(PoisonError::into_inner);
        open.connection += 1;
        let connection = open.connection;
        drop(open);
        (said, connection)
    }

    /// After a crash: what the store still knows of the last minute, in order.
    pub fn recall(&self, client_id: &str, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        let mut voices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = Arc::clone(voices.entry(client_id.to_owned()).or_default());
        said.lock().unwrap_or_else(PoisonError::into_inner).remember(0, packet_id, digest, percept, at);
    }
}

/// Lets go of the one who was silent longest among those who left: it has the least to repeat.
fn make_room(voices: &mut BTreeMap<String, Arc<Mutex<Said>>>) {
    let last = |said: &Arc<Mutex<Said>>| said.lock().unwrap_or_else(PoisonError::into_inner).utterances.back().map(|u| u.at);
    let gone: Vec<(Option<Timestamp>, String)> =
        voices.iter().filter(|(_, said)| Arc::strong_count(said) == 1).map(|(id, said)| (last(said), id.clone())).collect();
    if gone.len() >= DEPARTED
        && let Some((_, oldest)) = gone.into_iter().min()
    {
        voices.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::percept::digest;

    #[test]
    fn a_repetition_is_known_after_a_reconnect_or_by_its_flag_and_only_for_a_minute() {
        let (voices, at) = (Voices::default(), Timestamp::from_micros(1_000_000));
        let (said, first) = voices.welcome("a");
        let (d, id) = (digest("t", b"x"), Uuid::from_u128(7));
        said.lock().unwrap().remember(first, 1, d, id, at);
        let asks = |connection, packet_id, digest, dup, at| said.lock().unwrap().repeats(connection, packet_id, digest, dup, at);
        assert_eq!(asks(first, 1, d, false, at), None, "a packet id used again on the same connection was acknowledged");
        assert_eq!(asks(first, 1, d, true, at), Some(id));
        let (_, second) = voices.welcome("a");
        assert_eq!(asks(second, 1, d, false, at.plus_seconds(60)), Some(id));
        assert_eq!(asks(second, 1, d, false, at.plus_seconds(61)), None);
        assert_eq!(asks(second, 2, d, true, at), None);
        assert_eq!(asks(second, 1, digest("t", b"y"), true, at), None);
    }

    #[test]
    fn what_the_store_recalls_was_said_before() {
        let (voices, at) = (Voices::default(), Timestamp::from_micros(1));
        voices.recall("a", 1, 5, Uuid::nil(), at);
        let (said, connection) = voices.welcome("a");
        assert_eq!(said.lock().unwrap().repeats(connection, 1, 5, false, at), Some(Uuid::nil()));
    }

    #[test]
    fn the_memory_of_those_who_left_is_bounded_and_those_present_stay() {
        let voices = Voices::default();
        let (here, _) = voices.welcome("here");
        for n in 0..=DEPARTED {
            let (said, connection) = voices.welcome(&format!("c{n}"));
            for k in 0..=UTTERANCES {
                let at = Timestamp::from_micros(i64::try_from(n).unwrap());
                said.lock().unwrap().remember(connection, 1, u64::try_from(k).unwrap(), Uuid::nil(), at);
            }
            assert_eq!(said.lock().unwrap().utterances.len(), UTTERANCES);
        }
        let voices = voices.0.lock().unwrap();
        assert_eq!(voices.len(), DEPARTED + 1);
        assert!(voices.contains_key("here") && !voices.contains_key("c0"));
        drop(here);
    }
}
