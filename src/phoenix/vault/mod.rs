//! A repository's files without its key: what a receiver keeps, and what `repository` opens. A file is whole under its name or not there:
//! temporary file, fsync, rename, fsync of the folder.

use super::{
    error::{At, PhoenixError},
    id::{Id, Sequence},
};
use crate::{
    domain::{Timestamp, limits},
    runtime::files::{self, OwnersAlone},
    store::{GivingWay, StoreHealth},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// What the file `repository` begins with.
const FORMAT: &str = "jamey-phoenix";
/// The version of the layout.
const VERSION: u64 = 1;
/// The file that makes a folder a repository.
const FILE: &str = "repository";
const KEYS: &str = "keys";
const PACKS: &str = "packs";
const SNAPSHOTS: &str = "snapshots";
const DRILLS: &str = "drills";
const PARTIAL: &str = "partial";
/// Packs that were put aside: nobody reads them, and who wants the room may delete them.
const DAMAGED: &str = "damaged";
/// Whoever holds it writes.
const LOCK: &str = "lock";
/// A millisecond's work for a disk.
pub(super) const SLICE_BYTES: usize = 256 * 1_024;
/// Small files: a wrapped key, a drill's record, `repository`.
const SMALL_BYTES: u64 = 64 * 1_024;

/// `repository` (JSON), `keys/{uuid}`, `packs/{2 hex}/{64 hex}`, `snapshots/{10 digits}`, `drills/{10 digits}`.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
    pub id: Uuid,
    pub append_only: bool,
}

/// A snapshot that was restored for trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drilled {
    pub sequence: Sequence,
    pub at: Timestamp,
    /// Whether everything was as it should.
    pub passed: bool,
}

/// How a pack is brought to disk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Haste<'a> {
    /// In one go.
    Full,
    /// In slices, so that a verdict's own sync on the same disk waits behind a small one; with pauses while those of this store are slow.
    Gentle(Option<&'a StoreHealth>),
}

/// While it lives nobody else writes there.
#[derive(Debug)]
pub struct Writing {
    _file: File,
}

/// The file `repository`: for people and for whoever must know before it has a key. None of it is secret, none of it is trusted: the id is
/// bound into every seal.
#[derive(Serialize, Deserialize)]
struct Label {
    format: String,
    v: u64,
    repository: Uuid,
    append_only: bool,
}

impl Label {
    fn text(&self) -> Result<Vec<u8>, PhoenixError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| PhoenixError::Refused(e.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }
}

impl Vault {
    /// An empty one, of an id of its own or of the one it is to be a copy of, with the wrapped keys that open it.
    ///
    /// # Errors
    /// When there is one already, or the folder cannot be written.
    pub fn create(folder: &Path, id: Uuid, append_only: bool, slots: &[(String, Vec<u8>)]) -> Result<Self, PhoenixError> {
        if folder.join(FILE).exists() {
            return Err(PhoenixError::Exists { path: folder.to_owned() });
        }
        make(folder)?;
        // Something else lives there, and would be mistaken for the repository's. What a making left that was killed is none: it comes to nothing.
        let begun = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| belongs("", name) || name.starts_with(TEMPORARY));
        if fs::read_dir(folder).at(folder, "cannot be read")?.flatten().any(|entry| !begun(&entry.file_name())) {
            return Err(PhoenixError::NotEmpty { path: folder.to_owned() });
        }
        let vault = Self { folder: folder.to_owned(), id, append_only };
        for name in [KEYS, PACKS, SNAPSHOTS, DRILLS, PARTIAL] {
            let part = folder.join(name);
            vault.make(&part)?;
            if name != KEYS && fs::read_dir(&part).at(&part, "cannot be read")?.next().is_some() {
                return Err(PhoenixError::NotEmpty { path: part });
            }
        }
        for (name, _) in vault.slots()? {
            vault.remove(&folder.join(KEYS).join(name))?;
        }
        for (name, bytes) in slots {
            vault.keep_slot(name, bytes)?;
        }
        // The label comes last: without it there is no repository, with it there is one that opens.
        vault.put(&folder.join(FILE), &Label { format: FORMAT.into(), v: VERSION, repository: id, append_only }.text()?)?;
        Ok(vault)
    }

    /// # Errors
    /// When there is none, or one of a newer format.
    pub fn open(folder: &Path) -> Result<Self, PhoenixError> {
        let path = folder.join(FILE);
        let text = match read(&path, SMALL_BYTES) {
            Err(PhoenixError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(PhoenixError::NoRepository { path: folder.to_owned() });
            }
            text => text?,
        };
        let damaged = |what: &str| PhoenixError::Damaged { path: path.clone(), what: what.to_owned() };
        let label: Label = serde_json::from_slice(&text).map_err(|e| damaged(&format!("does not say which repository this is: {e}")))?;
        if label.format != FORMAT {
            return Err(damaged("is of another program"));
        }
        if label.v != VERSION {
            return Err(PhoenixError::Newer { path, found: label.v, known: VERSION });
        }
        // Nothing else seals it: so it has one form only, and whatever is not that was altered.
        if label.text()? != text {
            return Err(damaged("was altered"));
        }
        Ok(Self { folder: folder.to_owned(), id: label.repository, append_only: label.append_only })
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// # Errors
    /// When another process writes there.
    pub fn writing(&self) -> Result<Writing, PhoenixError> {
        let path = self.folder.join(LOCK);
        let file = OpenOptions::new().create(true).append(true).owners_alone().open(&path).at(&path, "cannot be opened")?;
        self.give(&file);
        match file.try_lock() {
            Ok(()) => Ok(Writing { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(PhoenixError::Busy { path: self.folder.clone() }),
            // Some shares have no locks: there its owner sees to it that one alone writes.
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(Writing { _file: file }),
            Err(fs::TryLockError::Error(source)) => Err(PhoenixError::File { path, doing: "cannot be locked", source }),
        }
    }

    /// The numbers of the snapshots, ascending.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sequences(&self) -> Result<Vec<Sequence>, PhoenixError> {
        self.numbers(SNAPSHOTS)
    }

    #[must_use]
    pub fn snapshot_path(&self, sequence: Sequence) -> PathBuf {
        self.folder.join(SNAPSHOTS).join(format!("{sequence:010}"))
    }

    /// A sealed manifest.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn snapshot(&self, sequence: Sequence) -> Result<Vec<u8>, PhoenixError> {
        match read(&self.snapshot_path(sequence), limits::MANIFEST_BYTES) {
            Err(PhoenixError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Err(PhoenixError::NoSnapshot { sequence })
            }
            bytes => bytes,
        }
    }

    /// Keeps a sealed manifest; the same again changes nothing, another of the same number is refused.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_snapshot(&self, sequence: Sequence, bytes: &[u8]) -> Result<(), PhoenixError> {
        self.keep(&self.snapshot_path(sequence), bytes)
    }

    pub(super) fn remove_snapshot(&self, sequence: Sequence) -> Result<(), PhoenixError> {
        self.remove(&self.snapshot_path(sequence))?;
        self.remove(&self.drill_path(sequence))
    }

    /// The packs by name with their length in bytes, in order of their names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn packs(&self) -> Result<Vec<(Id, u64)>, PhoenixError> {
        let folder = self.folder.join(PACKS);
        let mut packs = Vec::new();
        for shelf in fs::read_dir(&folder).at(&folder, "cannot be read")? {
            let shelf = shelf.at(&folder, "cannot be read")?.path();
            if !shelf.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&shelf).at(&shelf, "cannot be read")? {
                let entry = entry.at(&shelf, "cannot be read")?;
                let name = entry.file_name();
                if let Some(id) = name.to_str().and_then(Id::read)
                    && self.pack_path(id) == entry.path()
                {
                    packs.push((id, entry.metadata().at(&entry.path(), "cannot be read")?.len()));
                }
            }
        }
        packs.sort_unstable();
        Ok(packs)
    }

    #[must_use]
    pub fn pack_path(&self, id: Id) -> PathBuf {
        let name = id.to_string();
        self.folder.join(PACKS).join(name.get(..2).unwrap_or_default()).join(&name)
    }

    /// Where a pack that is not whole yet may grow: on the same file system, swept by nobody but its owner.
    #[must_use]
    pub fn partial_path(&self, id: Id) -> PathBuf {
        self.folder.join(PARTIAL).join(id.to_string())
    }

    /// Takes in a pack that grew at `partial`, where it is whole: its BLAKE3 is its name.
    ///
    /// # Errors
    /// When it is not, or cannot be moved; it lies there still then.
    pub fn adopt_pack(&self, id: Id, partial: &Path) -> Result<(), PhoenixError> {
        if self.hash_of(partial)? != id {
            return Err(PhoenixError::Damaged { path: partial.to_owned(), what: "is not the pack that it should become".into() });
        }
        files::sync_file(partial).at(partial, "cannot be brought to disk")?;
        let path = self.pack_path(id);
        self.shelve(&path)?;
        fs::rename(partial, &path).at(&path, "cannot be put in its place")?;
        sync_folder(&path)
    }

    /// BLAKE3 of a file, read little by little.
    pub(super) fn hash_of(&self, path: &Path) -> Result<Id, PhoenixError> {
        let mut file = File::open(path).at(path, "cannot be read")?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 64 * 1_024];
        loop {
            let read = file.read(&mut buffer).at(path, "cannot be read")?;
            if read == 0 {
                return Ok(Id(*hasher.finalize().as_bytes()));
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
    }

    pub(super) fn keep_pack(&self, id: Id, bytes: &[u8], haste: Haste<'_>) -> Result<(), PhoenixError> {
        let path = self.pack_path(id);
        self.shelve(&path)?;
        self.write(&path, bytes, haste)
    }

    pub(super) fn remove_pack(&self, id: Id) -> Result<(), PhoenixError> {
        self.remove(&self.pack_path(id))
    }

    /// Moves a pack out of the way.
    pub(super) fn set_aside(&self, _writing: &Writing, id: Id) -> Result<(), PhoenixError> {
        let folder = self.folder.join(DAMAGED);
        self.make(&folder)?;
        let (from, to) = (self.pack_path(id), folder.join(id.to_string()));
        fs::rename(&from, &to).at(&from, "cannot be put aside")?;
        sync_folder(&to)?;
        sync_folder(&from)
    }

    /// The wrapped keys, as they lie there. One that cannot be read is left out: the others open the repository still.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn slots(&self) -> Result<Vec<(String, Vec<u8>)>, PhoenixError> {
        let read = |name: String| Some((self.slot(&name).ok()?, name)).map(|(bytes, name)| (name, bytes));
        Ok(self.slot_names()?.into_iter().filter_map(read).collect())
    }

    pub(super) fn slot_names(&self) -> Result<Vec<String>, PhoenixError> {
        let folder = self.folder.join(KEYS);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).at(&folder, "cannot be read")? {
            let name = entry.at(&folder, "cannot be read")?.file_name();
            names.extend(name.to_str().filter(|name| slot_id(name).is_some()).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    pub(super) fn slot(&self, name: &str) -> Result<Vec<u8>, PhoenixError> {
        read(&self.folder.join(KEYS).join(name), SMALL_BYTES)
    }

    /// # Errors
    /// When it cannot be written, or the name is none.
    pub fn keep_slot(&self, name: &str, bytes: &[u8]) -> Result<(), PhoenixError> {
        let id = slot_id(name).ok_or_else(|| PhoenixError::Refused(format!("`{name}` is no name of a wrapped key")))?;
        self.keep(&self.folder.join(KEYS).join(id.to_string()), bytes)
    }

    pub(super) fn remove_slot(&self, id: Uuid) -> Result<(), PhoenixError> {
        self.remove(&self.folder.join(KEYS).join(id.to_string()))
    }

    pub(super) fn drill_path(&self, sequence: Sequence) -> PathBuf {
        self.folder.join(DRILLS).join(format!("{sequence:010}"))
    }

    pub(super) fn drill(&self, sequence: Sequence) -> Result<Option<Vec<u8>>, PhoenixError> {
        match read(&self.drill_path(sequence), SMALL_BYTES) {
            Err(PhoenixError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    pub(super) fn keep_drill(&self, sequence: Sequence, bytes: &[u8]) -> Result<(), PhoenixError> {
        self.put(&self.drill_path(sequence), bytes)
    }

    /// Files that a killed writer left behind. Only who writes may sweep.
    pub(super) fn sweep(&self, _writing: &Writing) -> Result<(), PhoenixError> {
        for folder in
            [self.folder.clone(), self.folder.join(KEYS), self.folder.join(SNAPSHOTS), self.folder.join(DRILLS), self.folder.join(PARTIAL)]
        {
            for entry in fs::read_dir(&folder).at(&folder, "cannot be read")? {
                let entry = entry.at(&folder, "cannot be read")?;
                if entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY)) {
                    fs::remove_file(entry.path()).at(&entry.path(), "cannot be deleted")?;
                }
            }
        }
        Ok(())
    }

    /// Files that are no file of a repository, by their place or by their name.
    pub(super) fn strangers(&self) -> Result<Vec<PathBuf>, PhoenixError> {
        let mut strange = Vec::new();
        for place in ["", KEYS, SNAPSHOTS, DRILLS] {
            let folder = self.folder.join(place);
            for entry in fs::read_dir(&folder).at(&folder, "cannot be read")?.flatten() {
                if !entry.file_name().to_str().is_some_and(|name| belongs(place, name) || name.starts_with(TEMPORARY)) {
                    strange.push(entry.path());
                }
            }
        }
        let packs: std::collections::BTreeSet<PathBuf> = self.packs()?.into_iter().map(|(id, _)| self.pack_path(id)).collect();
        let shelves = self.folder.join(PACKS);
        for shelf in fs::read_dir(&shelves).at(&shelves, "cannot be read")?.flatten() {
            let files = fs::read_dir(shelf.path()).map(|files| files.flatten().map(|file| file.path()).collect());
            let files: Vec<PathBuf> = files.unwrap_or_else(|_| vec![shelf.path()]);
            strange.extend(files.into_iter().filter(|path| !packs.contains(path)));
        }
        strange.sort();
        Ok(strange)
    }

    fn numbers(&self, of: &str) -> Result<Vec<Sequence>, PhoenixError> {
        let folder = self.folder.join(of);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&folder).at(&folder, "cannot be read")? {
            let name = entry.at(&folder, "cannot be read")?.file_name();
            numbers.extend(name.to_str().and_then(number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn shelve(&self, path: &Path) -> Result<(), PhoenixError> {
        match path.parent() {
            Some(shelf) if !shelf.exists() => {
                self.make(shelf)?;
                sync_folder(shelf)
            }
            _ => Ok(()),
        }
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), PhoenixError> {
        match read(path, bytes.len() as u64) {
            Ok(there) if there == bytes => Ok(()),
            Err(PhoenixError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => self.put(path, bytes),
            Err(error @ PhoenixError::File { .. }) => Err(error),
            _ => Err(PhoenixError::Damaged {
                path: path.to_owned(),
                what: "is there already, and is another: nothing is written over it".into(),
            }),
        }
    }

    /// What is written there is whose the repository is, whoever writes it: root's commands are for a Jamey that is somebody else.
    fn give(&self, file: &File) {
        if let Ok(found) = self.folder.metadata() {
            files::give_as(file, &found);
        }
    }

    fn make(&self, folder: &Path) -> Result<(), PhoenixError> {
        make(folder)?;
        // Who is not root gives nothing away.
        let _ = self.folder.metadata().and_then(|found| files::give_folder_as(folder, &found));
        Ok(())
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), PhoenixError> {
        self.write(path, bytes, Haste::Full)
    }

    fn write(&self, path: &Path, bytes: &[u8], haste: Haste<'_>) -> Result<(), PhoenixError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let partial = self.folder.join(PARTIAL).join(format!("{TEMPORARY}{name}"));
        let partial = if partial.parent().is_some_and(Path::exists) { partial } else { self.folder.join(format!("{TEMPORARY}{name}")) };
        // Whoever else may write there must not lead it elsewhere by a link: what lies there goes, and only what is new is written.
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).at(&partial, "cannot be deleted"),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).owners_alone().open(&partial).at(&partial, "cannot be written")?;
        self.give(&file);
        if let Haste::Gentle(house) = haste {
            let mut giving_way = GivingWay::to(house);
            for slice in bytes.chunks(SLICE_BYTES) {
                file.write_all(slice).at(&partial, "cannot be written")?;
                file.sync_data().at(&partial, "cannot be brought to disk")?;
                std::thread::sleep(giving_way.pause());
            }
        } else {
            file.write_all(bytes).at(&partial, "cannot be written")?;
        }
        file.sync_all().at(&partial, "cannot be brought to disk")?;
        drop(file);
        fs::rename(&partial, path).at(path, "cannot be put in its place")?;
        sync_folder(path)
    }

    fn remove(&self, path: &Path) -> Result<(), PhoenixError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => {
                done.at(path, "cannot be deleted")?;
                sync_folder(path)
            }
        }
    }
}

/// The highest number: what has ten digits.
pub(super) const LAST: Sequence = 9_999_999_999;
/// What the names of files that are not whole begin with.
const TEMPORARY: &str = ".new-";

/// Reads a whole file of at most `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, PhoenixError> {
    let file = files::open_at_once(path).at(path, "cannot be read")?;
    if !file.metadata().at(path, "cannot be read")?.is_file() {
        return Err(PhoenixError::Damaged { path: path.to_owned(), what: "is no file".into() });
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).at(path, "cannot be read")?;
    if bytes.len() as u64 > most {
        return Err(PhoenixError::Damaged { path: path.to_owned(), what: format!("is longer than {most} bytes") });
    }
    Ok(bytes)
}

/// Whether a file of this name has its place there.
fn belongs(place: &str, name: &str) -> bool {
    match place {
        "" => matches!(name, FILE | LOCK | KEYS | PACKS | SNAPSHOTS | DRILLS | PARTIAL | DAMAGED),
        KEYS => slot_id(name).is_some(),
        _ => number(name).is_some(),
    }
}

/// The number that a file's name is: ten digits, in the one form that it has.
fn number(name: &str) -> Option<Sequence> {
    name.parse().ok().filter(|number| format!("{number:010}") == name && *number <= LAST)
}

/// The id that a wrapped key's name is, in the one form that it has.
fn slot_id(name: &str) -> Option<Uuid> {
    Uuid::parse_str(name).ok().filter(|id| id.to_string() == name)
}

/// Its owner's alone; folders above it as they are made otherwise.
fn make(folder: &Path) -> Result<(), PhoenixError> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above).at(folder, "cannot be made")?;
    }
    DirBuilder::new().recursive(true).owners_alone().create(folder).at(folder, "cannot be made")
}

/// Brings a new name, or that one is gone, to disk.
pub(super) fn sync_folder(of: &Path) -> Result<(), PhoenixError> {
    let folder = of.parent().unwrap_or(of);
    files::sync_folder(folder).at(folder, "cannot be brought to disk")
}
