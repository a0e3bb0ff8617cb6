//! Keys: one random repository key, wrapped by each secret that may open it.

use super::error::PhoenixError;
use crate::domain::Timestamp;
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Stands in every header: which key opens it.
pub type KeyId = [u8; 8];

/// Opens everything in a repository. Overwritten in memory when it is let go of.
#[derive(Clone)]
pub struct RepositoryKey(#[allow(dead_code)] Zeroizing<[u8; 32]>);

/// 32 random bytes in a file of its owner's alone.
#[derive(Clone)]
pub struct KeyFile(#[allow(dead_code)] Zeroizing<[u8; 32]>);

/// What opens a repository.
#[derive(Clone)]
pub enum Secret {
    Passphrase(Zeroizing<String>),
    KeyFile(KeyFile),
    /// The recovery sheet's words: the repository key itself.
    Words(RepositoryKey),
}

/// A repository key wrapped by one secret: `keys/{id}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub id: Uuid,
    /// `passphrase` or `key_file`.
    pub kind: String,
    pub made_at: Timestamp,
    pub key: KeyId,
}

impl RepositoryKey {
    /// # Errors
    /// Without randomness.
    pub fn generate() -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("generate".into()))
    }

    #[must_use]
    pub fn id(&self) -> KeyId {
        [0; 8]
    }

    /// For `seal`.
    #[must_use]
    pub fn sealing(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new([0; 32])
    }

    /// For the names of chunks: BLAKE3's keyed mode.
    #[must_use]
    pub fn naming(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new([0; 32])
    }

    /// The recovery sheet: 24 words, the last with a checksum in it (BIP-39, English).
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        Zeroizing::new(String::new())
    }

    /// # Errors
    /// Says which word is unknown, or that the checksum is wrong.
    pub fn from_words(_words: &str) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("words".into()))
    }
}

impl KeyFile {
    /// Makes one, readable by its owner alone.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn create(_path: &Path) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("key file".into()))
    }

    /// # Errors
    /// When it cannot be read, others may read it, or it is no key file.
    pub fn read(_path: &Path) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("key file".into()))
    }
}

impl Slot {
    /// # Errors
    /// Without randomness or memory; words wrap nothing.
    pub fn wrap(_key: &RepositoryKey, _secret: &Secret, _repository: Uuid, _at: Timestamp) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("wrap".into()))
    }

    /// The key, where this secret wraps it here.
    ///
    /// # Errors
    /// When this slot is of another kind of secret, or of another one.
    pub fn unwrap(&self, _secret: &Secret, _repository: Uuid) -> Result<RepositoryKey, PhoenixError> {
        Err(PhoenixError::Refused("unwrap".into()))
    }

    /// As the file has it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    /// # Errors
    /// When it is no slot.
    pub fn from_bytes(_bytes: &[u8]) -> Result<Self, PhoenixError> {
        Err(PhoenixError::Refused("slot".into()))
    }
}
