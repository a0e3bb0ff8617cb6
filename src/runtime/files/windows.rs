//! Files as Windows has them: who may do what stands in lists that are inherited, and locks belong to handles.

use super::{Number, OwnersAlone, Positioned, Stamp};
use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io,
    os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

/// It goes when it is closed, and so when its process ends, however it ends (`FILE_FLAG_DELETE_ON_CLOSE`).
const GOES_WHEN_CLOSED: u32 = 0x0400_0000;
/// To write, and to take away (`GENERIC_WRITE`, `DELETE`).
const WRITE_AND_DELETE: u32 = 0x4000_0000 | 0x0001_0000;
/// Another process has it open (`ERROR_SHARING_VIOLATION`).
const IN_USE: i32 = 32;

impl OwnersAlone for OpenOptions {
    fn owners_alone(&mut self) -> &mut Self {
        self
    }
}

impl OwnersAlone for DirBuilder {
    fn owners_alone(&mut self) -> &mut Self {
        self
    }
}

impl Positioned for File {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.seek_read(buffer, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        self.seek_write(bytes, at)
    }
}

/// Windows has no modes. Who may read a secret stands in the list of its folder, which Jamey does not look at.
#[must_use]
pub fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// Windows has no modes.
///
/// # Errors
/// None.
pub fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// Owners have no numbers.
#[must_use]
pub fn owner(_: &Metadata) -> Option<u32> {
    None
}

/// A file belongs to who makes it, and who may read it stands in the list of its folder.
pub fn give_as(_: &File, _: &Metadata) -> (bool, bool) {
    (true, true)
}

/// The same for a folder.
///
/// # Errors
/// None.
pub fn give_folder_as(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Files belong to who makes them, and who may what stands in the list of their folder.
///
/// # Errors
/// None.
pub fn hand_over(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The standard library does not tell it.
#[must_use]
pub fn number(_: &Metadata) -> Option<Number> {
    None
}

/// None: it is not there. In the place of its number stands when it was made.
#[must_use]
pub fn stamp(path: &Path) -> Option<Stamp> {
    let found = path.metadata().ok()?;
    let changed = (i64::try_from(found.last_write_time()).unwrap_or(i64::MAX), 0);
    Some(Stamp { file: found.creation_time(), changed, bytes: found.file_size() })
}

/// The standard library does not tell it: it may have others.
#[must_use]
pub fn has_one_name(_: &Metadata) -> bool {
    false
}

/// Opens it for reading. There are no pipes among files.
///
/// # Errors
/// When it cannot be opened.
pub fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The file, for reading, that SQLite has open too. Locks belong to handles: to close this one loses no other's.
///
/// # Errors
/// When it cannot be opened.
pub fn open_once(path: &Path) -> io::Result<Arc<File>> {
    File::open(path).map(Arc::new)
}

/// Brings to disk what others wrote into a file. Whoever cannot write it cannot do that here.
///
/// # Errors
/// When it cannot be opened, or the disk fails.
pub fn sync_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Folders cannot be brought to disk by who uses them: NTFS keeps a journal of names, and writes it in its own time. After a power cut a name may be
/// the old one; what a file holds is on disk.
///
/// # Errors
/// When it is not there.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    folder.metadata().map(drop)
}

/// Brings all that is in a folder to disk.
///
/// # Errors
/// When it cannot be read, or the disk fails.
pub fn brought_to_disk(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { brought_to_disk(&entry.path())? } else { sync_file(&entry.path())? }
    }
    Ok(())
}

/// While it lives the folder is one process's.
#[derive(Debug)]
pub struct Hold {
    _beside: File,
}

/// Makes the folder where it is not, and holds it. None: another does. A folder cannot be locked, and one with an open file in it cannot be renamed:
/// so a file beside it is held, which nobody else can open.
///
/// # Errors
/// When it cannot be made or held.
pub fn hold(folder: &Path) -> io::Result<Option<Hold>> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).access_mode(WRITE_AND_DELETE).share_mode(0).custom_flags(GOES_WHEN_CLOSED);
    let beside = match options.open(folder.with_extension("lock")) {
        Ok(beside) => beside,
        Err(error) if error.raw_os_error() == Some(IN_USE) => return Ok(None),
        Err(error) => return Err(error),
    };
    match DirBuilder::new().create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(Some(Hold { _beside: beside })),
    }
}
