//! Whether a newer Jamey lies on disk where the running one came from: it is read, never run.

use std::{
    fs::{File, Metadata},
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Stands once in each binary of Jamey: by it another one reads its version.
static MARK: &str = concat!("jamey, the binary of version ", env!("CARGO_PKG_VERSION"), ";");
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// What is read of it: several times a binary with all symbols.
const BYTES: usize = 512 * 1024 * 1024;
/// Read at a time.
const CHUNK: usize = 1024 * 1024;
/// The longest version.
const LONGEST: usize = 32;

/// What tells one file from another.
type Print = (u64, Option<SystemTime>);

/// The place of the running binary.
#[derive(Debug, Clone)]
pub struct Newer {
    path: Option<PathBuf>,
    seen: Option<Print>,
    looked: Option<Instant>,
    found: Option<String>,
}

impl Newer {
    /// Of the process as it is started: later the place may hold another.
    #[must_use]
    pub fn of_this() -> Self {
        let path = std::env::current_exe().ok();
        let seen = path.as_ref().and_then(|path| std::fs::metadata(path).ok()).as_ref().map(print);
        Self { path, seen, looked: None, found: None }
    }

    /// Whether its minute is over.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|at| now.saturating_duration_since(at) >= EVERY)
    }

    /// The version of a newer one that was found there.
    #[must_use]
    pub fn found(&self) -> Option<String> {
        self.found.clone()
    }

    /// Looks once a minute, and reads a file only when it is another one: that takes seconds, on a slow disk.
    pub fn look(&mut self, now: Instant) -> Option<String> {
        if self.is_due(now)
            && let Some(path) = &self.path
        {
            self.looked = Some(now);
            let there = std::fs::metadata(path).ok().as_ref().map(print);
            if there != self.seen {
                self.seen = there;
                self.found = version_in(path).filter(|found| is_newer(found, VERSION));
            }
        }
        self.found.clone()
    }
}

fn print(of: &Metadata) -> Print {
    (of.len(), of.modified().ok())
}

/// The version that a binary bears.
fn version_in(path: &Path) -> Option<String> {
    // The words before the version, taken from the mark, so that they stand in this binary once.
    let before = std::hint::black_box(MARK).split(VERSION).next()?.as_bytes();
    let mut file = File::open(path).ok()?.take(u64::try_from(BYTES).ok()?);
    let (mut held, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    loop {
        let read = file.read(&mut chunk).ok()?;
        held.extend_from_slice(chunk.get(..read)?);
        let found = held.windows(before.len()).enumerate().filter(|(_, at)| *at == before).find_map(|(at, _)| {
            let rest = held.get(at + before.len()..)?;
            let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
            let version = std::str::from_utf8(rest.get(..end)?).ok()?;
            numbers(version).map(|_| version.to_owned())
        });
        if found.is_some() || read == 0 {
            return found;
        }
        let keep = held.len().saturating_sub(before.len() + LONGEST);
        held.drain(..keep);
    }
}

fn numbers(version: &str) -> Option<(u64, u64, u64)> {
    let (plain, _) = version.split_once(['-', '+']).unwrap_or((version, ""));
    let mut parts = plain.split('.').map(|part| part.parse().ok());
    let all = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(all)
}

fn is_newer(found: &str, own: &str) -> bool {
    matches!((numbers(found), numbers(own)), (Some(found), Some(own)) if found > own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_binary_bears_its_version() {
        assert_eq!(version_in(&std::env::current_exe().unwrap()).as_deref(), Some(VERSION));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![b'x'; CHUNK - 9]).unwrap();
        file.write_all(MARK.replace(VERSION, "99.1.2-rc.1").as_bytes()).unwrap();
        file.flush().unwrap();
        assert_eq!(version_in(file.path()).as_deref(), Some("99.1.2-rc.1"), "across two chunks");
    }

    #[test]
    fn another_one_in_its_place_is_noticed_where_it_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jamey");
        let (mut newer, mut now) = (Newer { path: Some(path.clone()), seen: None, looked: None, found: None }, Instant::now());
        for (version, found) in [(Some("0.0.1"), None), (Some("99.0.0"), Some("99.0.0")), (Some("no version"), None), (None, None)] {
            match version {
                Some(version) => std::fs::write(&path, MARK.replace(VERSION, version)).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            assert_eq!(newer.look(now), newer.found, "not looked at again before its minute is over");
            now += EVERY;
            assert_eq!(newer.look(now).as_deref(), found, "{version:?}");
            now += Duration::from_secs(1);
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (found, own, newer) in
            [("0.10.0", "0.9.9", true), ("1.0.0", "1.0.0", false), ("1.0.0-rc.1", "1.0.0", false), ("x", "0.1.0", false)]
        {
            assert_eq!(is_newer(found, own), newer, "{found} {own}");
        }
    }
}
