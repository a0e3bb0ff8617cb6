//! Where a restore goes: a folder beside the target, that is filled, and put in its place in one step. Of two restores to one place the second
//! is refused.

use super::{
    error::{At, PhoenixError},
    manifest::SavedItem,
    vault::{SLICE_BYTES, sync_folder},
};
use crate::{
    runtime::files::{self, Hold, OwnersAlone},
    store::{GivingWay, StoreHealth},
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    thread,
};

/// A folder beside the target, that becomes the target or goes.
pub(super) struct Target<'a> {
    into: PathBuf,
    pub(super) folder: PathBuf,
    open: Option<(PathBuf, File)>,
    /// Written in slices beside a house that is at work, else as fast as it goes.
    beside: Option<GivingWay<'a>>,
    unsynced: usize,
    /// While it is held nobody else restores to the same place.
    _alone: Hold,
}

impl<'a> Target<'a> {
    pub(super) fn beside(into: &Path, house: Option<&'a StoreHealth>) -> Result<Self, PhoenixError> {
        let name = into.file_name().and_then(|name| name.to_str()).filter(|name| !name.is_empty());
        let (Some(name), Some(parent)) = (name, into.parent()) else {
            return Err(PhoenixError::Refused(format!("{}: is no folder to restore to", into.display())));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        is_free(into)?;
        DirBuilder::new().recursive(true).owners_alone().create(parent).at(parent, "cannot be made")?;
        let device = |path: &Path| Some(files::number(&path.metadata().ok()?)?.device);
        if device(into).is_some_and(|own| Some(own) != device(parent)) {
            return Err(PhoenixError::Refused(format!("{}: another disk is mounted there: restore to a folder on it", into.display())));
        }
        let folder = parent.join(format!(".{name}.restoring"));
        let alone = alone(&folder)?;
        // Another may have been done just before.
        is_free(into)?;
        Ok(Self {
            into: into.to_owned(),
            folder,
            open: None,
            beside: house.map(|house| GivingWay::to(Some(house))),
            unsynced: 0,
            _alone: alone,
        })
    }

    /// One more chunk of a file; none ends it.
    pub(super) fn take(&mut self, item: &SavedItem, chunk: Option<&[u8]>) -> Result<(), PhoenixError> {
        let path = self.folder.join(&item.path);
        if self.open.as_ref().is_none_or(|(at, _)| *at != path) {
            if let Some(parent) = path.parent() {
                DirBuilder::new().recursive(true).owners_alone().create(parent).at(parent, "cannot be made")?;
            }
            let file = OpenOptions::new().create_new(true).write(true).owners_alone().open(&path).at(&path, "cannot be written")?;
            self.open = Some((path.clone(), file));
        }
        let Some((_, file)) = self.open.as_mut() else { return Ok(()) };
        match chunk {
            Some(chunk) => {
                file.write_all(chunk).at(&path, "cannot be written")?;
                self.unsynced += chunk.len();
                if let Some(beside) = self.beside.as_mut().filter(|_| self.unsynced >= SLICE_BYTES) {
                    file.sync_data().at(&path, "cannot be brought to disk")?;
                    self.unsynced = 0;
                    thread::sleep(beside.pause());
                }
                Ok(())
            }
            None => {
                let done = files::set_mode(file, item.mode).at(&path, "cannot be given its mode");
                self.open = None;
                done
            }
        }
    }

    /// All of it to disk, and then in its place.
    pub(super) fn put(self, for_trial: bool) -> Result<(), PhoenixError> {
        if !for_trial {
            files::brought_to_disk(&self.folder).at(&self.folder, "cannot be brought to disk")?;
        }
        // An empty folder in its place is replaced.
        fs::rename(&self.folder, &self.into).at(&self.into, "cannot be put in its place")?;
        sync_folder(&self.into)
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        // It is not there any more where it was put in its place.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_free(into: &Path) -> Result<(), PhoenixError> {
    match fs::read_dir(into).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(PhoenixError::NotEmpty { path: into.to_owned() }),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(PhoenixError::File { path: into.to_owned(), doing: "cannot be read", source }),
    }
}

/// The folder, empty, and held; what one that was killed left in it goes.
fn alone(folder: &Path) -> Result<Hold, PhoenixError> {
    let Some(held) = files::hold(folder).at(folder, "cannot be made and locked")? else {
        let why = format!("{}: another restore to the same place is under way: wait for it", folder.display());
        return Err(PhoenixError::Refused(why));
    };
    for entry in fs::read_dir(folder).at(folder, "cannot be read")? {
        let entry = entry.at(folder, "cannot be read")?;
        let is_folder = entry.file_type().at(&entry.path(), "cannot be read")?.is_dir();
        let gone = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        gone.at(&entry.path(), "cannot be deleted")?;
    }
    Ok(held)
}
