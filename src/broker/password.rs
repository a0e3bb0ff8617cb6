//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP names first: 19 MiB, two passes, one lane. What mosquitto hashed is verified as
//! mosquitto does, and stays as it is until its owner gets another password: so there is a way back.

use crate::domain::ForeignHash;
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use ring::pbkdf2;
use sha2::{Digest, Sha512};
use std::{num::NonZeroU32, sync::OnceLock};
use subtle::ConstantTimeEq;

/// A hash to be stored, in PHC format with a salt of its own.
///
/// # Errors
/// When there is no randomness, or the password is longer than Argon2 takes (4 GiB).
pub fn hash(password: &[u8]) -> Result<String, String> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|e| format!("no randomness: {e}"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    Argon2::default().hash_password(password, &salt).map(|hash| hash.to_string()).map_err(|e| e.to_string())
}

/// Whether a password is the one that was hashed. Takes some 20 ms and 19 MiB, also where there is no hash or one of mosquitto's: nobody learns
/// from the time whether a user exists.
#[must_use]
pub fn verify(password: &[u8], stored: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let of_nobody = || NOBODY.get_or_init(|| hash(b"nobody").unwrap_or_default()).as_str();
    let foreign = stored.and_then(ForeignHash::parse);
    let ours = stored.filter(|_| foreign.is_none());
    let fits =
        PasswordHash::new(ours.unwrap_or_else(of_nobody)).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok());
    match foreign {
        Some(foreign) => is_of(&foreign, password),
        None => fits && stored.is_some(),
    }
}

fn is_of(foreign: &ForeignHash, password: &[u8]) -> bool {
    match foreign.iterations {
        Some(iterations) => NonZeroU32::new(iterations)
            .is_some_and(|n| pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA512, n, &foreign.salt, password, &foreign.hash).is_ok()),
        None => {
            let hash = Sha512::new().chain_update(password).chain_update(&foreign.salt).finalize();
            bool::from(hash.as_slice().ct_eq(&foreign.hash))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PBKDF2: &str = "$7$101$qluE6SHJhBiEEkm+$yrBZ7Xc3h2RXdL5b1ERA+ssb3Pz3xFAVYOXOwn3f+50yplU24wJ7Y45CzRgGLL8D2DoYvjeBj92QOHj2tP2vew==";
    const SHA512: &str = "$6$GGuTFHSPGye8Tuv0$MOVz0lp35YuG8nExKFk1UWPcnsaNyEwMHAYdTNUHpT1kv+/FEPcFGmPz5le0H+hVzb6T3kLWfTL6A0QeOM6M2A==";

    #[test]
    fn only_the_password_fits_its_hash() {
        let stored = hash(b"correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hash(b"correct horse").unwrap(), "each has a salt of its own");
        assert!(verify(b"correct horse", Some(&stored)));
        for wrong in [&b"correct hors"[..], b"", b"nobody"] {
            assert!(!verify(wrong, Some(&stored)));
            assert!(!verify(wrong, None));
        }
        assert!(!verify(b"x", Some("not a hash")));
    }

    #[test]
    fn what_mosquitto_hashed_fits_its_password_and_no_other() {
        // `mosquitto_passwd -b` and `-b -H sha512` of mosquitto 2.0.11, of `correct horse`.
        for stored in [PBKDF2, SHA512] {
            assert!(verify(b"correct horse", Some(stored)), "{stored}");
            for wrong in [&b"correct hors"[..], b"", b"nobody"] {
                assert!(!verify(wrong, Some(stored)), "{stored}");
            }
        }
    }
}
