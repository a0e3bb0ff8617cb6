//! Sealing: C2SP chunked encryption (https://c2sp.org/chunked-encryption) on AES-256-GCM, called Cobblestone-256 there. What does not open
//! to the last bit is not opened at all.

use super::error::PhoenixError;
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce, Tag,
    aead::{AeadInOut, consts::U12, inout::InOutBuf},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

mod expand;
#[cfg(test)]
mod tests;

pub(super) use expand::expand;

const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";
const SALT: usize = 24;
const COMMITMENT: usize = 32;
const HEADER: usize = SALT + COMMITMENT;
const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const CHUNK: usize = 16 * 1024;
/// The scheme ends here, at 4 PiB: then an attacker's advantage is still below 2⁻³².
const CHUNKS: u64 = 1 << 38;

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

/// Why something does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("cut short: its length is none that anything sealed has")]
    Truncated,
    #[error("sealed with another key or for another place, or its first 56 bytes were altered")]
    Foreign,
    #[error("altered or cut short in part {chunk} (of 16 KiB each, the first is 0)")]
    Altered { chunk: u64 },
}

/// Bytes that so many become when they are sealed.
#[must_use]
pub const fn sealed_len(plain: usize) -> usize {
    HEADER + plain + (plain / CHUNK + 1) * TAG
}

/// Seals with a random salt: 24 bytes of salt, 32 of commitment, then chunks of 16 KiB with a tag of 16 bytes each, the last one shorter.
///
/// # Errors
/// Without randomness.
pub fn seal(key: &[u8; 32], purpose: Purpose<'_>, plain: &[u8]) -> Result<Vec<u8>, PhoenixError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(PhoenixError::Randomness)?;
    seal_with_salt(key, &purpose.context(), &salt, plain)
        .ok_or_else(|| PhoenixError::Refused("more than 4 PiB are not sealed as one".into()))
}

/// # Errors
/// When it is not what was sealed with this key for this purpose, to the last bit.
pub fn unseal(key: &[u8; 32], purpose: Purpose<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    open(key, &purpose.context(), sealed)
}

impl Purpose<'_> {
    /// No two purposes have the same: what varies in length is told apart by its length, and four bytes follow the last of it.
    fn context(&self) -> Vec<u8> {
        let mut context = Vec::with_capacity(16 + 1 + self.what.len() + 2 + self.which.len() + 4);
        context.extend_from_slice(self.repository.as_bytes());
        context.push(u8::try_from(self.what.len()).unwrap_or(u8::MAX));
        context.extend_from_slice(self.what.as_bytes());
        context.extend_from_slice(&u16::try_from(self.which.len()).unwrap_or(u16::MAX).to_be_bytes());
        context.extend_from_slice(self.which);
        context.extend_from_slice(&self.version.to_be_bytes());
        context
    }
}

/// None when it is too long for the scheme. The same salt twice with one key would give the content away: only vectors come with their own.
fn seal_with_salt(key: &[u8; KEY], context: &[u8], salt: &[u8; SALT], plain: &[u8]) -> Option<Vec<u8>> {
    let single = Single::derive(key, salt, context);
    let mut sealed = Vec::with_capacity(sealed_len(plain.len()));
    sealed.extend_from_slice(salt);
    sealed.extend_from_slice(&single.commitment);
    let whole = plain.chunks_exact(CHUNK);
    let last = whole.remainder();
    for (number, chunk) in (0..).zip(whole.chain([last])) {
        let from = sealed.len();
        sealed.extend_from_slice(chunk);
        let fresh = sealed.get_mut(from..)?;
        let tag = single.cipher.encrypt_inout_detached(&single.nonce(number)?, &[], fresh.into()).ok()?;
        sealed.extend_from_slice(&tag);
    }
    Some(sealed)
}

fn open(key: &[u8; KEY], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (salt, rest) = sealed.split_first_chunk::<SALT>().ok_or(SealError::Truncated)?;
    let (commitment, body) = rest.split_first_chunk::<COMMITMENT>().ok_or(SealError::Truncated)?;
    let single = Single::derive(key, salt, context);
    if !bool::from(single.commitment.ct_eq(commitment)) {
        return Err(SealError::Foreign);
    }
    let whole = body.chunks_exact(CHUNK + TAG);
    let last = whole.remainder();
    if last.len() < TAG {
        return Err(SealError::Truncated);
    }
    let mut plain = Vec::with_capacity(body.len());
    for (number, chunk) in (0..).zip(whole.chain([last])) {
        let altered = SealError::Altered { chunk: number };
        let (chunk, tag) = chunk.split_last_chunk::<TAG>().ok_or(altered)?;
        let from = plain.len();
        plain.extend_from_slice(chunk);
        let fresh: InOutBuf<'_, '_, u8> = plain.get_mut(from..).ok_or(altered)?.into();
        let nonce = single.nonce(number).ok_or(altered)?;
        single.cipher.decrypt_inout_detached(&nonce, &[], fresh, &Tag::from(*tag)).map_err(|_| altered)?;
    }
    Ok(plain)
}

/// What is derived for one message and for no other.
struct Single {
    cipher: Aes256Gcm,
    base: Zeroizing<[u8; NONCE]>,
    commitment: [u8; COMMITMENT],
}

impl Single {
    fn derive(key: &[u8; KEY], salt: &[u8; SALT], context: &[u8]) -> Self {
        let derived = expand::<{ KEY + NONCE + COMMITMENT }>(key, &[INFO, salt, context]);
        let (mut cipher, mut base, mut commitment) = (Zeroizing::new([0; KEY]), Zeroizing::new([0; NONCE]), [0; COMMITMENT]);
        let places = cipher.iter_mut().chain(base.iter_mut()).chain(commitment.iter_mut());
        places.zip(derived.iter()).for_each(|(to, from)| *to = *from);
        Self { cipher: Aes256Gcm::new(&(*cipher).into()), base, commitment }
    }

    /// The base with the chunk's number, big-endian, on its end. None beyond the last chunk of the scheme.
    fn nonce(&self, chunk: u64) -> Option<Nonce<U12>> {
        let mut nonce = *self.base;
        nonce.iter_mut().rev().zip(chunk.to_le_bytes()).for_each(|(to, from)| *to ^= from);
        (chunk < CHUNKS).then(|| nonce.into())
    }
}
