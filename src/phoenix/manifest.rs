//! The manifest: what one snapshot holds, and where each byte of it lies.

use super::{
    id::{Id, Sequence},
    source::Component,
};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The version of the format of manifests.
pub const VERSION: u32 = 1;

/// CBOR, zstd, sealed: `snapshots/{sequence}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub v: u32,
    pub repository: Uuid,
    pub sequence: Sequence,
    /// BLAKE3 of the file of the snapshot before this one; none for the first.
    pub previous: Option<Id>,
    pub taken_at: Timestamp,
    /// Of the Jamey that took it.
    pub version: String,
    pub node: String,
    /// `asked`, `scheduled`, `changed`.
    pub reason: String,
    pub parts: Vec<Part>,
    /// The snapshots that were there when this one was taken: their numbers, and BLAKE3 of their files. What is missing later was pruned since, or taken away.
    pub kept: Vec<Kept>,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub component: Component,
    pub schema: u32,
    pub counts: BTreeMap<String, u64>,
    pub items: Vec<SavedItem>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedItem {
    pub path: String,
    pub mode: u32,
    pub bytes: u64,
    /// BLAKE3 of the content.
    pub hash: Id,
    /// The chunks in order, where they are at most `INLINE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<Id>,
    /// Otherwise lists of chunks, in order: each a blob of ids, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub sequence: Sequence,
    pub hash: Id,
}

impl Manifest {
    #[must_use]
    pub fn part(&self, component: Component) -> Option<&Part> {
        self.parts.iter().find(|part| part.component == component)
    }

    /// Bytes of content.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(Part::bytes).sum()
    }
}

impl Part {
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    /// BLAKE3 over paths, modes and hashes of its items: equal where the component is.
    #[must_use]
    pub fn hash(&self) -> Id {
        let mut hasher = blake3::Hasher::new();
        for item in &self.items {
            hasher.update(&u32::try_from(item.path.len()).unwrap_or(u32::MAX).to_be_bytes());
            hasher.update(item.path.as_bytes());
            hasher.update(&item.mode.to_be_bytes());
            hasher.update(&item.hash.0);
        }
        Id(*hasher.finalize().as_bytes())
    }
}
