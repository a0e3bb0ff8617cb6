//! What a receiver says: which pieces it wants, and which snapshot it has whole.

use super::{Object, VERSION, known, read, written};
use crate::{
    domain::limits,
    phoenix::{Id, PhoenixError, Sequence},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Pieces that are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    pub v: u32,
    pub repository: Uuid,
    /// File and number.
    pub pieces: Vec<(Id, u32)>,
    /// Bytes that are missing in all, as far as is known.
    pub left: u64,
    /// Why it does not go on; empty: it does.
    #[serde(default)]
    pub woe: String,
}

/// A snapshot, and all that it needs, is on the receiver's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub v: u32,
    pub repository: Uuid,
    pub sequence: Sequence,
    pub hash: Id,
}

impl Want {
    #[must_use]
    pub fn new(repository: Uuid, pieces: Vec<(Id, u32)>, left: u64, woe: &str) -> Self {
        // Cut at a character's end.
        let end = (0..=limits::WOE_BYTES.min(woe.len())).rev().find(|at| woe.is_char_boundary(*at)).unwrap_or(0);
        Self { v: VERSION, repository, pieces, left, woe: woe.get(..end).unwrap_or_default().to_owned() }
    }

    /// # Errors
    /// When it is none, or asks for too much at once.
    pub fn read(bytes: &[u8]) -> Result<Self, PhoenixError> {
        let want: Self = read("a wish", bytes, limits::WANT_BYTES)?;
        known("a wish", want.v)?;
        if want.pieces.len() > limits::PIECES_ASKED || want.woe.len() > limits::WOE_BYTES {
            let most = limits::PIECES_ASKED;
            return Err(PhoenixError::Refused(format!("a wish for {} pieces: at most {most} are read", want.pieces.len())));
        }
        Ok(want)
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(self)
    }
}

impl Done {
    #[must_use]
    pub fn new(repository: Uuid, sequence: Sequence, hash: Id) -> Self {
        Self { v: VERSION, repository, sequence, hash }
    }

    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, PhoenixError> {
        let done: Self = read("a receipt", bytes, limits::WANT_BYTES)?;
        known("a receipt", done.v)?;
        Ok(done)
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(self)
    }
}

/// Whether such a name may stand in a topic.
pub(super) fn is_name(name: &str) -> bool {
    (1..=limits::RECEIVER_BYTES).contains(&name.len()) && !name.contains(['/', '+', '#', '\0'])
}

/// A file and one of its pieces, where it has such a one.
pub(super) fn has(object: &Object, n: u32) -> bool {
    object.range(n).is_some()
}
