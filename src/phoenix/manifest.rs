//! The manifest: what one snapshot holds, and where each byte of it lies.

use super::{
    error::PhoenixError,
    header::{self, Kind},
    id::{Id, Sequence},
    key::RepositoryKey,
    pack::LEVEL,
    seal::{Purpose, seal, unseal},
    source::{Component, is_path},
};
use crate::domain::{Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Read};
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

impl Manifest {
    /// As its file has it.
    pub(super) fn seal(&self, key: &RepositoryKey) -> Result<Vec<u8>, PhoenixError> {
        let refused = |e: &dyn std::fmt::Display| PhoenixError::Refused(format!("the manifest cannot be written down: {e}"));
        let mut plain = Vec::new();
        ciborium::into_writer(self, &mut plain).map_err(|e| refused(&e))?;
        if plain.len() as u64 > limits::MANIFEST_BYTES {
            return Err(refused(&"it is too long"));
        }
        let small = zstd::bulk::compress(&plain, LEVEL).map_err(|e| refused(&e))?;
        let mut bytes = header::bytes(Kind::Snapshot, key).to_vec();
        bytes.extend(seal(&key.sealing(), purpose(self.repository, &self.sequence.to_be_bytes()), &small)?);
        Ok(bytes)
    }

    /// # Errors
    /// In words: what is wrong with it.
    pub(super) fn unseal(bytes: &[u8], key: &RepositoryKey, repository: Uuid, sequence: Sequence) -> Result<Self, String> {
        header::check(bytes, Kind::Snapshot, key)?;
        let sealed = bytes.get(header::BYTES..).unwrap_or_default();
        let small = unseal(&key.sealing(), purpose(repository, &sequence.to_be_bytes()), sealed).map_err(|e| e.to_string())?;
        let mut plain = Vec::new();
        let reading =
            zstd::stream::read::Decoder::new(small.as_slice()).and_then(|d| d.take(limits::MANIFEST_BYTES + 1).read_to_end(&mut plain));
        reading.map_err(|e| format!("cannot be decompressed: {e}"))?;
        let manifest: Self = ciborium::from_reader(plain.as_slice()).map_err(|e| format!("makes no sense: {e}"))?;
        if manifest.v != VERSION {
            return Err(format!("has version {}; this jamey knows {VERSION}", manifest.v));
        }
        let items = manifest.parts.iter().flat_map(|part| &part.items);
        if (manifest.repository, manifest.sequence) != (repository, sequence) || !items.clone().all(|item| is_path(&item.path)) {
            return Err("makes no sense".into());
        }
        Ok(manifest)
    }
}

fn purpose(repository: Uuid, sequence: &[u8]) -> Purpose<'_> {
    Purpose { repository, what: "manifest", which: sequence, version: VERSION }
}
