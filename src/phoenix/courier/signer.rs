//! Who made an offer: Ed25519, by a key that follows from the repository's. What the offer names by its hash it vouches for: the list, and what
//! that names, which is all. The receiver has the public half as text, and no key.

use crate::phoenix::{Id, PhoenixError, RepositoryKey};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::{fmt, str::FromStr};

/// Whoever has the repository's key.
pub struct Signer(Ed25519KeyPair);

/// Who is believed: 64 hexadecimal digits. It is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voucher([u8; 32]);

impl Signer {
    /// # Errors
    /// Never with a key of the right length, which this is.
    pub fn of(key: &RepositoryKey) -> Result<Self, PhoenixError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(key.signing().as_slice());
        pair.map(Self).map_err(|error| PhoenixError::Refused(format!("no offer can be signed: {error}")))
    }

    #[must_use]
    pub fn voucher(&self) -> Voucher {
        Voucher(self.0.public_key().as_ref().try_into().unwrap_or_default())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.voucher())
    }
}

impl Voucher {
    pub(super) fn is_of(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }
}

impl fmt::Display for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Id(self.0).fmt(f)
    }
}

impl FromStr for Voucher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is no public key: 64 hexadecimal digits, as `jamey/phoenix/state` has them under `courier`, `signed_by`".to_owned();
        Id::read(text).map(|id| Self(id.0)).ok_or_else(wrong)
    }
}
