//! A repository that is open: its files, and the key to them.

use super::{
    Component, Depth, Difference, Drilled, Finding, Manifest, Order, PhoenixError, Progress, Pruned, RepositoryKey, Restored, Retention,
    Secret, Sequence, Taken, Vault, restore::Choice,
};
use crate::domain::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use uuid::Uuid;

pub struct Repository {
    pub vault: Vault,
    #[allow(dead_code)]
    key: RepositoryKey,
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub sequence: Sequence,
    /// Its manifest, or why it cannot be read.
    pub manifest: Result<Manifest, String>,
    /// The last drill of it.
    pub drilled: Option<Drilled>,
}

impl Repository {
    /// Makes one, with a new key, that each of these secrets opens.
    ///
    /// # Errors
    /// When there is one already, no secret is given, or the folder cannot be written.
    pub fn init(_folder: &Path, _secrets: &[Secret], _append_only: bool, _at: Timestamp) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("init".into()))
    }

    /// # Errors
    /// When there is none, or the secret opens it not.
    pub fn open(_folder: &Path, _secret: &Secret) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("open".into()))
    }

    /// For the recovery sheet and for wrapping it anew.
    #[must_use]
    pub fn key(&self) -> &RepositoryKey {
        &self.key
    }

    /// All snapshots, ascending.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, PhoenixError> {
        Ok(Vec::new())
    }

    /// # Errors
    /// When there is none of this number, or it is damaged.
    pub fn manifest(&self, sequence: Sequence) -> Result<Manifest, PhoenixError> {
        Err(PhoenixError::NoSnapshot { sequence })
    }

    /// # Errors
    /// When something cannot be read or written, or it is stopped: then nothing of it is seen.
    pub fn snapshot(&mut self, _order: Order, _progress: Progress<'_>) -> Result<Taken, PhoenixError> {
        Err(PhoenixError::Refused("snapshot".into()))
    }

    /// To a folder that is new or empty.
    ///
    /// # Errors
    /// When anything of it is damaged or missing: then nothing is there.
    pub fn restore(&self, sequence: Sequence, _choice: &Choice, _into: &Path, _progress: Progress<'_>) -> Result<Restored, PhoenixError> {
        Err(PhoenixError::NoSnapshot { sequence })
    }

    /// One small file of a snapshot, at most 16 MiB.
    ///
    /// # Errors
    /// When it is not there, or damaged.
    pub fn read(&self, _manifest: &Manifest, _component: Component, _path: &str) -> Result<Vec<u8>, PhoenixError> {
        Err(PhoenixError::Refused("read".into()))
    }

    /// # Errors
    /// When the folder cannot be read at all.
    pub fn verify(&self, _depth: Depth, _progress: Progress<'_>) -> Result<Vec<Finding>, PhoenixError> {
        Ok(Vec::new())
    }

    /// # Errors
    /// When it is append-only, or cannot be read or written.
    pub fn prune(
        &mut self,
        _retention: &Retention,
        _zone: &TimeZone,
        _dry_run: bool,
        _progress: Progress<'_>,
    ) -> Result<Pruned, PhoenixError> {
        Ok(Pruned::default())
    }

    /// # Errors
    /// When one of them cannot be read.
    pub fn diff(&self, _before: Sequence, _after: Sequence) -> Result<Vec<Difference>, PhoenixError> {
        Ok(Vec::new())
    }

    /// Puts on record what a drill came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drilled(&self, _drilled: Drilled) -> Result<(), PhoenixError> {
        Ok(())
    }

    /// Wraps the key by one more secret.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_key(&self, _secret: &Secret, _at: Timestamp) -> Result<Uuid, PhoenixError> {
        Ok(Uuid::nil())
    }

    /// # Errors
    /// When there is none of this id, it is the last one, or it cannot be deleted.
    pub fn remove_key(&self, _slot: Uuid) -> Result<(), PhoenixError> {
        Ok(())
    }

    /// Wraps the key by these secrets and by no other any more.
    ///
    /// # Errors
    /// When they cannot be written: then the old ones open it still.
    pub fn rotate_keys(&self, _secrets: &[Secret], _at: Timestamp) -> Result<Vec<Uuid>, PhoenixError> {
        Ok(Vec::new())
    }
}
