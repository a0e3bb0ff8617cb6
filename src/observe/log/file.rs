//! The log in files, for hosts without a journal: bounded in size and number, so that it fills no card. `NAME` is written, `NAME.1` is the one
//! before it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

pub struct Turned {
    path: PathBuf,
    bytes: u64,
    files: u32,
    state: Mutex<State>,
}

struct State {
    /// None: it could not be opened; the next line tries again.
    file: Option<File>,
    written: u64,
}

impl Turned {
    /// Goes on with the file that is there. One of `files` is turned over when a line would make it longer than `bytes`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path, bytes: u64, files: u32) -> io::Result<Self> {
        let (file, written) = append(path)?;
        let state = Mutex::new(State { file: Some(file), written });
        Ok(Self { path: path.to_owned(), bytes, files: files.max(1), state })
    }

    /// What the disk does not take goes to standard error: nobody is kept waiting, and it is not lost unseen.
    pub fn write(&self, line: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.put(&mut state, line).is_err() {
            state.file = None;
            drop(state);
            let _ = io::stderr().lock().write_all(line);
        }
    }

    fn put(&self, state: &mut State, line: &[u8]) -> io::Result<()> {
        let more = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if state.written > 0 && state.written.saturating_add(more) > self.bytes {
            state.file = None;
            self.turn_over()?;
        }
        if state.file.is_none() {
            let (file, written) = append(&self.path)?;
            (state.file, state.written) = (Some(file), written);
        }
        let Some(file) = &mut state.file else { return Ok(()) };
        file.write_all(line)?;
        state.written = state.written.saturating_add(more);
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

/// Who reads a log learns who comes and goes: it is its owner's alone.
fn append(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let written = file.metadata()?.len();
    Ok((file, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path) -> Vec<(String, String)> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
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
            let log = Turned::open(&path, 100, 3).unwrap();
            for n in 0..50 {
                log.write(format!("run {run}, line {n:02}, and so on\n").as_bytes());
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
        let log = Turned::open(&folder.path().join("l"), 10, 1).unwrap();
        for line in ["short\n", "longer than ten bytes\n", "new\n"] {
            log.write(line.as_bytes());
            assert_eq!(read(folder.path()), [("l".to_owned(), line.to_owned())]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_and_a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        drop(Turned::open(&path, 10, 1).unwrap());
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(Turned::open(&folder.path().join("none/l"), 10, 1).is_err());
    }
}
