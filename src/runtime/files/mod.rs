//! What files and folders are beside their content: whose they are, which one of many, and whether their names are on disk. Hosts differ in
//! that, and the rest of the house does not know how.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as host;
#[cfg(windows)]
use windows as host;

pub use host::{
    Hold, brought_to_disk, give_as, give_folder_as, hand_over, has_one_name, hold, mode, number, open_at_once, open_once, owner, set_mode,
    stamp, sync_file, sync_folder,
};

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
};

/// Where systemd puts what it hands over.
const CREDENTIALS: &str = "/run/credentials";
const READ_BY_THE_GROUP: u32 = 0o040;

/// For others than the owner to read, write or run.
const OTHERS: u32 = 0o077;
/// For others than the owner to write.
const WRITTEN: u32 = 0o022;

/// What is made is its owner's alone from its first moment: a file 0600, a folder 0700.
///
/// On Windows it takes the list of who may from the folder that it is made in, and is as private as that folder is.
pub trait OwnersAlone {
    fn owners_alone(&mut self) -> &mut Self;
}

/// The mode of what others than its owner may read, write or run. None: they may not, or the host has no modes.
#[must_use]
pub fn shared(found: &Metadata) -> Option<u32> {
    mode(found).filter(|mode| mode & OTHERS != 0)
}

/// The same of a file with a secret. What systemd hands over is root's, and that the service may read it stands in an access list, which shows as what
/// the group may; nobody else gets into the folder.
#[must_use]
pub fn shared_secret(path: &Path, found: &Metadata) -> Option<u32> {
    let handed_over = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    secret_in(path, found, &[Some(Path::new(CREDENTIALS)), handed_over.as_deref()])
}

fn secret_in(path: &Path, found: &Metadata, handed_over: &[Option<&Path>]) -> Option<u32> {
    let is_handed_over = handed_over.iter().flatten().any(|folder| path.starts_with(folder));
    shared(found).filter(|mode| !is_handed_over || mode & OTHERS != READ_BY_THE_GROUP)
}

/// The mode of what others than its owner may write. None: they may not, or the host has no modes.
#[must_use]
pub fn written_by_others(found: &Metadata) -> Option<u32> {
    mode(found).filter(|mode| mode & WRITTEN != 0)
}

/// Tells one file from every other that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// The disk that it is on.
    pub device: u64,
    file: u64,
}

/// Tells one state of a file from another: which file it is, how long, and when it was changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    file: u64,
    changed: (i64, i64),
    bytes: u64,
}

/// Reads and writes at a place, whatever was read or written before.
pub trait Positioned {
    /// # Errors
    /// As reading does.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;

    /// # Errors
    /// As writing does.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize>;

    /// As much as there is, up to the buffer's length.
    ///
    /// # Errors
    /// As reading does.
    fn fill_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// # Errors
    /// As reading does, and where there is less.
    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        if self.fill_at(buffer, at)? == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// # Errors
    /// As writing does.
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.write_at(rest, at + written as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
