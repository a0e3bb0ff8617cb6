//! The receiver's disk: files grow in `partial/` and take their names when they are whole and there to stay. What is there is never written
//! over.

use super::{Keeping, Kept, Kind, Object};
use crate::{
    phoenix::{Id, PhoenixError, Vault, error::At, vault::Writing},
    runtime::files::{OwnersAlone, Positioned},
};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// While it lives nobody else writes there.
#[derive(Debug)]
pub struct Landing {
    vault: Vault,
    writing: Writing,
    /// The pack that was looked at last.
    looked_at: Option<Id>,
}

/// What came of a look at some packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// That were not what their names say, and were put aside.
    pub rotten: usize,
    /// There are more to be looked at.
    pub goes_on: bool,
}

impl Landing {
    /// # Errors
    /// When another process writes there.
    pub fn new(vault: Vault) -> Result<Self, PhoenixError> {
        let writing = vault.writing()?;
        Ok(Self { vault, writing, looked_at: None })
    }

    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Looks at the next few packs, whether each is what its name says: a disk forgets, and nobody else would see it before the copy is needed.
    ///
    /// # Errors
    /// When they cannot be read, or one that is damaged not be put aside.
    pub fn look_on(&mut self, most: usize) -> Result<Looked, PhoenixError> {
        let packs = self.vault.packs()?;
        let mut left = packs.iter().map(|(id, _)| *id).filter(|id| self.looked_at.is_none_or(|at| *id > at));
        let (mut rotten, mut last) = (0, None);
        for id in left.by_ref().take(most) {
            if self.vault.hash_of(&self.vault.pack_path(id))? != id {
                self.vault.set_aside(&self.writing, id)?;
                rotten += 1;
            }
            last = Some(id);
        }
        let goes_on = left.next().is_some();
        self.looked_at = last.filter(|_| goes_on);
        Ok(Looked { rotten, goes_on })
    }

    fn partial(&self, object: &Object) -> PathBuf {
        self.vault.partial_path(object.id)
    }

    fn whole(&self, object: &Object) -> Result<Vec<u8>, PhoenixError> {
        let path = self.partial(object);
        let mut bytes = Vec::new();
        let file = File::open(&path).at(&path, "cannot be read")?;
        file.take(object.most()).read_to_end(&mut bytes).at(&path, "cannot be read")?;
        if Id::of(&bytes) == object.id {
            return Ok(bytes);
        }
        Err(PhoenixError::Damaged { path, what: format!("is not {}", object.name()) })
    }
}

/// Says which pieces are in the file beside it: their numbers, one after the other. It may say too much after a power cut, and then the
/// file's hash is another.
fn map(partial: &Path) -> PathBuf {
    partial.with_extension("map")
}

fn write(path: &Path) -> Result<File, PhoenixError> {
    OpenOptions::new().create(true).truncate(false).write(true).owners_alone().open(path).at(path, "cannot be written")
}

impl Keeping for Landing {
    fn here(&mut self) -> Result<Kept, PhoenixError> {
        let mut kept = Kept { packs: self.vault.packs()?.into_iter().collect(), ..Kept::default() };
        kept.keys.extend(self.vault.slots()?.into_iter().map(|(name, bytes)| (name, Id::of(&bytes))));
        for sequence in self.vault.sequences()? {
            kept.snapshots.insert(sequence, Id::of(&self.vault.snapshot(sequence)?));
        }
        Ok(kept)
    }

    fn begun(&mut self, object: &Object) -> Result<BTreeSet<u32>, PhoenixError> {
        let partial = self.partial(object);
        let path = map(&partial);
        let mut numbers = Vec::new();
        // Twice as many as there are: a number may stand twice.
        match File::open(&path) {
            Ok(file) => file.take(8 * u64::from(object.pieces())).read_to_end(&mut numbers).at(&path, "cannot be read")?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error).at(&path, "cannot be read"),
        };
        let there = fs::metadata(&partial).map_or(0, |meta| meta.len());
        let (numbers, _) = numbers.as_chunks();
        let is_there = |n: &u32| object.range(*n).is_some_and(|range| range.end <= there);
        Ok(numbers.iter().map(|n| u32::from_be_bytes(*n)).filter(is_there).collect())
    }

    fn put(&mut self, object: &Object, n: u32, content: &[u8]) -> Result<(), PhoenixError> {
        let Some(range) = object.range(n) else { return Err(PhoenixError::Refused(format!("{} has no piece {n}", object.name()))) };
        let path = self.partial(object);
        write(&path)?.write_all_at(content, range.start).at(&path, "cannot be written")?;
        let path = map(&path);
        let mut file = OpenOptions::new().create(true).append(true).owners_alone().open(&path).at(&path, "cannot be written")?;
        file.write_all(&n.to_be_bytes()).at(&path, "cannot be written")
    }

    fn keep(&mut self, object: &Object) -> Result<Option<Vec<u8>>, PhoenixError> {
        let mut list = None;
        match &object.kind {
            Kind::Listing => list = Some(self.whole(object)?),
            Kind::Pack => self.vault.adopt_pack(object.id, &self.partial(object))?,
            Kind::Key(name) => self.vault.keep_slot(name, &self.whole(object)?)?,
            Kind::Snapshot(sequence) => self.vault.keep_snapshot(*sequence, &self.whole(object)?)?,
        }
        self.forget(object);
        Ok(list)
    }

    fn forget(&mut self, object: &Object) {
        let partial = self.partial(object);
        // The map first: a file without one is empty to us.
        let _ = fs::remove_file(map(&partial));
        let _ = fs::remove_file(partial);
    }

    fn tidy(&mut self, wanted: &BTreeSet<Id>) {
        let example = self.vault.partial_path(Id::default());
        let Some(entries) = example.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let id = path.file_stem().and_then(|name| name.to_str()).and_then(Id::read);
            if id.is_some_and(|id| !wanted.contains(&id)) {
                let _ = fs::remove_file(path);
            }
        }
    }
}
