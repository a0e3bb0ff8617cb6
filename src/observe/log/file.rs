//! The log in files, for hosts without a journal: bounded in size and number, so that it fills no card. `NAME` is written, `NAME.1` is the one
//! before it.

use super::queue::Trouble;
use crate::runtime::files::{self, OwnersAlone};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

pub(super) struct Turned {
    path: PathBuf,
    bytes: u64,
    files: u32,
    /// None: it could not be opened; the next line tries again.
    file: Option<File>,
    written: u64,
    /// Why it could not be turned over when it should have been.
    stays: Option<io::Error>,
}

impl Turned {
    /// Goes on with the file that is there. One of `files` is turned over when a line would make it longer than `bytes`.
    ///
    /// # Errors
    /// When it cannot be written, or turned over.
    pub fn open(path: &Path, bytes: u64, files: u32) -> io::Result<Self> {
        can_turn(path)?;
        let (file, written) = append(path)?;
        Ok(Self { path: path.to_owned(), bytes, files: files.max(1), file: Some(file), written, stays: None })
    }

    /// What the disk does not take goes to standard error: it is not lost unseen.
    pub fn write(&mut self, line: &[u8]) -> Trouble {
        let shown = self.path.display().to_string();
        if let Err(why) = self.put(line) {
            self.file = None;
            let _ = io::stderr().lock().write_all(line);
            return Some(format!("{shown} cannot be written ({why}): the log goes to standard error"));
        }
        let why = self.stays.as_ref()?;
        Some(format!("{shown} cannot be turned over ({why}): it grows to twice its size, and begins anew then"))
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        let more = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let is_over = |bytes: u64| self.written > 0 && self.written.saturating_add(more) > bytes;
        if is_over(self.bytes) {
            let begins_anew = is_over(self.bytes.saturating_mul(2));
            self.stays = self.turn_over().err();
            match (&self.stays, &self.file) {
                (None, _) => self.file = None,
                // A log that is not bounded fills the card that the house stands on.
                (Some(_), Some(file)) if begins_anew => {
                    file.set_len(0)?;
                    self.written = 0;
                }
                _ => {}
            }
        }
        if self.file.is_none() {
            let (file, written) = append(&self.path)?;
            (self.file, self.written) = (Some(file), written);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(line)?;
        self.written = self.written.saturating_add(more);
        Ok(())
    }

    /// The oldest goes, each other gets the next number.
    fn turn_over(&self) -> io::Result<()> {
        let name = |number: u32| {
            if number == 0 {
                return self.path.clone();
            }
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (0..self.files).rev() {
            let moved = if number + 1 < self.files { fs::rename(name(number), name(number + 1)) } else { fs::remove_file(name(number)) };
            match moved {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a log can be kept there. Nothing is left of the trial.
///
/// # Errors
/// When it cannot be written, or not be turned over.
pub(super) fn tried(path: &Path) -> io::Result<()> {
    can_turn(path)?;
    match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// It is a file, or can be made one, and files are moved and taken away where it is.
fn can_turn(path: &Path) -> io::Result<()> {
    // Who opens a pipe waits for its reader.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is no file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".jamey-log-").tempfile_in(folder).map(drop)
}

/// Who reads a log learns who comes and goes: it is its owner's alone, also where it was there before.
fn append(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).owners_alone().open(path)?;
    let found = file.metadata()?;
    if files::shared(&found).is_some() {
        files::set_mode(&file, 0o600)?;
    }
    Ok((file, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path) -> Vec<(String, String)> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_file())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn it_never_takes_more_than_it_may_and_the_newest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jamey.log");
        for run in 0..2 {
            let mut log = Turned::open(&path, 100, 3).unwrap();
            for n in 0..50 {
                assert_eq!(log.write(format!("run {run}, line {n:02}, and so on\n").as_bytes()), None);
                let all = read(folder.path());
                assert!(all.len() <= 3 && all.iter().all(|(_, text)| text.len() <= 100), "{all:?}");
            }
        }
        let all = read(folder.path());
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["jamey.log", "jamey.log.1", "jamey.log.2"]);
        let lines: String = all.iter().rev().map(|(_, text)| text.as_str()).collect();
        let last = 50 - lines.lines().count();
        let wanted: String = (last..50).map(|n| format!("run 1, line {n:02}, and so on\n")).collect();
        assert_eq!(lines, wanted, "in their order, without a gap");
    }

    #[test]
    fn one_file_alone_begins_anew_and_a_line_that_is_too_long_has_one_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Turned::open(&folder.path().join("l"), 10, 1).unwrap();
        for line in ["short\n", "longer than ten bytes\n", "new\n"] {
            log.write(line.as_bytes());
            assert_eq!(read(folder.path()), [("l".to_owned(), line.to_owned())]);
        }
    }

    #[test]
    fn what_cannot_be_turned_over_goes_on_within_twice_its_size_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let (path, in_the_way) = (folder.path().join("l"), folder.path().join("l.1"));
        fs::create_dir_all(in_the_way.join("x")).unwrap();
        let mut log = Turned::open(&path, 100, 2).unwrap();
        let told: Vec<bool> = (0..50)
            .map(|n| {
                let trouble = log.write(format!("line {n:02}, and so on\n").as_bytes());
                let all = read(folder.path());
                assert!(all.len() == 1 && all[0].1.len() <= 200 && all[0].1.ends_with(&format!("line {n:02}, and so on\n")), "{all:?}");
                assert!(trouble.as_ref().is_none_or(|trouble| trouble.contains("cannot be turned over")), "{trouble:?}");
                trouble.is_some()
            })
            .collect();
        assert!(!told[0] && told[49], "{told:?}");
        fs::remove_dir_all(&in_the_way).unwrap();
        // Until it is over its size the next time.
        let last = (0..10).map(|_| log.write(b"it can be turned over again\n")).last().unwrap();
        assert_eq!(last, None);
        assert!(read(folder.path()).iter().all(|(_, text)| text.len() <= 200));
        assert_eq!(read(folder.path()).len(), 2);
    }

    #[test]
    fn a_disk_that_takes_no_line_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Turned::open(&folder.path().join("l"), 10, 1).unwrap();
        log.file = None;
        log.path = folder.path().join("none/l");
        assert!(log.write(b"a line\n").unwrap().contains("goes to standard error"));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_also_where_it_was_there_before() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        drop(Turned::open(&path, 10, 1).unwrap());
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(Turned::open(&path, 10, 1).unwrap());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn where_no_log_can_be_kept_none_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| Turned::open(path, 10, 1).is_err() && tried(path).is_err();
        assert!(refused(&folder.path().join("none/l")));
        assert!(refused(folder.path()), "a folder is no file");
        // It can be written, and nothing can be made beside it; not by root either.
        #[cfg(target_os = "linux")]
        assert!(refused(Path::new("/proc/self/clear_refs")));
        tried(&folder.path().join("l")).unwrap();
        assert_eq!(read(folder.path()), [], "nothing is left of the trial");
    }
}
