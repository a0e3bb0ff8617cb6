//! What was seen of each repository, kept in the data folder and so outside of it: who puts an older state in its place cannot take this along.

use crate::{
    domain::Timestamp,
    phoenix::Sequence,
    runtime::files::{self, OwnersAlone},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

const FILE: &str = "phoenix-seen.json";
const VERSION: u32 = 1;
/// Repositories that the file remembers: several times as many as a config has, for they come and go.
const MOST: usize = 64;
/// Such a file has some hundred bytes a repository.
const BYTES: u64 = 1024 * 1024;

/// Of all repositories, by their own ids.
#[derive(Debug)]
pub(super) struct Seen {
    path: PathBuf,
    of: BTreeMap<Uuid, Known>,
}

/// Of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// The highest number of a snapshot.
    pub highest: Sequence,
    /// When the newest of them was taken.
    pub taken_at: Option<Timestamp>,
    /// How far the store's log of changes was, and what stood in config, rules and access lists, when the last snapshot was taken.
    pub change: i64,
    pub words: String,
    /// An older state of it was found, until the owner asks for a snapshot there: when, with which as its newest, where which one had been seen.
    pub rolled_back: Option<(Timestamp, Sequence, Sequence)>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    repositories: BTreeMap<Uuid, Known>,
}

/// When the newest snapshot of a repository was taken, as far as this data folder knows.
#[must_use]
pub fn newest(data: &Path, repository: Uuid) -> Option<Timestamp> {
    Seen::read(data).0.of(repository).taken_at
}

impl Seen {
    /// What is not there or cannot be read counts as never seen; the second says why it cannot.
    pub fn read(data: &Path) -> (Self, Option<String>) {
        let path = data.join(FILE);
        let read = || -> Result<BTreeMap<Uuid, Known>, String> {
            let text = match std::fs::metadata(&path) {
                Ok(file) if file.len() > BYTES => return Err(format!("is longer than {BYTES} bytes")),
                Ok(_) => std::fs::read(&path).map_err(|e| e.to_string())?,
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
                Err(e) => return Err(e.to_string()),
            };
            let written: Written = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
            if written.v == VERSION { Ok(written.repositories) } else { Err(format!("is of version {}", written.v)) }
        };
        match read() {
            Ok(of) => (Self { path, of }, None),
            Err(why) => {
                let why = format!("{}: {why}: an older state of a repository is not noticed until the next snapshot", path.display());
                (Self { path, of: BTreeMap::new() }, Some(why))
            }
        }
    }

    pub fn of(&self, repository: Uuid) -> Known {
        self.of.get(&repository).cloned().unwrap_or_default()
    }

    /// # Errors
    /// When it cannot be written; it is known in this run all the same.
    pub fn put(&mut self, repository: Uuid, known: Known) -> io::Result<()> {
        if self.of.get(&repository) == Some(&known) {
            return Ok(());
        }
        if self.of.len() >= MOST && !self.of.contains_key(&repository) {
            let oldest = self.of.iter().min_by_key(|(_, known)| known.taken_at).map(|(id, _)| *id);
            oldest.map(|id| self.of.remove(&id));
        }
        self.of.insert(repository, known);
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let text = serde_json::to_vec(&Written { v: VERSION, repositories: self.of.clone() })?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).owners_alone().open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        self.path.parent().map_or(Ok(()), files::sync_folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_known_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let (mut seen, wrong) = Seen::read(data.path());
        assert_eq!((seen.of(Uuid::from_u128(1)), wrong), (Known::default(), None));
        let known = Known {
            highest: 7,
            taken_at: Some(Timestamp::from_micros(5)),
            change: 40,
            words: "a".into(),
            rolled_back: Some((Timestamp::from_micros(6), 3, 7)),
        };
        seen.put(Uuid::from_u128(1), known.clone()).unwrap();
        assert_eq!(Seen::read(data.path()).0.of(Uuid::from_u128(1)), known);
        assert_eq!(files::shared(&std::fs::metadata(data.path().join(FILE)).unwrap()), None);
    }

    #[test]
    fn what_makes_no_sense_is_told_and_written_anew() {
        let data = tempfile::tempdir().unwrap();
        for text in ["{", "{\"v\": 2, \"repositories\": {}}", "[]"] {
            std::fs::write(data.path().join(FILE), text).unwrap();
            let (mut seen, wrong) = Seen::read(data.path());
            assert!(wrong.is_some_and(|why| why.contains("phoenix-seen.json")), "{text}");
            seen.put(Uuid::nil(), Known { highest: 1, ..Known::default() }).unwrap();
            assert_eq!(Seen::read(data.path()).0.of(Uuid::nil()).highest, 1);
        }
        std::fs::write(data.path().join(FILE), vec![b' '; usize::try_from(BYTES).unwrap() + 1]).unwrap();
        assert!(Seen::read(data.path()).1.is_some_and(|why| why.contains("longer")));
    }

    #[test]
    fn of_too_many_the_one_seen_longest_ago_goes() {
        let data = tempfile::tempdir().unwrap();
        let (mut seen, _) = Seen::read(data.path());
        for n in 0..=u128::try_from(MOST).unwrap() {
            let at = Timestamp::from_micros(i64::try_from(n).unwrap());
            seen.put(Uuid::from_u128(n), Known { highest: 1, taken_at: Some(at), ..Known::default() }).unwrap();
        }
        assert_eq!((seen.of(Uuid::from_u128(0)).highest, seen.of(Uuid::from_u128(1)).highest, seen.of.len()), (0, 1, MOST));
    }
}
