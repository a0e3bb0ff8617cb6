//! The identity as bytes, and back: what could not have been counted is refused.

use super::{Identity, LOOK_SECONDS, Tally};
use crate::domain::{Act, Timestamp, limits};
use serde::{Deserialize, Serialize};

/// The form of the stored state. Another number is refused instead of guessed at.
const STATE_VERSION: u8 = 1;
/// What a burst of acts in each minute of a month could come to, and then some.
const MOST: f64 = 1e9;

/// A stored state that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored identity cannot be read ({0})")]
pub struct Unreadable(String);

#[derive(Serialize)]
struct Written<'s> {
    v: u8,
    state: &'s Identity,
}

#[derive(Deserialize)]
struct Read {
    v: u8,
    state: Identity,
}

impl Identity {
    /// Takes it back from its stored state.
    ///
    /// # Errors
    /// When the state cannot be one.
    pub fn restored(state: &[u8]) -> Result<Self, Unreadable> {
        let read: Read = ciborium::from_reader(state).map_err(|e| Unreadable(e.to_string()))?;
        if read.v != STATE_VERSION {
            return Err(Unreadable(format!("version {}, and this Jamey reads {STATE_VERSION}", read.v)));
        }
        if !read.state.is_sound() {
            return Err(Unreadable("a number is outside its range".to_owned()));
        }
        Ok(read.state)
    }

    /// What is to be stored, once a minute at most, where anything changed.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        if !self.changed || self.stored.is_some_and(|at| now.seconds_since(at) < LOOK_SECONDS) {
            return None;
        }
        (self.changed, self.stored) = (false, Some(now));
        // CBOR in memory: it fails only for types that CBOR cannot say, and ours are none.
        let mut out = Vec::with_capacity(4_096);
        ciborium::into_writer(&Written { v: STATE_VERSION, state: self }, &mut out).ok()?;
        Some(out)
    }

    /// Has it be stored at the next `take_due` where anything changed: before a stop.
    pub fn hurry(&mut self) {
        self.stored = None;
    }

    /// Whether what was read from the store can be an identity.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let count = |x: &f64| (0.0..=MOST).contains(x);
        let tally = |tally: &Tally| tally.day.iter().chain(&tally.month).all(count);
        self.roles.len() <= limits::ROLES
            && self.roles.values().all(tally)
            && self.acts.len() <= limits::ACTS
            && self.acts.iter().all(|done| done.weight > 0.0 && done.weight <= done.act.weight())
            && self.paces.len() <= Act::ALL.len()
    }
}
