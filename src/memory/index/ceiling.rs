//! The most that a record of a segment can score for words that stand in it together: with enough of those a search is at its end.
//! Machines say the same thing for years, so that it is reached at once, and the bounds that Tantivy keeps by the block are too far above it:
//! the shortest text with one of the words and the shortest with the other are not the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use tantivy::{
    DocSet, Score, SegmentReader, TERMINATED, Term, index::SegmentId, postings::Postings, query::Bm25Weight, schema::IndexRecordOption,
};

/// Words of segments that are remembered, some 200 bytes each: beyond that all are forgotten.
const REMEMBERED: usize = 4_096;
/// Scores are added up in another order here.
pub const ROUNDED_UP: Score = 1.000_001;

/// Of each length of a text, as the index has it, how often the word stands in one.
pub type Profile = Arc<[(u8, Times)]>;

/// How often a word stands in a text that has it.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub least: u32,
    pub most: u32,
}

/// Segments never change: what was reckoned of one holds as long as there is one.
#[derive(Default)]
pub struct Ceilings(Mutex<BTreeMap<(SegmentId, Term), Profile>>);

impl Ceilings {
    /// What is known of each of these words in a segment; looked up once, and then remembered.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn of(&self, segment: &SegmentReader, terms: &[Term]) -> tantivy::Result<Vec<Profile>> {
        terms.iter().map(|term| self.profile(segment, term)).collect()
    }

    /// Forgets what was reckoned of all segments but these.
    pub fn keep(&self, segments: &BTreeSet<SegmentId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(segment, _), _| segments.contains(segment));
    }

    #[cfg(test)]
    pub fn remembered(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn profile(&self, segment: &SegmentReader, term: &Term) -> tantivy::Result<Profile> {
        let key = (segment.segment_id(), term.clone());
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let profile = look(segment, term)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Arc::clone(&profile));
        Ok(profile)
    }
}

/// No record in which all of some words stand scores more than that: the words by their numbers, with what is known and what each counts.
/// The least of all scores where there is none.
#[must_use]
pub fn most(together: &[usize], profiles: &[Profile], weights: &[Bm25Weight]) -> Score {
    let mut words = together.iter().filter_map(|word| Some((profiles.get(*word)?, weights.get(*word)?)));
    let Some((profile, weight)) = words.next() else { return Score::MIN };
    let sum = |(length, times): &(u8, Times)| {
        words.clone().try_fold(weight.score(*length, times.most), |sum, (profile, weight)| {
            Some(sum + weight.score(*length, times_in(profile, *length)?.most))
        })
    };
    profile.iter().filter_map(sum).fold(Score::MIN, |most, score| most.max(score * ROUNDED_UP))
}

/// How often the word stands in texts of a length; None: in none.
#[must_use]
pub fn times_in(profile: &Profile, length: u8) -> Option<Times> {
    let at = profile.binary_search_by_key(&length, |(length, _)| *length).ok()?;
    profile.get(at).map(|(_, times)| *times)
}

fn look(segment: &SegmentReader, term: &Term) -> tantivy::Result<Profile> {
    let words = segment.inverted_index(term.field())?;
    let Some(mut postings) = words.read_postings(term, IndexRecordOption::WithFreqs)? else { return Ok(Arc::from([])) };
    let lengths = segment.get_fieldnorms_reader(term.field())?;
    let mut all = [Times { least: u32::MAX, most: 0 }; 256];
    let mut doc = postings.doc();
    while doc != TERMINATED {
        if let Some(Times { least, most }) = all.get_mut(usize::from(lengths.fieldnorm_id(doc))) {
            *least = postings.term_freq().min(*least);
            *most = postings.term_freq().max(*most);
        }
        doc = postings.advance();
    }
    Ok((0_u8..=255).zip(all).filter(|(_, times)| times.most > 0).collect())
}
