//! Repetition: a QoS 1 or 2 sender repeats what was not acknowledged, after a reconnect or with DUP set; that is no news.

use crate::domain::{Timestamp, limits};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// What one connection last said: enough to know each of it again.
#[derive(Debug, Clone, Default)]
pub struct Said(VecDeque<Utterance>);

#[derive(Debug, Clone, Copy)]
struct Utterance {
    packet_id: u16,
    digest: u64,
    percept: Uuid,
    at: Timestamp,
    /// Said on an earlier connection of the same client.
    before: bool,
}

/// In flight at one time is at most what the client's window holds; 65,535 in theory, tens in life.
const UTTERANCES: usize = 1_024;
/// Clients that left within the last minute and may come back to repeat themselves.
const DEPARTED: usize = 1_024;

impl Said {
    /// The percept that this message repeats, if it does: same packet id, topic and body within a minute,
    /// said on an earlier connection, or flagged DUP on this one.
    #[must_use]
    pub fn repeats(&self, packet_id: u16, digest: u64, dup: bool, at: Timestamp) -> Option<Uuid> {
        // On a first connection only the flag can tell a repetition: no look through all that was said.
        if !dup && self.0.front().is_none_or(|oldest| !oldest.before) {
            return None;
        }
        self.0
            .iter()
            .rev()
            .find(|u| u.packet_id == packet_id && u.digest == digest && (dup || u.before))
            .filter(|u| at.micros().saturating_sub(u.at.micros()) <= limits::REPEAT_SECONDS * 1_000_000)
            .map(|u| u.percept)
    }

    pub fn remember(&mut self, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        if self.0.len() == UTTERANCES {
            self.0.pop_front();
        }
        self.0.push_back(Utterance { packet_id, digest, percept, at, before: false });
    }
}

/// Those who left.
#[derive(Debug, Default)]
pub struct Departed(Mutex<BTreeMap<String, Said>>);

impl Departed {
    /// What this client said before, marked as such.
    pub fn welcome(&self, client_id: &str) -> Said {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(client_id).unwrap_or_default();
        for utterance in &mut said.0 {
            utterance.before = true;
        }
        said
    }

    pub fn leave(&self, client_id: &str, said: Said) {
        if said.0.is_empty() {
            return;
        }
        let mut departed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if departed.len() >= DEPARTED && !departed.contains_key(client_id) {
            // The one who was silent longest has the least to repeat.
            let oldest = departed.iter().min_by_key(|(_, s)| s.0.back().map(|u| u.at)).map(|(id, _)| id.clone());
            if let Some(oldest) = oldest {
                departed.remove(&oldest);
            }
        }
        departed.insert(client_id.to_owned(), said);
    }

    /// After a crash: what the store still knows of the last minute, in order.
    pub fn recall(&self, client_id: &str, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(client_id.to_owned())
            .or_default()
            .remember(packet_id, digest, percept, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::percept::digest;

    #[test]
    fn a_repetition_is_known_after_a_reconnect_or_by_its_flag_and_only_for_a_minute() {
        let (departed, at) = (Departed::default(), Timestamp::from_micros(1_000_000));
        let mut said = departed.welcome("a");
        let (d, id) = (digest("t", b"x"), Uuid::from_u128(7));
        said.remember(1, d, id, at);
        assert_eq!(said.repeats(1, d, false, at), None, "a packet id used again on the same connection was acknowledged");
        assert_eq!(said.repeats(1, d, true, at), Some(id));
        departed.leave("a", said);
        let said = departed.welcome("a");
        assert_eq!(said.repeats(1, d, false, at.plus_seconds(60)), Some(id));
        assert_eq!(said.repeats(1, d, false, at.plus_seconds(61)), None);
        assert_eq!(said.repeats(2, d, true, at), None);
        assert_eq!(said.repeats(1, digest("t", b"y"), true, at), None);
    }

    #[test]
    fn the_memory_of_those_who_left_is_bounded() {
        let departed = Departed::default();
        for n in 0..=DEPARTED {
            let mut said = Said::default();
            for k in 0..=UTTERANCES {
                said.remember(1, u64::try_from(k).unwrap(), Uuid::nil(), Timestamp::from_micros(i64::try_from(n).unwrap()));
            }
            assert_eq!(said.0.len(), UTTERANCES);
            departed.leave(&format!("c{n}"), said);
        }
        assert_eq!(departed.0.lock().unwrap().len(), DEPARTED);
        assert!(departed.welcome("c0").0.is_empty());
    }
}
