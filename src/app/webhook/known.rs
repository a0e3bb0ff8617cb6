//! What a receiver was told of and knows to stand, kept in the data folder: a restart posts what it does not know, and nothing twice.

use crate::runtime::files::OwnersAlone;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use tracing::warn;

const VERSION: u32 = 1;
/// A page of codes has some 3 KB.
const BYTES: u64 = 64 * 1_024;

pub struct Known {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    stands: Vec<String>,
}

impl Known {
    /// What is not there or cannot be read counts as never told.
    pub fn read(data: &Path, name: &str) -> (Self, Vec<String>) {
        let path = data.join(format!("webhook-{name}.json"));
        let is_fit = path.symlink_metadata().is_ok_and(|file| file.is_file() && file.len() <= BYTES);
        let text = is_fit.then(|| fs::read(&path).ok()).flatten().unwrap_or_default();
        let written = serde_json::from_slice::<Written>(&text).ok().filter(|written| written.v == VERSION);
        (Self { path }, written.map(|written| written.stands).unwrap_or_default())
    }

    pub fn keep(&self, stands: &[String]) {
        if let Err(error) = self.write(stands) {
            warn!("{} cannot be written, so a restart posts again what stands: {error}", self.path.display());
        }
    }

    fn write(&self, stands: &[String]) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .owners_alone()
            .open(&fresh)?
            .write_all(&serde_json::to_vec(&Written { v: VERSION, stands: stands.to_vec() })?)?;
        fs::rename(fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known_after_a_restart_and_nonsense_is_nothing() {
        let data = tempfile::tempdir().unwrap();
        let (known, none) = Known::read(data.path(), "phone");
        assert!(none.is_empty());
        known.keep(&["disk".to_owned()]);
        assert_eq!(Known::read(data.path(), "phone").1, ["disk"]);
        for nonsense in ["{", "{\"v\":2,\"stands\":[\"disk\"]}"] {
            fs::write(data.path().join("webhook-phone.json"), nonsense).unwrap();
            assert!(Known::read(data.path(), "phone").1.is_empty());
        }
    }
}
