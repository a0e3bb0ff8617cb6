//! A piece of a file on its way. It says itself what it is; the topic it comes on is for those who look on.
//!
//! Layout: version (1 byte), 3 zero bytes, number (u32, big-endian), BLAKE3 of the whole file (32), BLAKE3 of all before it and of the
//! content after it (32), content.

use super::VERSION;
use crate::{
    domain::limits,
    phoenix::{Id, PhoenixError},
};

const HASH_AT: usize = 40;
const CONTENT_AT: usize = 72;

/// A piece as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'b> {
    pub object: Id,
    pub n: u32,
    pub content: &'b [u8],
}

impl<'b> Piece<'b> {
    /// # Errors
    /// When it is none, or was damaged on the way.
    pub fn read(bytes: &'b [u8]) -> Result<Self, PhoenixError> {
        let refused = |why: &str| PhoenixError::Refused(format!("a piece {why}"));
        if bytes.len() > CONTENT_AT + limits::PIECE_BYTES {
            return Err(refused(&format!("of {} bytes: at most {} are read", bytes.len(), CONTENT_AT + limits::PIECE_BYTES)));
        }
        let (Some((head, rest)), Some(content)) = (bytes.split_first_chunk::<HASH_AT>(), bytes.get(CONTENT_AT..)) else {
            return Err(refused("that is cut off"));
        };
        let [v, 0, 0, 0, a, b, c, d, object @ ..] = *head else { return Err(refused("that is none")) };
        if u32::from(v) != VERSION {
            return Err(refused(&format!("of version {v}; this jamey knows {VERSION}: use the same version on both sides")));
        }
        let Some(hash) = rest.first_chunk::<32>() else { return Err(refused("that is cut off")) };
        if hashed(head, content) != *hash {
            return Err(refused("that was damaged on the way"));
        }
        Ok(Self { object: Id(object), n: u32::from_be_bytes([a, b, c, d]), content })
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let [a, b, c, d] = self.n.to_be_bytes();
        let mut bytes = Vec::with_capacity(CONTENT_AT + self.content.len());
        bytes.extend_from_slice(&[1, 0, 0, 0, a, b, c, d]);
        bytes.extend_from_slice(&self.object.0);
        let hash = hashed(&bytes, self.content);
        bytes.extend_from_slice(&hash);
        bytes.extend_from_slice(self.content);
        bytes
    }
}

fn hashed(head: &[u8], content: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(head).update(content).finalize().as_bytes()
}
