//! From a passphrase to a key: Argon2id (RFC 9106), with parameters that a slot names and that nobody can set so high that the host has to
//! give up.

use super::PhoenixError;
use crate::domain::limits;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// What a passphrase is made a key with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kdf {
    /// `argon2id`, version 0x13.
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    #[serde(with = "super::slot::bytes")]
    salt: Vec<u8>,
}

const ARGON2ID: &str = "argon2id";
const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

impl Kdf {
    /// 64 MiB and three passes: the second recommendation of RFC 9106 (section 4), with one lane, for there is one thread.
    pub fn fresh() -> Result<Self, PhoenixError> {
        let mut salt = vec![0; *SALT_BYTES.start()];
        getrandom::fill(&mut salt).map_err(PhoenixError::Randomness)?;
        Ok(Self { algorithm: ARGON2ID.into(), memory_kib: 64 * 1024, passes: 3, lanes: 1, salt })
    }

    /// What is wrong with it, where a slot brought it.
    pub fn check(&self) -> Result<(), String> {
        let within = |what: &str, found: u32, least: u32, most: u32| match found {
            found if found < least || found > most => Err(format!("{what} of {found} (from {least} to {most} are taken)")),
            _ => Ok(()),
        };
        if self.algorithm != ARGON2ID {
            return Err(format!("passphrases made keys by `{}`, which this jamey does not know", self.algorithm));
        }
        within("lanes", self.lanes, 1, limits::KDF_LANES)?;
        within("memory in KiB", self.memory_kib, 8 * self.lanes, limits::KDF_MEMORY_KIB)?;
        within("passes", self.passes, 1, limits::KDF_PASSES)?;
        if !SALT_BYTES.contains(&self.salt.len()) {
            return Err(format!("a salt of {} bytes", self.salt.len()));
        }
        Ok(())
    }

    /// Takes some 100 ms.
    pub fn key(&self, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, PhoenixError> {
        self.check().map_err(PhoenixError::Key)?;
        let failed = |why: String| PhoenixError::Key(format!("no key can be made of the passphrase: {why}"));
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|e| failed(e.to_string()))?;
        let mut memory = Zeroizing::new(Vec::new());
        let blocks = params.block_count();
        memory.try_reserve_exact(blocks).map_err(|_| failed(format!("{} KiB of memory are not free", self.memory_kib)))?;
        memory.resize(blocks, Block::default());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(plain(passphrase).as_bytes(), &self.salt, key.as_mut_slice(), memory.as_mut_slice())
            .map_err(|e| failed(e.to_string()))?;
        Ok(key)
    }
}

/// The one spelling of a passphrase, whatever keyboard it was typed on: RFC 8265's OpaqueString, that is NFC, and every blank a space.
pub fn plain(passphrase: &str) -> Zeroizing<String> {
    // NFC makes of no text more than three times its bytes, so no copy is left behind by growing.
    let mut plain = Zeroizing::new(String::with_capacity(3 * passphrase.len()));
    let spaced = passphrase.chars().map(|c| match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        c => c,
    });
    plain.extend(spaced.nfc());
    plain
}

#[cfg(test)]
impl Kdf {
    /// For tests that are not about Argon2.
    pub fn quick() -> Self {
        Self { memory_kib: 8, passes: 1, ..Self::fresh().unwrap() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the reference implementation, by way of Python's argon2-cffi 25.1: `hash_secret_raw(b'password', b'0123456789abcdef', 3, 65536, 1, 32, Type.ID)`,
    /// and the same of `grüße an alle` with one pass over 8 KiB.
    #[test]
    fn it_is_argon2id() {
        let salt = b"0123456789abcdef".to_vec();
        let every_day = Kdf { salt, ..Kdf::fresh().unwrap() };
        let hex = |kdf: &Kdf, words: &str| blake3::Hash::from(*kdf.key(words).unwrap()).to_string();
        assert_eq!(hex(&every_day, "password"), "daf16780dcb73e862146297fa17b81b86b480f33c0b67daef0f2c7c809c5797b");
        let quick = Kdf { memory_kib: 8, passes: 1, ..every_day };
        assert_eq!(hex(&quick, "gru\u{308}ße\u{3000}an\u{a0}alle"), "16ec59a7a6b466dc15e5ebf22c7f7c5a1807f7be2fe7a0c9f6ba4f13a8192ec7");
    }

    #[test]
    fn two_keys_of_one_passphrase_have_salts_of_their_own() {
        assert_ne!(Kdf::fresh().unwrap().salt, Kdf::fresh().unwrap().salt);
    }
}
