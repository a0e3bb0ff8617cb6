//! The database's file, read beside SQLite.

use super::error::StoreError;
use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// By device and inode. They are never closed: a process that closes a file loses all its locks on it, those that SQLite holds among them, and
/// another process could then take the log away (sqlite.org/howtocorrupt.html, 2.2). As each stays open, no other file gets its number.
static OPEN: Mutex<BTreeMap<(u64, u64), Arc<File>>> = Mutex::new(BTreeMap::new());

/// The file, for reading. Once in a process.
pub(super) fn open(path: &Path) -> Result<Arc<File>, StoreError> {
    let failed = |source| StoreError::Folder { path: path.to_owned(), source };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = path.metadata().map_err(failed)?;
    let number = (found.dev(), found.ino());
    if let Some(file) = open.get(&number) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(File::open(path).map_err(failed)?);
    open.insert(number, Arc::clone(&file));
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_opened_once_and_another_in_its_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(open(&path).is_err());
        std::fs::write(&path, "one").unwrap();
        let first = open(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &open(&path).unwrap()));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "two").unwrap();
        assert!(!Arc::ptr_eq(&first, &open(&path).unwrap()));
    }
}
