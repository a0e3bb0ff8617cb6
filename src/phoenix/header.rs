//! The 16 bytes that each sealed file begins with: `JPHX`, the format's version, what it is, two zero bytes, and which key opens it.

use super::key::{KeyId, RepositoryKey};

pub(super) const BYTES: usize = 16;
const MAGIC: &[u8; 4] = b"JPHX";
const VERSION: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Snapshot = 1,
    Pack = 2,
    Drill = 3,
}

pub(super) fn bytes(kind: Kind, key: &RepositoryKey) -> [u8; BYTES] {
    let [m, a, g, i] = *MAGIC;
    let KeyIdBytes([k0, k1, k2, k3, k4, k5, k6, k7]) = KeyIdBytes(key.id());
    [m, a, g, i, VERSION, kind as u8, 0, 0, k0, k1, k2, k3, k4, k5, k6, k7]
}

struct KeyIdBytes(KeyId);

/// Whether this is the head of a file of this kind, under this key; otherwise what is wrong with it, in words.
pub(super) fn check(head: &[u8], kind: Kind, key: &RepositoryKey) -> Result<(), String> {
    let Some(head) = head.first_chunk::<BYTES>() else { return Err("was cut short".into()) };
    let ours = bytes(kind, key);
    let (magic, rest) = head.split_at(4);
    match (magic, rest.first(), rest.get(1..4)) {
        (magic, ..) if magic != MAGIC => Err("is no file of a repository".into()),
        (_, Some(version), _) if *version != VERSION => Err(format!("has format {version}; this jamey knows {VERSION}")),
        (_, _, what) if what != ours.get(5..8) => Err("is not what lies here, or was altered".into()),
        _ if *head != ours => Err("was sealed with another key".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::testing::key;

    #[test]
    fn a_head_is_known_again_and_each_bit_of_it_counts() {
        let head = bytes(Kind::Pack, &key());
        assert_eq!(check(&head, Kind::Pack, &key()), Ok(()));
        assert!(check(&head, Kind::Snapshot, &key()).is_err());
        assert!(check(&head[..15], Kind::Pack, &key()).is_err());
        for at in 0..BYTES * 8 {
            let mut other = head;
            other[at / 8] ^= 1 << (at % 8);
            assert!(check(&other, Kind::Pack, &key()).is_err(), "bit {at}");
        }
    }
}
