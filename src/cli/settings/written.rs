//! A config file is written beside itself and put in its place in one step: whoever reads it finds the old one or the new one, whole.

use anyhow::{Context, Result};
use std::{fs::File, io::Write, path::Path};

/// With the mode and the owner that it had. A link is followed, and stays one.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    let file = std::fs::canonicalize(file).with_context(|| format!("{} is not there", file.display()))?;
    let failed = || format!("{} cannot be written, and is as it was", file.display());
    let folder = file.parent().context("a file is in a folder")?;
    let found = file.metadata().with_context(failed)?;
    let mut fresh = tempfile::Builder::new().prefix(".jamey.toml-").tempfile_in(folder).with_context(failed)?;
    fresh.write_all(text.as_bytes()).with_context(failed)?;
    fresh.as_file().set_permissions(found.permissions()).with_context(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Who is not root gives nothing away, and the file is his then.
        let _ = fchown(fresh.as_file(), Some(found.uid()), Some(found.gid()));
    }
    fresh.as_file().sync_all().with_context(failed)?;
    fresh.persist(&file).with_context(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(failed)
}
