//! Keys: one random repository key, wrapped by each secret that may open it. None is ever shown, and all are overwritten when they are let
//! go of.

mod file;
mod kdf;
mod slot;
#[cfg(test)]
mod tests;
mod words;

pub use file::KeyFile;
pub use slot::Slot;

use super::{error::PhoenixError, seal::expand};
use std::fmt;
use zeroize::Zeroizing;

/// Stands in every header: which key opens it.
pub type KeyId = [u8; 8];

/// Opens everything in a repository. Overwritten in memory when it is let go of.
#[derive(Clone)]
pub struct RepositoryKey(Zeroizing<[u8; 32]>);

/// What opens a repository.
#[derive(Clone)]
pub enum Secret {
    Passphrase(Zeroizing<String>),
    KeyFile(KeyFile),
    /// The recovery sheet's words: the repository key itself.
    Words(RepositoryKey),
}

impl RepositoryKey {
    /// # Errors
    /// Without randomness.
    pub fn generate() -> Result<Self, PhoenixError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(PhoenixError::Randomness)?;
        Ok(Self(key))
    }

    /// Not secret: nothing can be learned from it but whether two keys are the same.
    #[must_use]
    pub fn id(&self) -> KeyId {
        *expand(&self.0, &[b"jamey-phoenix@v1 id"])
    }

    /// For `seal`.
    #[must_use]
    pub fn sealing(&self) -> Zeroizing<[u8; 32]> {
        expand(&self.0, &[b"jamey-phoenix@v1 sealing"])
    }

    /// For the names of chunks: BLAKE3's keyed mode.
    #[must_use]
    pub fn naming(&self) -> Zeroizing<[u8; 32]> {
        expand(&self.0, &[b"jamey-phoenix@v1 naming"])
    }

    /// The seed of the Ed25519 key that signs what is offered to receivers.
    #[must_use]
    pub fn signing(&self) -> Zeroizing<[u8; 32]> {
        expand(&self.0, &[b"jamey-phoenix@v1 offers"])
    }

    /// For the proof at the end of a slot.
    fn proving(&self) -> Zeroizing<[u8; 32]> {
        expand(&self.0, &[b"jamey-phoenix@v1 proving"])
    }
}

impl fmt::Debug for RepositoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepositoryKey(not shown)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

impl Secret {
    /// As a slot has it in `kind`; words are no secret that a slot is made for.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Passphrase(_) => "passphrase",
            Self::KeyFile(_) => "key_file",
            Self::Words(_) => "words",
        }
    }
}
