//! Cutting content into chunks where the content says so, so that what did not change has the same chunks again.

use super::{error::PhoenixError, id::Id, key::RepositoryKey};
use fastcdc::v2020::{Normalization, StreamCDC};
use std::{io::Read, path::Path};
use zeroize::Zeroizing;

/// Bytes of a chunk: at least, on average, at most. Smaller ones find more that is unchanged and cost more to name: of 478 MiB in which one
/// hundredth changed, chunks of 64 KiB take 5 MB anew, those of 1 MiB 25.
pub(super) const BYTES: (usize, usize, usize) = (16 * 1_024, 64 * 1_024, 256 * 1_024);
/// Ids in a manifest itself; what has more chunks has lists.
pub(super) const INLINE: usize = 64;
/// Ids in one list at most; on average 256, for a list ends after an id whose last byte is 0: where nothing changed the lists are the same too.
pub(super) const LISTED: usize = 1_024;

/// Names and cuts with the repository's key: neither names nor lengths tell who has not got it whether a known file is in there.
#[derive(Clone)]
pub(super) struct Cutter {
    naming: Zeroizing<[u8; 32]>,
    seed: u64,
}

impl Cutter {
    pub(super) fn new(key: &RepositoryKey) -> Self {
        let naming = key.naming();
        let mut seed = [0; 8];
        blake3::Hasher::new_keyed(&naming).update(b"where chunks end").finalize_xof().fill(&mut seed);
        Self { naming, seed: u64::from_le_bytes(seed) }
    }

    /// The name of a chunk, or of a list.
    pub(super) fn name(&self, chunk: &[u8]) -> Id {
        Id(*blake3::keyed_hash(&self.naming, chunk).as_bytes())
    }

    /// The chunks of some content, in order.
    pub(super) fn cut<'a>(&self, content: impl Read + 'a, path: &'a Path) -> impl Iterator<Item = Result<Vec<u8>, PhoenixError>> + 'a {
        let (least, average, most) = BYTES;
        StreamCDC::with_level_and_seed(content, least, average, most, Normalization::Level1, self.seed).map(|chunk| {
            chunk.map(|chunk| chunk.data).map_err(|error| PhoenixError::File {
                path: path.to_owned(),
                doing: "cannot be read",
                source: error.into(),
            })
        })
    }
}

/// Lists of chunks, each a run of `ids`.
pub(super) fn lists(ids: &[Id]) -> impl Iterator<Item = &[Id]> {
    let mut ended = 0;
    // A list ends after an id whose last byte is 0, or when it is full.
    ids.chunk_by(move |id, _| {
        ended += 1;
        let goes_on = ended < LISTED && id.0.last() != Some(&0);
        if !goes_on {
            ended = 0;
        }
        goes_on
    })
}

/// The ids of a list, as its blob has them; None where that is no list.
pub(super) fn listed(blob: &[u8]) -> Option<Vec<Id>> {
    let ids = blob.as_chunks::<32>();
    (ids.1.is_empty() && ids.0.len() <= LISTED).then(|| ids.0.iter().map(|id| Id(*id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::testing::{key, noise};

    fn cut(bytes: &[u8]) -> Vec<Vec<u8>> {
        Cutter::new(&key()).cut(bytes, Path::new("x")).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn chunks_are_the_content_and_an_insertion_changes_few() {
        let bytes = noise(1, 4_000_000);
        let chunks = cut(&bytes);
        assert_eq!(chunks.concat(), bytes);
        assert!(chunks.iter().all(|chunk| chunk.len() <= BYTES.2));
        assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.len() >= BYTES.0));
        let mut other = bytes.clone();
        other.splice(2_000_000..2_000_000, [1, 2, 3]);
        let same = cut(&other).iter().filter(|chunk| chunks.contains(chunk)).count();
        assert!(same + 3 >= chunks.len(), "{same} of {}", chunks.len());
        assert!(cut(b"").is_empty());
    }

    #[test]
    fn lists_are_the_ids_and_end_where_they_ended_before() {
        let ids: Vec<Id> = (0..5_000u32).map(|n| Id::of(&n.to_le_bytes())).collect();
        let cut: Vec<&[Id]> = lists(&ids).collect();
        assert_eq!(cut.concat(), ids);
        assert!(cut.len() > 8 && cut.iter().all(|list| list.len() <= LISTED));
        let mut other = ids.clone();
        other.insert(2_500, Id::of(b"new"));
        let same = lists(&other).filter(|list| cut.contains(list)).count();
        assert!(same + 2 >= cut.len(), "{same} of {}", cut.len());
        let alike = vec![Id::of(b"zeros"); 3_000];
        assert_eq!(lists(&alike).map(<[Id]>::len).collect::<Vec<_>>(), [LISTED, LISTED, 3_000 - 2 * LISTED]);
        assert_eq!(lists(&[]).count(), 0);
    }

    #[test]
    fn a_list_is_read_again_and_no_longer_one() {
        let ids: Vec<Id> = (0..3u8).map(|n| Id([n; 32])).collect();
        let blob: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
        assert_eq!(listed(&blob), Some(ids));
        assert_eq!(listed(&blob[1..]), None);
        assert_eq!(listed(&vec![0; 32 * LISTED]).map(|ids| ids.len()), Some(LISTED));
        assert_eq!(listed(&vec![0; 32 * (LISTED + 1)]), None);
    }
}
