//! What the house stands on: a folder that is its own alone, and enough descriptors.

use crate::runtime::{
    descriptors,
    files::{self, OwnersAlone},
};
use anyhow::{Context, Result, bail};
use std::{
    fs::{DirBuilder, File},
    io::{ErrorKind, Write},
    path::Path,
};
use tracing::warn;

/// The data folder is its owner's alone.
pub fn private_folder(data: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).owners_alone().create(data)
}

/// A folder in one that is there: its owner's alone, who is that one's, whoever makes it.
pub fn owners_folder(folder: &Path) -> std::io::Result<()> {
    match DirBuilder::new().owners_alone().create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => return Ok(()),
        made => made?,
    }
    files::give_folder_as(folder, &folder.parent().unwrap_or(folder).metadata()?)
}

/// Writes a small file of the data folder: whole, on disk before it returns, and its owner's, whoever writes it.
///
/// # Errors
/// When the data folder cannot be written.
pub fn put_down(data: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let fresh = data.join(format!("{name}.new"));
    // One that a killed process left, or that points elsewhere.
    let _ = std::fs::remove_file(&fresh);
    let mut file = File::options().write(true).create_new(true).owners_alone().open(&fresh)?;
    files::give_as(&file, &data.metadata()?);
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(fresh, data.join(name))?;
    files::sync_folder(data)
}

/// One Jamey a data folder: two would write over each other.
pub fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another Jamey uses the data folder {}: stop it, or set store.data or --data", data.display());
    }
    Ok(file)
}

/// Whether a Jamey runs with this data folder. Nothing is made where there is none.
#[must_use]
pub fn is_running(data: &Path) -> bool {
    let Ok(file) = File::options().write(true).open(data.join("lock")) else { return false };
    matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

/// Every connection needs a descriptor; the rest of the process some sixty.
pub fn raise_descriptors(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(64);
    if let Some(most) = descriptors::raise(wanted) {
        warn!("{most} file descriptors are too few for broker.max_connections = {connections}: raise the limit (LimitNOFILE) or lower it");
    }
}
