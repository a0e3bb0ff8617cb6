//! Slots: the repository key, sealed under what one secret gives. At the end of each stands a proof that it is as it was made, which every
//! holder of the key can check, whatever secret it was made for.

use super::{KeyId, PhoenixError, RepositoryKey, Secret, kdf};
use crate::{
    domain::{Timestamp, limits},
    phoenix::seal::{Purpose, SealError, seal, unseal},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

const VERSION: u32 = 1;
/// BLAKE3 keyed, over all that stands before it.
const PROOF: usize = 32;

/// A repository key wrapped by one secret: `keys/{id}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub id: Uuid,
    /// `passphrase` or `key_file`.
    pub kind: String,
    pub made_at: Timestamp,
    pub key: KeyId,
    repository: Uuid,
    kdf: Option<kdf::Kdf>,
    sealed: Vec<u8>,
    /// As the file has it, proof and all.
    bytes: Vec<u8>,
}

/// The file but for its proof.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    v: u32,
    id: Uuid,
    repository: Uuid,
    kind: String,
    made_at: Timestamp,
    #[serde(with = "bytes")]
    key: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kdf: Option<kdf::Kdf>,
    #[serde(with = "bytes")]
    sealed: Vec<u8>,
}

impl Slot {
    /// # Errors
    /// Without randomness or memory; where the passphrase is too short; words wrap nothing.
    pub fn wrap(key: &RepositoryKey, secret: &Secret, repository: Uuid, at: Timestamp) -> Result<Self, PhoenixError> {
        let kdf = match secret {
            Secret::Passphrase(passphrase) => {
                let found = kdf::plain(passphrase).chars().count();
                if found < limits::PASSPHRASE_CHARS {
                    let least = limits::PASSPHRASE_CHARS;
                    return Err(PhoenixError::Key(format!(
                        "a passphrase of {found} characters is soon guessed by whoever has the files: take at least {least}, best some words"
                    )));
                }
                Some(kdf::Kdf::fresh()?)
            }
            Secret::KeyFile(_) => None,
            Secret::Words(_) => return Err(PhoenixError::Key("the words are the key itself: no slot is needed for them".into())),
        };
        Self::wrap_with(key, secret, repository, at, kdf)
    }

    pub(super) fn wrap_with(
        key: &RepositoryKey,
        secret: &Secret,
        repository: Uuid,
        made_at: Timestamp,
        kdf: Option<kdf::Kdf>,
    ) -> Result<Self, PhoenixError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(PhoenixError::Randomness)?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        let sealed = seal(&*wrapping(secret, kdf.as_ref())?, purpose(repository, &id), key.0.as_slice())?;
        let body = Body { v: VERSION, id, repository, kind: secret.kind().into(), made_at, key: key.id().to_vec(), kdf, sealed };
        let mut bytes = Vec::new();
        ciborium::into_writer(&body, &mut bytes).map_err(|error| PhoenixError::Key(format!("a slot cannot be written: {error}")))?;
        bytes.extend_from_slice(&prove(key, &bytes));
        Self::from_bytes(&bytes)
    }

    /// The key, where this secret wraps it here.
    ///
    /// # Errors
    /// When this slot is of another kind of secret, or of another one.
    pub fn unwrap(&self, secret: &Secret, repository: Uuid) -> Result<RepositoryKey, PhoenixError> {
        let refused = |why: String| Err(PhoenixError::Key(why));
        if self.repository != repository {
            return refused(format!("slot {} belongs to another repository ({})", self.id, self.repository));
        }
        let key = match secret {
            Secret::Words(key) if key.id() == self.key => key.clone(),
            Secret::Words(_) => return refused("the words are of another repository's key".into()),
            secret if secret.kind() != self.kind => return refused(format!("slot {} is of the kind {}", self.id, self.kind)),
            secret => self.open(secret)?,
        };
        if key.id() != self.key || !self.is_whole(&key) {
            return refused(format!("slot {} was altered", self.id));
        }
        Ok(key)
    }

    /// Whether it is of this key, and to the last byte as it was made.
    #[must_use]
    pub fn is_whole(&self, key: &RepositoryKey) -> bool {
        // Hashes of BLAKE3 compare in constant time.
        self.bytes
            .split_last_chunk::<PROOF>()
            .is_some_and(|(body, proof)| blake3::Hash::from(prove(key, body)) == blake3::Hash::from(*proof))
    }

    fn open(&self, secret: &Secret) -> Result<RepositoryKey, PhoenixError> {
        let opened = unseal(&*wrapping(secret, self.kdf.as_ref())?, purpose(self.repository, &self.id), &self.sealed);
        let opened = opened.map(Zeroizing::new).map_err(|error| {
            PhoenixError::Key(match (error, secret) {
                (SealError::Foreign, Secret::Passphrase(_)) => "the passphrase is not the one of this slot".into(),
                (SealError::Foreign, _) => "the key file is not the one of this slot".into(),
                (error, _) => format!("slot {}: {error}", self.id),
            })
        })?;
        let mut key = Zeroizing::new([0; 32]);
        if opened.len() != key.len() {
            return Err(PhoenixError::Key(format!("slot {} holds no key", self.id)));
        }
        key.copy_from_slice(&opened);
        Ok(RepositoryKey(key))
    }

    /// As the file has it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// # Errors
    /// When it is no slot.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PhoenixError> {
        let none = |why: &str| PhoenixError::Key(format!("no slot of a key: {why}"));
        if bytes.len() > limits::SLOT_BYTES {
            return Err(none("it is too long"));
        }
        let (mut rest, _) = bytes.split_last_chunk::<PROOF>().ok_or_else(|| none("it is too short"))?;
        if let Ok(Versioned { v }) = ciborium::from_reader(rest)
            && v > VERSION
        {
            return Err(none(&format!("it was written by a newer jamey (version {v}): use that one")));
        }
        let body: Body = ciborium::from_reader(&mut rest).map_err(|error| none(&error.to_string()))?;
        let Body { v, id, repository, kind, made_at, key, kdf, sealed } = body;
        let key = KeyId::try_from(key).map_err(|key| none(&format!("a key's id of {} bytes", key.len())))?;
        if !rest.is_empty() || v != VERSION {
            return Err(none("it goes on behind its end, or is of no version"));
        }
        match (kind.as_str(), &kdf) {
            ("passphrase", Some(kdf)) => kdf.check().map_err(|why| none(&why))?,
            ("key_file", None) => {}
            _ => return Err(none(&format!("of the kind `{kind}`"))),
        }
        Ok(Self { id, kind, made_at, key, repository, kdf, sealed, bytes: bytes.to_vec() })
    }
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

fn purpose(repository: Uuid, id: &Uuid) -> Purpose<'_> {
    Purpose { repository, what: "slot", which: id.as_bytes(), version: VERSION }
}

/// What the repository key is sealed under.
fn wrapping(secret: &Secret, kdf: Option<&kdf::Kdf>) -> Result<Zeroizing<[u8; 32]>, PhoenixError> {
    match (secret, kdf) {
        (Secret::Passphrase(passphrase), Some(kdf)) => kdf.key(passphrase),
        (Secret::KeyFile(file), None) => Ok(Zeroizing::new(*file.key())),
        _ => Err(PhoenixError::Key("this kind of secret wraps no key here".into())),
    }
}

fn prove(key: &RepositoryKey, body: &[u8]) -> [u8; PROOF] {
    *blake3::keyed_hash(&key.proving(), body).as_bytes()
}

/// Bytes as CBOR has them, not as a list of numbers.
pub(super) mod bytes {
    use serde::{Deserializer, Serializer, de};
    use std::fmt;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
