//! The audit chain's arithmetic: each entry's hash holds the one before, so that none can be changed or taken out unseen.

use super::Timestamp;
use sha2::{Digest, Sha256};

/// SHA-256 over the previous hash and the entry's fields, each with its length, so that no two entries read the same.
#[must_use]
pub fn chained(previous: &[u8], at: Timestamp, actor: &str, action: &str, detail: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(at.micros().to_be_bytes());
    for field in [previous, actor.as_bytes(), action.as_bytes(), detail.as_bytes()] {
        hasher.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_and_none_runs_into_the_next() {
        let at = Timestamp::from_micros(1);
        let one = chained(&[0; 32], at, "a", "bc", "d");
        assert_ne!(one, chained(&[0; 32], at, "ab", "c", "d"));
        assert_ne!(one, chained(&[1; 32], at, "a", "bc", "d"));
        assert_ne!(one, chained(&[0; 32], Timestamp::from_micros(2), "a", "bc", "d"));
    }
}
