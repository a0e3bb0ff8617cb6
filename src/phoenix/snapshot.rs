//! Taking a snapshot: content is cut, named, compressed, sealed and packed; the manifest comes last, and only then it is there.

use super::id::{Id, Sequence};
use super::source::Source;
use crate::domain::Timestamp;

/// What to take.
#[derive(Debug)]
pub struct Order {
    pub at: Timestamp,
    pub node: String,
    /// `asked`, `scheduled`, `changed`.
    pub reason: String,
    pub sources: Vec<Source>,
    /// Content read a second at most, so that others get their turn at the disk; 0: as fast as it goes.
    pub bytes_a_second: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub sequence: Sequence,
    /// BLAKE3 of the manifest's file.
    pub hash: Id,
    /// Bytes of content.
    pub bytes: u64,
    /// Bytes that the repository grew by.
    pub written: u64,
    pub chunks: u64,
    pub new_chunks: u64,
}
