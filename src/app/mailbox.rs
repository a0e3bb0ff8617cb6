//! How the command line tells the running Jamey something, and hears what came of it: files in the data folder. Who may write there may
//! speak; Jamey looks once a second.

use crate::{
    domain::Timestamp,
    runtime::{
        Clock,
        files::{self, OwnersAlone},
    },
};
use anyhow::{Context, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing::warn;
use uuid::Uuid;

/// What is read at one look; what is more is looked at next.
const AT_ONCE: usize = 64;
/// What lies unread for so long is nobody's any more: longer than anything may take.
const STALE: Duration = Duration::from_secs(600);

/// The longest answer: what became of 200 records.
const ANSWER_BYTES: u64 = 1_024 * 1_024;

/// A folder in which letters and answers lie.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
    /// The longest letter.
    bytes: u64,
}

impl Mailbox {
    #[must_use]
    pub fn at(data: &Path, name: &str, bytes: u64) -> Self {
        Self { folder: data.join(name), bytes }
    }

    /// Made by who runs Jamey, who takes files away here.
    pub fn make(&self) {
        if let Err(error) = super::owners_folder(&self.folder) {
            warn!("{} cannot be made: {error}", self.folder.display());
        }
    }

    /// Leaves a letter.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn leave(&self, letter: &impl Serialize) -> Result<Uuid> {
        let id = Clock::new(Timestamp::default()).percept_id();
        let write = || -> std::io::Result<()> {
            super::owners_folder(&self.folder)?;
            let fresh = self.file(id, "new");
            put(&fresh, &serde_json::to_string(letter)?)?;
            fs::rename(fresh, self.file(id, "json"))
        };
        write().with_context(|| format!("{} cannot be written", self.folder.display()))?;
        Ok(id)
    }

    /// The answer to a letter, if it is there; it is taken away.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn answer_to(&self, id: Uuid) -> Result<Option<Value>> {
        let done = self.file(id, "done");
        // Who runs Jamey may be another than who asks: neither is made to wait, or to read what is not an answer.
        let Some(text) = read(&done, ANSWER_BYTES) else { return Ok(None) };
        let _ = fs::remove_file(&done);
        serde_json::from_slice(&text).map(Some).context("the answer cannot be read")
    }

    /// Takes a letter back; false when it was taken already.
    #[must_use]
    pub fn take_back(&self, id: Uuid) -> bool {
        fs::remove_file(self.file(id, "json")).is_ok()
    }

    /// The letters that lie there, each taken away before it counts.
    #[must_use]
    pub fn take<T: DeserializeOwned>(&self) -> Vec<(Uuid, T)> {
        let Ok(files) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut taken = Vec::new();
        for path in files.flatten().map(|f| f.path()) {
            let is_letter = path.extension().is_some_and(|e| e == "json");
            // What is half written, or was never read, says whom it was about.
            if !is_letter && path.symlink_metadata().and_then(|m| m.modified()).is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE)) {
                let _ = fs::remove_file(&path);
            }
            if !is_letter || taken.len() >= AT_ONCE {
                continue;
            }
            let id = path.file_stem().and_then(|s| s.to_str()).and_then(|s| Uuid::parse_str(s).ok());
            let letter = read(&path, self.bytes).and_then(|text| serde_json::from_slice(&text).ok());
            if let Err(error) = fs::remove_file(&path) {
                warn!("{} cannot be taken away, so it does not count: {error}", path.display());
                continue;
            }
            match (id, letter) {
                (Some(id), Some(letter)) => taken.push((id, letter)),
                _ => warn!("{} is nothing that the command line wrote", path.display()),
            }
        }
        taken
    }

    /// Leaves what came of a letter.
    pub fn answer(&self, id: Uuid, told: &Value) {
        let _ = fs::remove_file(self.file(id, "far"));
        self.place(id, "done", told);
    }

    /// Leaves word of how far what a letter asks for is.
    pub fn tell(&self, id: Uuid, far: &Value) {
        self.place(id, "far", far);
    }

    /// How far it is, where that was told.
    #[must_use]
    pub fn far(&self, id: Uuid) -> Option<Value> {
        serde_json::from_slice(&read(&self.file(id, "far"), ANSWER_BYTES)?).ok()
    }

    /// Whole, or not at all.
    fn place(&self, id: Uuid, end: &str, told: &Value) {
        let fresh = self.file(id, "half");
        if let Err(error) = put(&fresh, &told.to_string()).and_then(|()| fs::rename(&fresh, self.file(id, end))) {
            warn!("{} cannot be written: {error}", self.folder.display());
            let _ = fs::remove_file(&fresh);
        }
    }

    fn file(&self, id: Uuid, end: &str) -> PathBuf {
        self.folder.join(format!("{id}.{end}"))
    }
}

/// Writes a file that was not there, for the owner of its folder alone, who may be another than who writes: what somebody put in its place, or had it
/// point to, is not written over.
pub(super) fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).owners_alone().open(path)?;
    if let Some(folder) = path.parent() {
        files::give_as(&file, &folder.metadata()?);
    }
    file.write_all(text.as_bytes())
}

/// What a file says, if it is one: nothing that would be waited for, and nothing longer than it may be.
fn read(path: &Path, most: u64) -> Option<Vec<u8>> {
    let is_file = path.symlink_metadata().is_ok_and(|file| file.is_file() && file.len() <= most);
    is_file.then(|| fs::read(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_is_made_to_wait_or_to_write_elsewhere() {
        let data = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::at(data.path(), "box", 100);
        mailbox.make();
        let pipe = mailbox.file(Uuid::from_u128(1), "done");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(mailbox.answer_to(Uuid::from_u128(1)).unwrap(), None, "nobody ever writes into it");
        std::fs::write(data.path().join("precious"), "1").unwrap();
        std::os::unix::fs::symlink(data.path().join("precious"), mailbox.file(Uuid::from_u128(2), "done")).unwrap();
        assert_eq!(mailbox.answer_to(Uuid::from_u128(2)).unwrap(), None, "another's file is no answer");
        std::os::unix::fs::symlink(data.path().join("precious"), mailbox.file(Uuid::from_u128(3), "half")).unwrap();
        mailbox.answer(Uuid::from_u128(3), &Value::from(7));
        assert_eq!(std::fs::read_to_string(data.path().join("precious")).unwrap(), "1");
        let id = mailbox.leave(&"a letter").unwrap();
        assert_eq!(crate::runtime::files::shared(&std::fs::metadata(mailbox.file(id, "json")).unwrap()), None);
    }

    #[test]
    fn a_letter_is_taken_once_and_what_is_none_is_taken_away() {
        let data = tempfile::tempdir().unwrap();
        let (mailbox, folder) = (Mailbox::at(data.path(), "box", 100), data.path().join("box"));
        let id = mailbox.leave(&"a letter").unwrap();
        std::fs::write(folder.join("x.json"), "{}").unwrap();
        std::fs::write(folder.join(format!("{id}.new")), "half").unwrap();
        std::fs::write(folder.join(format!("{}.json", Uuid::from_u128(6))), format!("\"{}\"", "x".repeat(99))).unwrap();
        #[cfg(unix)]
        {
            // Nobody ever writes into it: who opened it would wait for ever.
            let pipe = folder.join(format!("{}.json", Uuid::from_u128(7)));
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            std::os::unix::fs::symlink("/etc/passwd", folder.join(format!("{}.json", Uuid::from_u128(8)))).unwrap();
        }
        assert_eq!(mailbox.take::<String>(), [(id, "a letter".to_owned())]);
        assert_eq!(mailbox.take::<String>(), []);
        assert!(!folder.join("x.json").exists());
        for n in 0..200_u128 {
            std::fs::write(folder.join(format!("{n}.done")), "").unwrap();
        }
        let id = mailbox.leave(&"again").unwrap();
        assert_eq!(mailbox.take::<String>(), [(id, "again".to_owned())], "however many answers lie there unread");
        assert_eq!(mailbox.answer_to(id).unwrap(), None);
        for far in [1, 2] {
            mailbox.tell(id, &Value::from(far));
            assert_eq!(mailbox.far(id), Some(Value::from(far)));
        }
        mailbox.answer(id, &Value::from(7));
        assert_eq!(mailbox.far(id), None);
        assert_eq!((mailbox.answer_to(id).unwrap(), mailbox.answer_to(id).unwrap()), (Some(Value::from(7)), None));
        let id = mailbox.leave(&"never mind").unwrap();
        assert!(mailbox.take_back(id) && !mailbox.take_back(id));
    }
}
