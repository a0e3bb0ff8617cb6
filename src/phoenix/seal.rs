//! Sealing: C2SP chunked encryption (https://c2sp.org/chunked-encryption) on AES-256-GCM, called Cobblestone-256 there.

use super::error::PhoenixError;

/// What is sealed, bound into the seal: what was sealed for one purpose opens for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose<'a> {
    pub repository: uuid::Uuid,
    /// `manifest`, `blob`, `index`, `slot`, `drill`.
    pub what: &'static str,
    /// What tells it from others of its kind: a sequence, an id.
    pub which: &'a [u8],
    pub version: u32,
}

/// Seals with a random salt: 24 bytes of salt, 32 of commitment, then chunks of 16 KiB with a tag of 16 bytes each, the last one shorter.
///
/// # Errors
/// Without randomness.
pub fn seal(_key: &[u8; 32], _purpose: Purpose<'_>, _plain: &[u8]) -> Result<Vec<u8>, PhoenixError> {
    Err(PhoenixError::Refused("seal".into()))
}

/// # Errors
/// When it is not what was sealed with this key for this purpose, to the last bit.
pub fn unseal(_key: &[u8; 32], _purpose: Purpose<'_>, _sealed: &[u8]) -> Result<Vec<u8>, PhoenixError> {
    Err(PhoenixError::Refused("unseal".into()))
}
