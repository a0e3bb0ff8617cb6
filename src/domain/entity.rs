//! An entity's id: anything that speaks or is spoken about.

use super::limits;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// An id of `[a-z0-9_.-]{1,64}`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EntityId(Arc<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an entity id: write 1 to 64 of a-z, 0-9, `_`, `.` and `-`")]
pub struct NotAnEntity(pub String);

fn allowed(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
}

fn hex(byte: u8) -> impl Iterator<Item = char> {
    [byte >> 4, byte & 0x0f].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16))
}

impl EntityId {
    /// # Errors
    /// When the text is not `[a-z0-9_.-]{1,64}`.
    pub fn new(text: &str) -> Result<Self, NotAnEntity> {
        if text.is_empty() || text.len() > limits::ENTITY_BYTES || !text.bytes().all(allowed) {
            return Err(NotAnEntity(text.chars().take(80).collect()));
        }
        Ok(Self(text.into()))
    }

    /// The one behind `base/bridge/…`, as Zigbee2MQTT has it: `zigbee2mqtt.bridge`. No outside name's id can be this, since a `.` in one is
    /// followed by two hex digits.
    #[must_use]
    pub fn bridge(base: &str) -> Self {
        Self::new(&format!("{}.bridge", Self::escaped(base))).unwrap_or_else(|_| Self::escaped(&format!("{base}/bridge")))
    }

    /// The id of any outside name: lower case, every other byte escaped as `.` and two hex digits;
    /// what would pass 64 bytes is cut at 47 and ends in `-` and 16 hex digits of the name's SHA-256.
    /// Two different names get different ids, but for upper and lower case.
    #[must_use]
    pub fn escaped(name: &str) -> Self {
        let mut out = String::with_capacity(name.len());
        for byte in name.bytes() {
            let lower = byte.to_ascii_lowercase();
            if allowed(lower) && lower != b'.' {
                out.push(char::from(lower));
            } else if byte == b' ' {
                out.push('_');
            } else {
                out.push('.');
                out.extend(hex(byte));
            }
        }
        if out.is_empty() {
            out.push_str("anonymous");
        }
        if out.len() > limits::ENTITY_BYTES {
            let digest = Sha256::digest(name.as_bytes());
            out.truncate(47);
            out.push('-');
            for byte in digest.iter().take(8) {
                out.extend(hex(*byte));
            }
        }
        Self(out.into())
    }

    /// The entity that all clients share whose ids were made up for one connection.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntityId {
    type Error = NotAnEntity;

    fn try_from(text: String) -> Result<Self, NotAnEntity> {
        Self::new(&text)
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text names somebody as a word of its own: `lamp` is not in `lamp_2`.
#[must_use]
pub fn is_named(text: &str, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + name.len()..).unwrap_or_default());
        !part(before.chars().next_back()) && !part(after.strip_prefix('.').unwrap_or(after).chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_past_the_limit_is_refused() {
        assert!(EntityId::new(&"a".repeat(64)).is_ok());
        assert!(EntityId::new(&"a".repeat(65)).is_err());
        assert!(EntityId::new("").is_err());
        assert!(EntityId::new("Upper").is_err());
        assert!(EntityId::new("a/b").is_err());
    }

    #[test]
    fn any_name_becomes_an_id() {
        assert_eq!(EntityId::escaped("Living Room").as_str(), "living_room");
        assert_eq!(EntityId::escaped("dev/1").as_str(), "dev.2f1");
        assert_eq!(EntityId::escaped("").as_str(), "anonymous");
        let long = EntityId::escaped(&"ü".repeat(100));
        assert!(EntityId::new(long.as_str()).is_ok());
        assert_ne!(long, EntityId::escaped(&"ü".repeat(101)));
        assert_ne!(EntityId::escaped("a.b"), EntityId::escaped("a/b"));
    }

    #[test]
    fn a_name_in_a_text_is_a_word_of_its_own() {
        for text in ["lamp", "unlock lamp, too early", "\"via\": \"lamp\"", "about lamp."] {
            assert!(is_named(text, "lamp"), "{text}");
        }
        for text in ["", "lamps", "lamp_2", "my.lamp", "lamp.2", "clamp"] {
            assert!(!is_named(text, "lamp"), "{text}");
        }
    }
}
