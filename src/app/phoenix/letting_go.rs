//! Deletes what was written for a snapshot, little by little: a large file that goes at once keeps the file system's journal, and a disk that is
//! told of free blocks, from what verdicts wait for.

use crate::runtime::files;
use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};

/// Given back at once.
const STEP_BYTES: u64 = 16 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

/// Deletes the folder.
///
/// # Errors
/// When something of it cannot be deleted; that it is not there is none.
pub(super) fn let_go(folder: &Path) -> io::Result<()> {
    shorten(folder);
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// What cannot be made shorter is deleted all the same.
fn shorten(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(found) = entry.metadata() else { continue };
        if found.is_dir() {
            shorten(&entry.path());
        }
        // What has another name is somebody's: the index is linked.
        if found.is_file()
            && files::has_one_name(&found)
            && let Ok(file) = File::options().write(true).open(entry.path())
        {
            let mut left = found.len();
            while left > STEP_BYTES && file.set_len(left - STEP_BYTES).is_ok() {
                left -= STEP_BYTES;
                std::thread::sleep(PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_goes_and_what_has_another_name_stays_as_it_is() {
        let data = tempfile::tempdir().unwrap();
        let (folder, index) = (data.path().join("gather"), data.path().join("index"));
        fs::create_dir_all(folder.join("index")).unwrap();
        File::create(folder.join("large")).unwrap().set_len(3 * STEP_BYTES).unwrap();
        File::create(&index).unwrap().set_len(2 * STEP_BYTES).unwrap();
        fs::hard_link(&index, folder.join("index/linked")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&index, folder.join("index/symlink")).unwrap();
        let_go(&folder).unwrap();
        assert!(!folder.exists());
        assert_eq!(fs::metadata(&index).unwrap().len(), 2 * STEP_BYTES);
        let_go(&folder).unwrap();
    }
}
