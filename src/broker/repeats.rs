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
}

#[derive(Debug, Clone, Copy)]
struct Utterance {
    packet_id: u16,
    digest: u64,
    percept: Uuid,
    at: Timestamp,
    repeated: u8,
}

/// A sender repeats itself a few times; after that it is no accident, and counts.
const REPEATS: u8 = 3;
/// In flight at one time is at most what the client's window holds; 65,535 in theory, tens in life.
const UTTERANCES: usize = 1_024;
/// Clients that are gone and may come back within a minute to repeat themselves.
const DEPARTED: usize = 1_024;

impl Said {
    /// The percept that this message repeats, if it does: flagged DUP, and the same topic and body as the last message under
    /// this packet id, within a minute. Without the flag it is news: a sensor that wakes, tells and sleeps uses packet id 1 each time.
    pub fn repeats(&mut self, packet_id: u16, digest: u64, dup: bool, at: Timestamp) -> Option<Uuid> {
        if !dup {
            return None;
        }
        let last = self.utterances.iter_mut().rev().find(|u| u.packet_id == packet_id)?;
        let recent = at.micros().saturating_sub(last.at.micros()) <= limits::REPEAT_SECONDS * 1_000_000;
        if last.digest != digest || !recent || last.repeated == REPEATS {
            return None;
        }
        last.repeated += 1;
        Some(last.percept)
    }

    pub fn remember(&mut self, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        if self.utterances.len() == UTTERANCES {
            self.utterances.pop_front();
        }
        self.utterances.push_back(Utterance { packet_id, digest, percept, at, repeated: 0 });
    }
}

/// What all clients said, those here and those who left.
#[derive(Debug, Default)]
pub struct Voices(Mutex<BTreeMap<String, Arc<Mutex<Said>>>>);

impl Voices {
    /// What this client said before. Its old connection may still be ending: both share it.
    pub fn welcome(&self, client_id: &str) -> Arc<Mutex<Said>> {
        let mut voices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !voices.contains_key(client_id) {
            make_room(&mut voices);
        }
        Arc::clone(voices.entry(client_id.to_owned()).or_default())
    }

    /// After a crash: what the store still knows of the last minute, in order.
    pub fn recall(&self, client_id: &str, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        let mut voices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = Arc::clone(voices.entry(client_id.to_owned()).or_default());
        said.lock().unwrap_or_else(PoisonError::into_inner).remember(packet_id, digest, percept, at);
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
    fn a_repetition_has_the_flag_and_the_last_body_of_its_packet_id_within_a_minute() {
        let at = Timestamp::from_micros(1_000_000);
        let (d, id) = (digest("t", b"x"), Uuid::from_u128(7));
        let mut said = Said::default();
        said.remember(1, d, id, at);
        assert_eq!(said.repeats(1, d, false, at), None, "a packet id used again without the flag is news");
        assert_eq!(said.repeats(1, d, true, at.plus_seconds(60)), Some(id));
        assert_eq!(said.repeats(1, d, true, at.plus_seconds(61)), None);
        assert_eq!(said.repeats(2, d, true, at), None);
        assert_eq!(said.repeats(1, digest("t", b"y"), true, at), None);
        said.remember(1, digest("t", b"y"), Uuid::nil(), at);
        assert_eq!(said.repeats(1, d, true, at), None, "something else was said under this id since");
    }

    #[test]
    fn one_repetition_too_many_is_news() {
        let (mut said, at) = (Said::default(), Timestamp::from_micros(1));
        said.remember(1, 5, Uuid::nil(), at);
        for _ in 0..REPEATS {
            assert!(said.repeats(1, 5, true, at).is_some());
        }
        assert!(said.repeats(1, 5, true, at).is_none());
    }

    #[test]
    fn what_the_store_recalls_was_said_before() {
        let (voices, at) = (Voices::default(), Timestamp::from_micros(1));
        voices.recall("a", 1, 5, Uuid::nil(), at);
        assert_eq!(voices.welcome("a").lock().unwrap().repeats(1, 5, true, at), Some(Uuid::nil()));
    }

    #[test]
    fn the_memory_of_those_who_left_is_bounded_and_those_present_stay() {
        let voices = Voices::default();
        let here = voices.welcome("here");
        for n in 0..=DEPARTED {
            let said = voices.welcome(&format!("c{n}"));
            for k in 0..=UTTERANCES {
                let at = Timestamp::from_micros(i64::try_from(n).unwrap());
                said.lock().unwrap().remember(1, u64::try_from(k).unwrap(), Uuid::nil(), at);
            }
            assert_eq!(said.lock().unwrap().utterances.len(), UTTERANCES);
        }
        let voices = voices.0.lock().unwrap();
        assert_eq!(voices.len(), DEPARTED + 1);
        assert!(voices.contains_key("here") && !voices.contains_key("c0"));
        drop(here);
    }
}
