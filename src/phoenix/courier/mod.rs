//! The courier: a repository's files carried over MQTT to a copy on another host. Both sides are plain state machines, to which messages and
//! the time come and which say what is to be sent: they know no MQTT, so that loss, repetition and restarts are tried out in memory. No key
//! is needed on the way. The receiver asks for what it lacks, each file counts only when its bytes have the hash that is its name, and
//! nothing that is there is ever written over.

mod keeping;
mod landing;
mod offer;
mod piece;
mod receiver;
mod sender;
mod signer;
mod stock;
mod words;

#[cfg(test)]
mod tests;

pub use keeping::{Keeping, Kept};
pub use landing::{Landing, Looked};
pub use offer::{Listing, Offer};
pub use piece::Piece;
pub use receiver::{News, Receiver, Say};
pub use sender::{Delivery, Next, Sender};
pub use signer::{Signer, Voucher};
pub use stock::Stock;
pub use words::{Done, Want};

use super::{Id, PhoenixError, Sequence};
use crate::domain::limits;
use std::ops::Range;

/// The version of all messages.
pub const VERSION: u32 = 1;

/// A file that is carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub kind: Kind,
    /// BLAKE3 of its bytes.
    pub id: Id,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What there is: see [`Listing`].
    Listing,
    /// A wrapped key, by its name.
    Key(String),
    Pack,
    Snapshot(Sequence),
}

impl Object {
    #[must_use]
    pub fn pieces(&self) -> u32 {
        u32::try_from(self.bytes.div_ceil(limits::PIECE_BYTES as u64)).unwrap_or(u32::MAX)
    }

    /// Where a piece lies in the file; None: it has no such piece.
    #[must_use]
    pub fn range(&self, n: u32) -> Option<Range<u64>> {
        let begin = u64::from(n) * limits::PIECE_BYTES as u64;
        (begin < self.bytes).then(|| begin..self.bytes.min(begin + limits::PIECE_BYTES as u64))
    }

    /// The longest of its kind that is carried.
    pub(super) const fn most(&self) -> u64 {
        match self.kind {
            Kind::Listing | Kind::Pack => limits::CARRIED_BYTES,
            Kind::Key(_) => limits::CARRIED_KEY_BYTES,
            Kind::Snapshot(_) => limits::MANIFEST_BYTES,
        }
    }

    fn is_carried(&self) -> bool {
        (1..=self.most()).contains(&self.bytes)
    }

    /// For people.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Listing => format!("the list {}", self.id),
            Kind::Key(name) => format!("the wrapped key {name}"),
            Kind::Pack => format!("the pack {}", self.id),
            Kind::Snapshot(sequence) => format!("snapshot {sequence}"),
        }
    }
}

/// CBOR of at most so many bytes.
fn read<T: serde::de::DeserializeOwned>(what: &str, bytes: &[u8], most: usize) -> Result<T, PhoenixError> {
    if bytes.len() > most {
        return Err(PhoenixError::Refused(format!("{what} of {} bytes: at most {most} are read", bytes.len())));
    }
    ciborium::from_reader(bytes).map_err(|error| PhoenixError::Refused(format!("{what} that cannot be read: {error}")))
}

fn written<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

fn known(what: &str, v: u32) -> Result<(), PhoenixError> {
    if v == VERSION {
        Ok(())
    } else {
        Err(PhoenixError::Refused(format!("{what} of version {v}; this jamey knows {VERSION}: use the same version on both sides")))
    }
}
