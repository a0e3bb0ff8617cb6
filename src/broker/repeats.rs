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
    /// The connection on which it was last said is over.
    earlier: bool,
}

/// A message as a repetition is known by: `digest` stands for topic and body.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub packet_id: u16,
    pub digest: u64,
    pub dup: bool,
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
    /// While the store cannot write (`fails`) nobody is answered: each repeats it once on each new connection for as long as that lasts.
    pub fn hear(&mut self, heard: &Heard, percept: Uuid, at: Timestamp, fails: bool) -> Option<Uuid> {
        let repeated = self.repeats(heard, at, fails);
        // A repetition makes nothing younger, and begins no count anew: else who repeats without end would never be news.
        if repeated.is_none() {
            self.remember(heard.packet_id, heard.digest, percept, at);
        }
        repeated
    }

    fn repeats(&mut self, heard: &Heard, at: Timestamp, fails: bool) -> Option<Uuid> {
        if !heard.dup {
            return None;
        }
        let last = self.utterances.iter_mut().rev().find(|u| u.packet_id == heard.packet_id)?;
        let recent = at.micros().saturating_sub(last.at.micros()) <= limits::REPEAT_SECONDS * 1_000_000;
        if last.digest != heard.digest || !recent || last.repeated == REPEATS {
            return None;
        }
        if std::mem::take(&mut last.earlier) && fails {
            last.at = at;
        } else {
            last.repeated += 1;
        }
        Some(last.percept)
    }

    fn remember(&mut self, packet_id: u16, digest: u64, percept: Uuid, at: Timestamp) {
        if self.utterances.len() == UTTERANCES {
            self.utterances.pop_front();
        }
        self.utterances.push_back(Utterance { packet_id, digest, percept, at, repeated: 0, earlier: false });
    }
}

/// What all clients said, those here and those who left.
#[derive(Debug, Default)]
pub struct Voices(Mutex<BTreeMap<String, Arc<Mutex<Said>>>>);

impl Voices {
    /// What this client said before, on a new connection. Its old one may still be ending: both share it.
    pub fn welcome(&self, client_id: &str) -> Arc<Mutex<Said>> {
        let mut voices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !voices.contains_key(client_id) {
            make_room(&mut voices);
        }
        let said = Arc::clone(voices.entry(client_id.to_owned()).or_default());
        said.lock().unwrap_or_else(PoisonError::into_inner).utterances.iter_mut().for_each(|last| last.earlier = true);
        said
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

    const FIRST: Heard = Heard { packet_id: 1, digest: 5, dup: false };
    const AGAIN: Heard = Heard { dup: true, ..FIRST };

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn a_repetition_has_the_flag_and_the_last_body_of_its_packet_id_within_a_minute() {
        let at = Timestamp::from_micros(1_000_000);
        let said = |heard: Heard, seconds| {
            let mut said = Said::default();
            assert_eq!(said.hear(&FIRST, id(7), at, false), None);
            said.hear(&heard, id(8), at.plus_seconds(seconds), false)
        };
        assert_eq!(said(FIRST, 0), None, "a packet id used again without the flag is news");
        assert_eq!(said(AGAIN, 60), Some(id(7)));
        assert_eq!(said(AGAIN, 61), None);
        assert_eq!(said(Heard { packet_id: 2, ..AGAIN }, 0), None);
        assert_eq!(said(Heard { digest: 6, ..AGAIN }, 0), None);
        let mut since = Said::default();
        since.hear(&FIRST, id(7), at, false);
        since.hear(&Heard { digest: 6, ..FIRST }, id(8), at, false);
        assert_eq!(since.hear(&AGAIN, id(9), at, false), None, "something else was said under this id since");
    }

    #[test]
    fn who_repeats_without_end_is_news_again_in_time() {
        let (mut said, at) = (Said::default(), Timestamp::from_micros(1));
        assert_eq!(said.hear(&FIRST, id(1), at, false), None);
        for n in 0..u128::from(REPEATS) {
            assert_eq!(said.hear(&AGAIN, id(2 + n), at.plus_seconds(1), false), Some(id(1)));
        }
        assert_eq!(said.hear(&AGAIN, id(9), at.plus_seconds(2), false), None, "it is no accident any more");
        assert_eq!(said.hear(&AGAIN, id(10), at.plus_seconds(3), false), Some(id(9)), "and is repeated itself");
        // Each in time after the one before, and none in time after what they repeat.
        assert_eq!(said.hear(&AGAIN, id(11), at.plus_seconds(60), false), Some(id(9)));
        assert_eq!(said.hear(&AGAIN, id(12), at.plus_seconds(63), false), None);
    }

    #[test]
    fn while_the_store_cannot_write_each_connection_may_repeat_it_once() {
        let (voices, at) = (Voices::default(), Timestamp::from_micros(1));
        let hear = |said: &Mutex<Said>, seconds, fails| said.lock().unwrap().hear(&AGAIN, id(2), at.plus_seconds(seconds), fails);
        assert_eq!(voices.welcome("a").lock().unwrap().hear(&FIRST, id(1), at, false), None);
        for n in 1..=60 {
            assert_eq!(hear(&voices.welcome("a"), 5 * n, true), Some(id(1)), "after {} s", 5 * n);
        }
        // Within one connection nobody has a reason to.
        let said = voices.welcome("a");
        assert_eq!(hear(&said, 301, true), Some(id(1)));
        for _ in 0..REPEATS {
            assert_eq!(hear(&said, 302, true), Some(id(1)));
        }
        assert_eq!(hear(&said, 303, true), None);
        // And who is answered has none on new ones.
        for _ in 0..REPEATS {
            assert_eq!(hear(&voices.welcome("a"), 304, false), Some(id(2)));
        }
        assert_eq!(hear(&voices.welcome("a"), 304, false), None);
    }

    #[test]
    fn what_the_store_recalls_was_said_before() {
        let (voices, at) = (Voices::default(), Timestamp::from_micros(1));
        voices.recall("a", 3, 5, id(9), at);
        let again = Heard { packet_id: 3, ..AGAIN };
        assert_eq!(voices.welcome("a").lock().unwrap().hear(&again, id(1), at, false), Some(id(9)));
        assert_eq!(voices.welcome("b").lock().unwrap().hear(&again, id(1), at, false), None);
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
