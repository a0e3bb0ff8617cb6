//! What the tests of this room share.

use super::{Repository, RepositoryKey};
use std::path::Path;

pub fn key() -> RepositoryKey {
    RepositoryKey::from_words("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art").unwrap()
}

/// The same bytes for the same seed; nothing compresses them.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// A repository whose key file lies beside it.
pub fn repository(folder: &Path) -> Repository {
    let secret = super::Secret::KeyFile(super::KeyFile::create(&folder.join("key")).unwrap());
    Repository::init(&folder.join("repository"), &[secret], false, crate::domain::Timestamp::from_micros(0)).unwrap()
}
