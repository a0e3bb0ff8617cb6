//! Where each chunk lies: what the indices of all packs say together. It is read from them whenever it is needed, so there is no second truth.

use super::{
    error::PhoenixError,
    id::Id,
    key::RepositoryKey,
    pack::{self, Entry},
    vault::Vault,
};
use crate::domain::limits;
use std::path::PathBuf;

/// Memory: 48 bytes a chunk, so some 750 bytes for each MiB that is kept.
#[derive(Default)]
pub(super) struct Places {
    packs: Vec<(Id, u64)>,
    /// By id. A chunk that lies twice stands twice.
    sorted: Vec<Placed>,
    /// Packs whose index cannot be read, and why.
    pub(super) wrong: Vec<(Id, PathBuf, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    id: Id,
    pack: u32,
    offset: u32,
    length: u32,
    raw: u32,
}

impl Placed {
    fn new(pack: usize, entry: &Entry) -> Self {
        let Entry { id, offset, length, raw } = *entry;
        Self { id, pack: u32::try_from(pack).unwrap_or(u32::MAX), offset, length, raw }
    }

    fn entry(&self) -> Entry {
        Entry { id: self.id, offset: self.offset, length: self.length, raw: self.raw }
    }
}

impl Places {
    /// # Errors
    /// When the packs cannot be listed, or hold more chunks than one repository may. One that cannot be read is named in `wrong`.
    pub(super) fn read(vault: &Vault, key: &RepositoryKey) -> Result<Self, PhoenixError> {
        let mut places = Self { packs: vault.packs()?, ..Self::default() };
        for (number, (id, _)) in places.packs.iter().enumerate() {
            let path = vault.pack_path(*id);
            match pack::index(&path, key, vault.id) {
                Ok(entries) => places.sorted.extend(entries.iter().map(|entry| Placed::new(number, entry))),
                Err(PhoenixError::Damaged { path, what }) => places.wrong.push((*id, path, what)),
                Err(error) => places.wrong.push((*id, path, error.to_string())),
            }
            if places.sorted.len() > limits::CHUNKS {
                return Err(PhoenixError::Refused(format!(
                    "{}: more than {} chunks: prune it, or begin another repository",
                    vault.folder().display(),
                    limits::CHUNKS
                )));
            }
        }
        places.sorted.sort_unstable();
        Ok(places)
    }

    /// The pack that holds a chunk, and where in it.
    pub(super) fn get(&self, id: &Id) -> Option<(Id, Entry)> {
        self.all(id).next()
    }

    /// All places of a chunk: after a pruning that was killed it lies in two packs.
    pub(super) fn all(&self, id: &Id) -> impl Iterator<Item = (Id, Entry)> {
        let wanted = *id;
        let placed = self.sorted.iter().skip(self.first(id)).take_while(move |placed| placed.id == wanted);
        placed.filter_map(|placed| Some((self.packs.get(placed.pack as usize)?.0, placed.entry())))
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The packs with their lengths.
    pub(super) fn packs(&self) -> &[(Id, u64)] {
        &self.packs
    }

    /// Of chunks that are used and lie twice, the mark goes to the first pack that is whole; where none is, all of them have it.
    pub(super) fn choose(&self, marks: &mut Marks, mut is_whole: impl FnMut(Id) -> bool) {
        let mut at = 0;
        for group in self.sorted.chunk_by(|a, b| a.id == b.id) {
            let range = at..at + group.len();
            at = range.end;
            if group.len() > 1
                && let Some(used) = marks.used.get_mut(range).filter(|used| used.first() == Some(&true))
            {
                let is_good = |placed: &Placed| self.packs.get(placed.pack as usize).is_some_and(|(pack, _)| is_whole(*pack));
                let good = group.iter().position(is_good);
                for (n, used) in used.iter_mut().enumerate() {
                    *used = good.is_none_or(|good| good == n);
                }
            }
        }
    }

    /// Which chunks are used: one flag for each, in the order of `Places`, of the first place of each only.
    pub(super) fn marks(&self) -> Marks {
        Marks { used: vec![false; self.sorted.len()] }
    }

    pub(super) fn mark(&self, marks: &mut Marks, id: &Id) -> bool {
        let at = self.first(id);
        let there = self.sorted.get(at).is_some_and(|placed| placed.id == *id);
        if let Some(mark) = marks.used.get_mut(at).filter(|_| there) {
            *mark = true;
        }
        there
    }

    /// Of each pack the entries that are used, and how many bytes of sealed chunks are not.
    pub(super) fn used(&self, marks: &Marks) -> Vec<Usage> {
        let mut usage: Vec<Usage> =
            self.packs.iter().map(|(id, length)| Usage { pack: *id, length: *length, ..Usage::default() }).collect();
        for (placed, used) in self.sorted.iter().zip(&marks.used) {
            if let Some(usage) = usage.get_mut(placed.pack as usize) {
                let bytes = u64::from(placed.length);
                if *used {
                    usage.used += bytes;
                } else {
                    usage.idle += bytes;
                }
            }
        }
        usage
    }

    /// The used entries of one pack, by offset.
    pub(super) fn used_of(&self, pack: Id, marks: &Marks) -> Vec<Entry> {
        let of = |placed: &Placed| self.packs.get(placed.pack as usize).is_some_and(|(id, _)| *id == pack);
        let used = self.sorted.iter().zip(&marks.used).filter(|(placed, used)| **used && of(placed));
        let mut entries: Vec<Entry> = used.map(|(placed, _)| placed.entry()).collect();
        entries.sort_unstable_by_key(|entry| entry.offset);
        entries
    }

    fn first(&self, id: &Id) -> usize {
        self.sorted.partition_point(|placed| placed.id < *id)
    }
}

pub(super) struct Marks {
    used: Vec<bool>,
}

/// How much of a pack is needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub pack: Id,
    /// Bytes of the file.
    pub length: u64,
    pub used: u64,
    pub idle: u64,
}
