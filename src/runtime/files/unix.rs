//! Files as Unix has them: modes, owners, numbers.

use super::{Number, OwnersAlone, Positioned, Stamp};
use nix::{fcntl::OFlag, sys::stat::Mode};
use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

impl OwnersAlone for OpenOptions {
    fn owners_alone(&mut self) -> &mut Self {
        self.mode(0o600)
    }
}

impl OwnersAlone for DirBuilder {
    fn owners_alone(&mut self) -> &mut Self {
        self.mode(0o700)
    }
}

impl Positioned for File {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, at)
    }
}

/// Who may do what with it, as `chmod` has it. None: the host has no modes.
#[must_use]
pub fn mode(found: &Metadata) -> Option<u32> {
    Some(found.mode() & 0o777)
}

/// Gives it a mode, where the host has modes.
///
/// # Errors
/// When it is another's.
pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode & 0o777))
}

/// The number of the user whose it is. None: the host has no such numbers.
#[must_use]
pub fn owner(found: &Metadata) -> Option<u32> {
    Some(found.uid())
}

/// Gives a file to whom another belongs; whether it has that one's owner, and its group, then. Who is not root gives nothing away, and the file is his,
/// and of the group if he is in it.
pub fn give_as(file: &File, found: &Metadata) -> (bool, bool) {
    if fchown(file, Some(found.uid()), Some(found.gid())).is_ok() {
        return (true, true);
    }
    let has_group = fchown(file, None, Some(found.gid())).is_ok();
    (file.metadata().is_ok_and(|file| file.uid() == found.uid()), has_group)
}

/// The same for a folder, and nothing that a link in its place leads to.
///
/// # Errors
/// When it is no folder, or cannot be opened.
pub fn give_folder_as(folder: &Path, found: &Metadata) -> io::Result<()> {
    let folder = File::from(nix::fcntl::open(folder, IN_A_FOLDER | OFlag::O_DIRECTORY, Mode::empty())?);
    give_as(&folder, found);
    Ok(())
}

/// Gives what is root's in a folder to whom the folder belongs, and follows no link in it: what root did there is not in its owner's way. Who is not
/// root changes nothing.
///
/// # Errors
/// When a file cannot be given.
pub fn hand_over(folder: &Path) -> io::Result<()> {
    let opened = File::open(folder)?;
    let whose = opened.metadata()?;
    if whose.uid() == 0 || !nix::unistd::Uid::effective().is_root() {
        return Ok(());
    }
    hand_over_in(&opened, &whose)
}

fn hand_over_in(folder: &File, whose: &Metadata) -> io::Result<()> {
    let mut listed = nix::dir::Dir::from_fd(folder.try_clone()?.into())?;
    let names = listed.iter().map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect::<nix::Result<Vec<_>>>()?;
    for name in names.iter().filter(|name| !matches!(name.to_bytes(), b"." | b"..")) {
        // A link, or gone.
        let Ok(opened) = nix::fcntl::openat(folder, name.as_c_str(), IN_A_FOLDER, Mode::empty()) else { continue };
        let file = File::from(opened);
        let found = file.metadata()?;
        // What has other names may be somebody else's.
        let is_of_the_folder = found.dev() == whose.dev() && (found.is_dir() || found.is_file() && has_one_name(&found));
        if is_of_the_folder && found.uid() == 0 {
            fchown(&file, Some(whose.uid()), Some(whose.gid()))?;
        }
        if is_of_the_folder && found.is_dir() {
            hand_over_in(&file, whose)?;
        }
    }
    Ok(())
}

const IN_A_FOLDER: OFlag = OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// None: the host does not say.
#[must_use]
pub fn number(found: &Metadata) -> Option<Number> {
    Some(Number { device: found.dev(), file: found.ino() })
}

/// None: it is not there. The time is that of the change, not of the content: a mode that was put right counts too.
#[must_use]
pub fn stamp(path: &Path) -> Option<Stamp> {
    let found = path.metadata().ok()?;
    Some(Stamp { file: found.ino(), changed: (found.ctime(), found.ctime_nsec()), bytes: found.size() })
}

/// Whether no other name leads to the same file; false too where the host does not say.
#[must_use]
pub fn has_one_name(found: &Metadata) -> bool {
    found.nlink() == 1
}

/// Opens it for reading. A pipe in a file's place would let whoever opens it wait for ever: it is opened at once, and is no file.
///
/// # Errors
/// When it cannot be opened.
pub fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

/// They are never closed: a process that closes a file loses all its locks on it, those that SQLite holds among them, and another process could
/// then take the log away (sqlite.org/howtocorrupt.html, 2.2). As each stays open, no other file gets its number.
static OPEN: Mutex<BTreeMap<Number, Arc<File>>> = Mutex::new(BTreeMap::new());

/// The file, for reading, opened once in a process and never closed: one that SQLite has open too.
///
/// # Errors
/// When it cannot be opened.
pub fn open_once(path: &Path) -> io::Result<Arc<File>> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = path.metadata()?;
    let number = Number { device: found.dev(), file: found.ino() };
    if let Some(file) = open.get(&number) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(File::open(path)?);
    open.insert(number, Arc::clone(&file));
    Ok(file)
}

/// Brings to disk what others wrote into a file.
///
/// # Errors
/// When it cannot be opened, or the disk fails.
pub fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Brings to disk which names a folder has: a new one, or that one is gone.
///
/// # Errors
/// When it cannot be read, or the disk fails.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Brings all that is in a folder to disk.
///
/// # Errors
/// When it cannot be read, or the disk fails.
#[cfg(target_os = "linux")]
pub fn brought_to_disk(folder: &Path) -> io::Result<()> {
    Ok(nix::unistd::syncfs(File::open(folder)?)?)
}

/// Brings all that is in a folder to disk.
///
/// # Errors
/// When it cannot be read, or the disk fails.
#[cfg(not(target_os = "linux"))]
pub fn brought_to_disk(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { brought_to_disk(&entry.path())? } else { sync_file(&entry.path())? }
    }
    sync_folder(folder)
}

/// While it lives the folder is one process's.
#[derive(Debug)]
pub struct Hold {
    _folder: File,
}

/// Makes the folder where it is not, its owner's alone, and holds it. None: another does. Some shares have no locks: there nobody is kept out.
///
/// # Errors
/// When it cannot be made or locked.
pub fn hold(folder: &Path) -> io::Result<Option<Hold>> {
    loop {
        match DirBuilder::new().owners_alone().create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let Ok(open) = File::open(folder) else { continue };
        match open.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
            _ => {}
        }
        // The other was done between the two, and this is what became of it.
        if open.metadata().ok().as_ref().map(number) == folder.symlink_metadata().ok().as_ref().map(number) {
            return Ok(Some(Hold { _folder: open }));
        }
    }
}
