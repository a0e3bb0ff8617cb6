//! Where words stand that very many records have: one bit for each record. To ask whether such a word stands in a record is then one look, where its list
//! must be unpacked for each that lies far from the last.

use quick_cache::{Weighter, unsync::Cache};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};
use tantivy::{BitSet, DocSet, SegmentReader, TERMINATED, Term, index::SegmentId, schema::IndexRecordOption};

/// A word is common that stands in one of so many records at least: its bits take no more than four times what its list takes.
const COMMON: u64 = 32;
/// Of a list 128 records are unpacked together. Who asks for one in so many of its records unpacks a fourth of it, and more than that is worth the bits.
const WORTH: u64 = 512;
/// What all of them take at most: of a million records, the bits of 33 words. Those that were asked for longest ago go first.
const BYTES: u64 = 4 * 1_024 * 1_024;
/// What one takes besides its bits.
const OVERHEAD_BYTES: u64 = 128;

type Key = (SegmentId, Term);

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<BitSet>> for Bytes {
    fn weight(&self, _: &Key, bits: &Arc<BitSet>) -> u64 {
        u64::from(bits.max_value()) / 8 + OVERHEAD_BYTES
    }
}

/// Segments never change: where a word stands in one holds as long as there is one.
pub struct Places(Mutex<Cache<Key, Arc<BitSet>, Bytes>>);

impl Default for Places {
    fn default() -> Self {
        Self(Mutex::new(Cache::with_weighter(64, BYTES, Bytes)))
    }
}

impl Places {
    /// The records of a segment that have a word, deleted ones too, where so many are asked for that it is worth it. None: it is not common there,
    /// or not worth it.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn of(&self, segment: &SegmentReader, term: &Term, asked: u32) -> tantivy::Result<Option<Arc<BitSet>>> {
        let key = (segment.segment_id(), term.clone());
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let words = segment.inverted_index(term.field())?;
        let records = u64::from(words.doc_freq(term)?);
        if records * COMMON < u64::from(segment.max_doc()) || u64::from(asked) * WORTH < records {
            return Ok(None);
        }
        let Some(mut postings) = words.read_postings(term, IndexRecordOption::Basic)? else { return Ok(None) };
        let mut bits = BitSet::with_max_value(segment.max_doc());
        while postings.doc() != TERMINATED {
            bits.insert(postings.doc());
            postings.advance();
        }
        let bits = Arc::new(bits);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&bits));
        Ok(Some(bits))
    }

    /// Forgets all segments but these.
    pub fn keep(&self, segments: &BTreeSet<SegmentId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(segment, _), _| segments.contains(segment));
    }

    #[cfg(test)]
    pub fn segments(&self) -> BTreeSet<SegmentId> {
        self.0.lock().unwrap().iter().map(|((segment, _), _)| *segment).collect()
    }
}
