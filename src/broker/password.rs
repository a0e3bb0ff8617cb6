//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP names first: 19 MiB, two passes, one lane.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use std::sync::OnceLock;

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

/// Whether a password is the one that was hashed. Takes some 20 ms and 19 MiB, also where there is no hash: nobody learns from the
/// time whether a user exists.
#[must_use]
pub fn verify(password: &[u8], stored: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let of_nobody = || NOBODY.get_or_init(|| hash(b"nobody").unwrap_or_default()).as_str();
    let fits =
        PasswordHash::new(stored.unwrap_or_else(of_nobody)).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok());
    fits && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
