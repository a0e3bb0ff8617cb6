//! Password hashes that mosquitto made: read and written, not computed.

use super::limits;
use data_encoding::BASE64;

/// `$7$ITERATIONS$SALT$HASH` is PBKDF2 with HMAC-SHA-512 (mosquitto 2), `$6$SALT$HASH` one SHA-512 of password and salt (before).
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignHash {
    /// None: one SHA-512.
    pub iterations: Option<u32>,
    pub salt: Vec<u8>,
    /// 64 bytes.
    pub hash: Vec<u8>,
}

const HASH_BYTES: usize = 64;
/// mosquitto 2 takes 12, its successor up to 64.
const MOST_SALT_BYTES: usize = 64;

impl ForeignHash {
    /// Reads one as it stands in a password file; none where it is no such hash, or would take a host's core for long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let iterations = match parts.next()? {
            "6" => None,
            "7" => Some(parts.next()?.parse::<u32>().ok().filter(|n| (1..=limits::FOREIGN_ITERATIONS).contains(n))?),
            _ => return None,
        };
        let mut decoded = || BASE64.decode(parts.next()?.as_bytes()).ok();
        let (salt, hash) = (decoded()?, decoded()?);
        let fits = !salt.is_empty() && salt.len() <= MOST_SALT_BYTES && hash.len() == HASH_BYTES && parts.next().is_none();
        fits.then_some(Self { iterations, salt, hash })
    }

    /// As it stands in a password file.
    #[must_use]
    pub fn text(&self) -> String {
        let (salt, hash) = (BASE64.encode(&self.salt), BASE64.encode(&self.hash));
        match self.iterations {
            None => format!("$6${salt}${hash}"),
            Some(iterations) => format!("$7${iterations}${salt}${hash}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_past_the_most_iterations_is_refused() {
        let of = |iterations| ForeignHash { iterations: Some(iterations), salt: vec![1; 12], hash: vec![2; HASH_BYTES] }.text();
        assert!(ForeignHash::parse(&of(limits::FOREIGN_ITERATIONS)).is_some());
        assert!(ForeignHash::parse(&of(limits::FOREIGN_ITERATIONS + 1)).is_none() && ForeignHash::parse(&of(0)).is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(iterations in proptest::option::of(1..=limits::FOREIGN_ITERATIONS), salt in proptest::collection::vec(any::<u8>(), 1..=MOST_SALT_BYTES), hash in proptest::collection::vec(any::<u8>(), HASH_BYTES)) {
            let hash = ForeignHash { iterations, salt, hash };
            prop_assert!(ForeignHash::parse(&hash.text()) == Some(hash));
        }

        #[test]
        fn no_text_makes_it_fall(text in "\\$?[67]?\\$?.{0,40}") {
            let _ = ForeignHash::parse(&text);
        }
    }
}
