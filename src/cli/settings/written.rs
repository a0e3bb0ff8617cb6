//! A config file is written beside itself and put in its place in one step: whoever reads it finds the old one or the new one, whole.

use crate::runtime::files;
use anyhow::{Context, Result, bail};
use std::{
    fs::{File, Metadata},
    io::Write,
    path::Path,
};

/// With the mode and the owner that it had. A link is followed, and stays one.
///
/// # Errors
/// When it cannot be written, or somebody could not read it any more: then it is as it was.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    let file = std::fs::canonicalize(file).with_context(|| format!("{} is not there", file.display()))?;
    let failed = || format!("{} cannot be written, and is as it was", file.display());
    let folder = file.parent().context("a file is in a folder")?;
    let found = file.metadata().with_context(failed)?;
    let mut fresh = tempfile::Builder::new().prefix(".jamey.toml-").tempfile_in(folder).with_context(failed)?;
    fresh.write_all(text.as_bytes()).with_context(failed)?;
    fresh.as_file().set_permissions(found.permissions()).with_context(failed)?;
    give(fresh.as_file(), &found).with_context(failed)?;
    fresh.as_file().sync_all().with_context(failed)?;
    fresh.persist(&file).with_context(failed)?;
    files::sync_folder(folder).with_context(|| format!("{} is written, and may be as it was again if the power is cut now", file.display()))
}

/// Who is not root gives no file away: the fresh one is his then, and of the group if he is in it.
fn give(fresh: &File, found: &Metadata) -> Result<()> {
    let (has_owner, has_group) = files::give_as(fresh, found);
    if !files::mode(found).is_none_or(|mode| is_read_as_before(mode, has_owner, has_group)) {
        bail!("whose it is, or who is of its group, could not read it any more: run this as root");
    }
    Ok(())
}

/// Whether all who could read a file of this mode still can, where its owner or its group is another one.
fn is_read_as_before(mode: u32, has_owner: bool, has_group: bool) -> bool {
    let (for_group, for_all) = (mode & 0o040 != 0, mode & 0o004 != 0);
    for_all || (has_owner && (has_group || !for_group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_read_it_is_shut_out() {
        let (kept, lost) = (true, false);
        for (mode, owner, group, is_good) in [
            (0o640, kept, kept, true),
            (0o640, kept, lost, false),
            (0o600, kept, lost, true),
            (0o600, lost, lost, false),
            (0o660, lost, kept, false),
            (0o644, lost, lost, true),
        ] {
            assert_eq!(is_read_as_before(mode, owner, group), is_good, "{mode:o} {owner} {group}");
        }
    }
}
