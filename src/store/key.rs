//! The audit trail's key: 32 random bytes in `audit.key`, made at the first start, readable by nobody but the owner, and never shown.

use super::error::StoreError;
use crate::{
    domain::audit::Key,
    runtime::files::{self, OwnersAlone},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

/// Its file in the data folder.
pub const KEY_FILE: &str = "audit.key";

/// The key, where there is one.
///
/// # Errors
/// When others may read it, or it is no key.
pub fn read(folder: &Path) -> Result<Option<Key>, StoreError> {
    let path = folder.join(KEY_FILE);
    let refused = |problem: String| StoreError::Key { path: path.clone(), problem };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    if let Some(mode) = files::shared(&file.metadata().map_err(|e| refused(e.to_string()))?) {
        return Err(refused(format!(
            "others may use it (mode {mode:o}); `chmod 600` it, and ask who read it: they could seal what never happened"
        )));
    }
    let mut bytes = Vec::with_capacity(Key::BYTES);
    // One byte more than a key has, to see that it ends there.
    file.take(33).read_to_end(&mut bytes).map_err(|e| refused(e.to_string()))?;
    match <&[u8; Key::BYTES]>::try_from(bytes.as_slice()) {
        Ok(bytes) => Ok(Some(Key::new(bytes))),
        Err(_) => Err(refused(format!("a key has {} bytes and no more; bring back the one that was there", Key::BYTES))),
    }
}

/// The key, and whether it was made just now.
pub(super) fn read_or_make(folder: &Path) -> Result<(Key, bool), StoreError> {
    if let Some(key) = read(folder)? {
        return Ok((key, false));
    }
    let path = folder.join(KEY_FILE);
    let mut bytes = [0; Key::BYTES];
    getrandom::fill(&mut bytes)
        .map_err(io::Error::other)
        .and_then(|()| write(folder, &bytes))
        .map_err(|e| StoreError::Key { path, problem: format!("it cannot be made: {e}") })?;
    Ok((Key::new(&bytes), true))
}

/// Whole and on disk under its name, or not there.
fn write(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = folder.join("audit.key.new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).owners_alone().open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(fresh, folder.join(KEY_FILE))?;
    files::sync_folder(folder)
}
