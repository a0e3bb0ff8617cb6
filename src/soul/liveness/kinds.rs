//! What an entity says, by kind: each with its rhythm, and with what tells a word from the one before. Bounded.

use super::{
    rhythm::Rhythm,
    word::{FIRST_KIND, Word},
};
use crate::domain::{Timestamp, limits};
use serde::{Deserialize, Serialize};

/// The kinds that share a place, because there were too many.
const SHARED: u32 = 0;
/// What a bridge says for others.
pub const CARRIED: u32 = 1;
/// Stamped words remembered.
const RING: usize = 8;
/// Within it a sender repeats what was not acknowledged.
const REPEATED_SECONDS: f64 = 60.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Kinds {
    kinds: Vec<Kind>,
    /// Of the newest words that bear a time; the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ring: Vec<u32>,
    /// Who said each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by: Vec<u32>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Kind {
    of: u32,
    rhythm: Rhythm,
    /// What it last told.
    #[serde(default)]
    value: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<Timestamp>,
    /// Who said so; 0 without a time of its own.
    #[serde(default, skip_serializing_if = "is_nobody")]
    by: u32,
}

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// A sign of life; whether it tells something else than before, where that can be said.
    Sign(Option<bool>),
    /// What was known already.
    Old,
    /// What was said before the last word, said again as if it were news.
    Replay,
}

impl Kinds {
    /// Tells what a word is. `again`: what tells nothing new is a repetition.
    pub fn take(&mut self, word: &Word, again: bool) -> Taken {
        if word.stored {
            return Taken::Old;
        }
        let same = self.find(word.kind).map(|kind| (kind.value == word.value, kind.stamp));
        let told = self.find(word.kind).map_or(0, |kind| kind.by);
        if let Some(stamp) = word.stamp {
            let newest = same.and_then(|(_, newest)| newest);
            let place = self.ring.iter().position(|whole| *whole == word.whole);
            match (place, newest) {
                // A word is outdated by a later one of who said it, and not by what somebody else says to have it look old.
                (Some(place), Some(newest)) if newest.seconds_since(stamp) > REPEATED_SECONDS => {
                    let author = self.by.get(place).copied().unwrap_or_default();
                    let is_charged = author == told && [word.of, word.by].contains(&author);
                    return if is_charged { Taken::Replay } else { Taken::Old };
                }
                (Some(_), _) => return Taken::Old,
                (None, Some(newest)) if stamp == newest && same.is_some_and(|(same, _)| same) => return Taken::Old,
                _ => {}
            }
            self.by.resize(self.ring.len(), 0);
            if self.ring.len() >= RING {
                self.ring.remove(0);
                self.by.remove(0);
            }
            self.ring.push(word.whole);
            self.by.push(word.by);
        } else if again && same.is_some_and(|(same, _)| same) {
            return Taken::Old;
        }
        let kind = self.kind(word.kind);
        if kind.of == SHARED {
            return Taken::Sign(None);
        }
        kind.stamp = word.stamp;
        kind.by = if word.stamp.is_some() { word.by } else { 0 };
        let before = std::mem::replace(&mut kind.value, word.value);
        Taken::Sign(same.map(|_| before != word.value))
    }

    /// A sign of life of a kind; see `Rhythm::hear`.
    pub fn hear(&mut self, of: u32, at: Timestamp, from: Timestamp, missed: bool) {
        self.kind(of).rhythm.hear(at, from, missed);
    }

    /// The shortest limit of those kinds that had not fallen silent themselves when the entity was last heard: a sensor that lost one of its
    /// readings is still there, and is looked for by the others.
    #[must_use]
    pub fn limit(&self, heard: Timestamp) -> Option<f64> {
        let lives = |kind: &&Kind, limit: f64| kind.rhythm.last.is_some_and(|last| heard.seconds_since(last) <= limit);
        self.kinds.iter().filter_map(|kind| kind.rhythm.limit().filter(|limit| lives(&kind, *limit))).min_by(f64::total_cmp)
    }

    /// Seconds between words of the quickest kind, as a rule.
    #[must_use]
    pub fn every(&self) -> Option<f64> {
        self.kinds.iter().filter_map(|kind| kind.rhythm.every()).min_by(f64::total_cmp)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.kinds.len() <= limits::KINDS_OF_LIFE
            && self.ring.len() <= RING
            && self.by.len() <= RING
            && self.kinds.iter().all(|kind| kind.rhythm.is_sound())
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// What is kept besides the value itself.
    #[cfg(test)]
    pub fn heap_bytes(&self) -> usize {
        self.kinds.capacity() * size_of::<Kind>() + self.kinds.len() * 32 + (self.ring.capacity() + self.by.capacity()) * 4
    }

    fn find(&self, of: u32) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.of == of)
    }

    fn kind(&mut self, of: u32) -> &mut Kind {
        let of = if self.find(of).is_some() || self.kinds.len() + 1 < limits::KINDS_OF_LIFE { of } else { SHARED };
        let place = self.kinds.iter().position(|kind| kind.of == of).unwrap_or(self.kinds.len());
        if place == self.kinds.len() {
            self.kinds.reserve_exact(1);
            self.kinds.reserve_exact(1);
            self.kinds.push(Kind { of, rhythm: Rhythm::default(), value: 0, stamp: None, by: 0 });
        }
        // Never empty: it was just put there.
        #[allow(clippy::indexing_slicing, reason = "the place was found, or made, just now")]
        &mut self.kinds[place]
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nobody(by: &u32) -> bool {
    *by == 0
}

const _: () = assert!(CARRIED < FIRST_KIND);
