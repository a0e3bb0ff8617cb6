//! How much room a disk has.

use std::{io, path::Path};

/// Bytes of one disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub total: u64,
    /// To be had by this user.
    pub free: u64,
}

impl Disk {
    /// The disk of a file or folder.
    ///
    /// # Errors
    /// When there is none at the path.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = fs4::statvfs(path)?;
        Ok(Self { total: found.total_space(), free: found.available_space() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_no_more_free_than_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(folder.path()).unwrap();
        assert!(disk.total > 0 && disk.free <= disk.total, "{disk:?}");
        assert!(Disk::of(&folder.path().join("none")).is_err());
    }
}
