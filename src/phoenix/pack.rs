//! Packs: sealed chunks in one file of at most 8 MiB, with a sealed index at its end.

use super::{
    error::{At, PhoenixError},
    header::{self, Kind},
    id::Id,
    key::RepositoryKey,
    seal::{Purpose, seal, unseal},
};
use crate::runtime::files::Positioned;
use std::{fs::File, path::Path};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A pack is ended before it becomes longer. Small enough to be sent and to be held in memory, large enough that a card is not full of files.
pub(super) const BYTES: usize = 8 * 1_024 * 1_024;
/// Behind the index: its length (u32, big-endian) and this.
const END: &[u8; 8] = b"JPHXPACK";
const TAIL: usize = 4 + END.len();
/// An entry of the index: id, offset, length, raw length; the numbers u32, big-endian.
const ENTRY: usize = 32 + 4 + 4 + 4;
/// The version of the index's layout.
const VERSION: u32 = 1;
/// Bytes that the seal of the index adds: 56, and a tag for each 16 KiB.
const SEAL: usize = 56 + 16;

/// Where a blob lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: Id,
    pub offset: u32,
    /// Of the sealed bytes.
    pub length: u32,
    /// Of the chunk.
    pub raw: u32,
}

/// A pack in the making.
pub(super) struct Packer {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Packer {
    pub(super) fn new(key: &RepositoryKey) -> Self {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&header::bytes(Kind::Pack, key));
        Self { bytes, entries: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a sealed blob of this length fits still.
    pub(super) fn has_room(&self, length: usize) -> bool {
        let index = (self.entries.len() + 1) * ENTRY;
        self.bytes.len() + length + index + SEAL + index / 1_024 + TAIL <= BYTES
    }

    /// Adds a sealed blob, for which there is room.
    pub(super) fn add(&mut self, id: Id, raw: u32, sealed: &[u8]) {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.entries.push(Entry { id, offset: number(self.bytes.len()), length: number(sealed.len()), raw });
        self.bytes.extend_from_slice(sealed);
    }

    /// The file, and its name.
    pub(super) fn finish(mut self, key: &RepositoryKey, repository: Uuid) -> Result<(Id, Vec<u8>), PhoenixError> {
        let mut plain = Vec::with_capacity(self.entries.len() * ENTRY);
        for entry in &self.entries {
            plain.extend_from_slice(&entry.id.0);
            for number in [entry.offset, entry.length, entry.raw] {
                plain.extend_from_slice(&number.to_be_bytes());
            }
        }
        let index = seal(&key.sealing(), purpose(repository), &plain)?;
        self.bytes.extend_from_slice(&index);
        self.bytes.extend_from_slice(&u32::try_from(index.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes.extend_from_slice(END);
        Ok((Id::of(&self.bytes), self.bytes))
    }
}

fn purpose(repository: Uuid) -> Purpose<'static> {
    Purpose { repository, what: "index", which: &[], version: VERSION }
}

/// How a blob is bound to its name.
pub(super) fn blob(repository: Uuid, id: &Id) -> Purpose<'_> {
    Purpose { repository, what: "blob", which: &id.0, version: VERSION }
}

/// What lies where in the pack at `path`.
///
/// # Errors
/// When it is no pack of this key and repository, or its index is damaged.
pub(super) fn index(path: &Path, key: &RepositoryKey, repository: Uuid) -> Result<Vec<Entry>, PhoenixError> {
    let damaged = |what: &str| PhoenixError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let file = File::open(path).at(path, "cannot be read")?;
    let length = usize::try_from(file.metadata().at(path, "cannot be read")?.len()).unwrap_or(usize::MAX);
    if !(header::BYTES + TAIL..=BYTES).contains(&length) {
        return Err(damaged("is not as long as a pack"));
    }
    let mut head = [0; header::BYTES];
    file.read_exact_at(&mut head, 0).at(path, "cannot be read")?;
    header::check(&head, Kind::Pack, key).map_err(|what| damaged(&what))?;
    let mut tail = [0; TAIL];
    file.read_exact_at(&mut tail, (length - TAIL) as u64).at(path, "cannot be read")?;
    let (sealed, end) = tail.split_at(4);
    let sealed = usize::try_from(u32::from_be_bytes(sealed.try_into().unwrap_or_default())).unwrap_or(usize::MAX);
    if end != END || sealed > length - header::BYTES - TAIL {
        return Err(damaged("does not end as a pack does: it was cut short or altered"));
    }
    let start = length - TAIL - sealed;
    let mut bytes = vec![0; sealed];
    file.read_exact_at(&mut bytes, start as u64).at(path, "cannot be read")?;
    let plain = unseal(&key.sealing(), purpose(repository), &bytes).map_err(|e| damaged(&format!("its index: {e}")))?;
    let (entries, rest) = plain.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(damaged("its index makes no sense"));
    }
    let entries: Vec<Entry> = entries.iter().map(entry).collect();
    let fits = |e: &Entry| {
        e.offset as usize >= header::BYTES && e.offset as usize + e.length as usize <= start && e.raw as usize <= super::chunk::BYTES.2
    };
    if !entries.iter().all(fits) {
        return Err(damaged("its index makes no sense"));
    }
    Ok(entries)
}

fn entry(bytes: &[u8; ENTRY]) -> Entry {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes);
    let id = bytes.first_chunk::<32>().copied().unwrap_or_default();
    Entry { id: Id(id), offset: number(32), length: number(36), raw: number(40) }
}

/// Compresses and seals; one for each thread that does.
pub(super) struct Sealer {
    sealing: Zeroizing<[u8; 32]>,
    repository: Uuid,
    compressor: zstd::bulk::Compressor<'static>,
}

/// Level 3: beyond it a small host's time buys little.
pub(super) const LEVEL: i32 = 3;

impl Sealer {
    pub(super) fn new(key: &RepositoryKey, repository: Uuid) -> Result<Self, PhoenixError> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(|e| PhoenixError::Refused(format!("no compressor: {e}")))?;
        Ok(Self { sealing: key.sealing(), repository, compressor })
    }

    pub(super) fn seal(&mut self, id: &Id, chunk: &[u8]) -> Result<Vec<u8>, PhoenixError> {
        let small = self.compressor.compress(chunk).map_err(|e| PhoenixError::Refused(format!("a chunk cannot be compressed: {e}")))?;
        seal(&self.sealing, blob(self.repository, id), &small)
    }
}

/// Opens blobs; one for each thread that does.
pub(super) struct Opener {
    sealing: Zeroizing<[u8; 32]>,
    repository: Uuid,
    cutter: super::chunk::Cutter,
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl Opener {
    pub(super) fn new(key: &RepositoryKey, repository: Uuid) -> Result<Self, PhoenixError> {
        let decompressor = zstd::bulk::Decompressor::new().map_err(|e| PhoenixError::Refused(format!("no decompressor: {e}")))?;
        Ok(Self { sealing: key.sealing(), repository, cutter: super::chunk::Cutter::new(key), decompressor })
    }

    /// The chunk, or in words what is wrong with it.
    pub(super) fn open(&mut self, entry: &Entry, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let small = unseal(&self.sealing, blob(self.repository, &entry.id), sealed).map_err(|e| e.to_string())?;
        // One byte more would be an error of its own: so the length is compared, and never more is allocated.
        let chunk = self.decompressor.decompress(&small, entry.raw as usize).map_err(|e| format!("cannot be decompressed: {e}"))?;
        if chunk.len() != entry.raw as usize || self.cutter.name(&chunk) != entry.id {
            return Err("is not the chunk that its name says".into());
        }
        Ok(chunk)
    }
}
