//! The short-term index: words to records, under Tantivy. It can always be built again from the store, and on any doubt it is.

mod best;
mod ceiling;
mod columns;
mod follow;
mod places;
mod schema;
mod span;
#[cfg(test)]
mod tests;
mod words;

pub use follow::{Doubt, FollowError, Follower};
pub use schema::{last_of, time_of};

pub use best::Wanted;

use super::recall::Query;
use crate::store::{Indexed, Reader, StoreError};
use best::Sought;
use ceiling::Ceilings;
use columns::Held;
use places::Places;
use schema::{Fields, Seen};
use span::Span;
use std::{
    collections::BTreeSet,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tantivy::{
    IndexReader, ReloadPolicy, Searcher, TantivyError, Term,
    fieldnorm::FieldNormReader,
    query::{
        AllQuery, Bm25Weight, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query as Searched, RangeQuery, TermQuery,
    },
    schema::IndexRecordOption,
    tokenizer::TextAnalyzer,
};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
#[error("the index in {}: {}; `jamey memory rebuild` makes it anew", path.display(), said(source))]
pub struct IndexError {
    pub path: PathBuf,
    pub source: TantivyError,
}

/// In words; of its writer's threads nobody has heard.
fn said(source: &TantivyError) -> String {
    match source {
        TantivyError::ErrorInThread(_) => "a file of it could not be written".to_owned(),
        other => other.to_string(),
    }
}

/// What an index takes on disk, and of what: without what is only on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    pub bytes: u64,
    pub records: u64,
    /// Documents that are gone, and still stand in their segments.
    pub deleted: u64,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: Uuid,
    /// In [0, 1], in steps of 1/255.
    pub importance: f64,
    /// BM25, at least 0; all alike where nothing was asked for in words.
    pub relevance: f64,
    /// Where it was wanted.
    pub entity: Option<Arc<str>>,
}

/// The index as its readers see it: what was committed last.
pub struct Index {
    path: PathBuf,
    index: tantivy::Index,
    fields: Fields,
    reader: IndexReader,
    /// What the files that are open have seen.
    seen: Mutex<Option<Seen>>,
    columns: Held,
    learnt: Learnt,
}

/// What searches learnt of segments, which never change.
#[derive(Default)]
struct Learnt {
    ceilings: Ceilings,
    places: Places,
}

impl Index {
    /// Opens the index of a folder; makes nothing.
    ///
    /// # Errors
    /// When there is none that this build can read.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let wrap = |source| IndexError { path: path.to_owned(), source };
        let index = tantivy::Index::open_in_dir(path).map_err(wrap)?;
        Self::of(path, index).map_err(wrap)
    }

    fn of(path: &Path, index: tantivy::Index) -> tantivy::Result<Self> {
        index.tokenizers().register(words::NAME, words::analyzer());
        let fields = Fields::of(&index)?;
        let seen = Mutex::new(of_metas(&index)?);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { path: path.to_owned(), index, fields, reader, seen, columns: Held::default(), learnt: Learnt::default() })
    }

    /// Looks for what was committed since.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn refresh(&self) -> Result<(), IndexError> {
        // In this order: what comes between the two is looked at twice, and not left out.
        let seen = of_metas(&self.index).map_err(|source| self.wrap(source))?;
        self.reader.reload().map_err(|source| self.wrap(source))?;
        self.columns.let_go();
        let segments = self.reader.searcher().segment_readers().iter().map(|segment| segment.segment_id()).collect();
        self.learnt.ceilings.keep(&segments);
        self.learnt.places.keep(&segments);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    /// What it had seen at the last refresh; None: it is empty, or of another format.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the change log up to which it has seen all, as of the last refresh.
    #[must_use]
    pub fn applied(&self) -> i64 {
        self.seen().map_or(0, |seen| seen.applied)
    }

    /// Why it is not to be believed, if it is not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn doubt(&self, store: &Reader) -> Result<Option<Doubt>, StoreError> {
        let Some(Seen { applied, purged }) = self.seen() else { return Ok(Some(Doubt::Format)) };
        if store.purges()? > purged {
            return Ok(Some(Doubt::Forgotten));
        }
        match store.change_log()? {
            Some((_, last)) if applied > last => return Ok(Some(Doubt::Ahead { applied, last })),
            Some((first, _)) if applied.saturating_add(1) < first => return Ok(Some(Doubt::Behind { applied, first })),
            None if applied > 0 => return Ok(Some(Doubt::Ahead { applied, last: 0 })),
            _ => {}
        }
        // Flipped bytes make it find nonsense, or panic. All of it is read, by mappings that go with each file: those of the search would keep it.
        let checked = catch_unwind(AssertUnwindSafe(|| tantivy::Index::open_in_dir(&self.path)?.validate_checksum()));
        Ok(match checked {
            Ok(Ok(wrong)) => wrong.into_iter().min().map(|path| Doubt::Damaged(path.display().to_string())),
            Ok(Err(error)) => Some(Doubt::Damaged(error.to_string())),
            Err(_) => Some(Doubt::Damaged("it cannot be read".into())),
        })
    }

    #[must_use]
    pub fn records(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// What the last commit takes.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn weight(&self) -> Result<Weight, IndexError> {
        let segments = self.index.searchable_segment_metas().map_err(|source| self.wrap(source))?;
        let mut weight = Weight::default();
        for segment in &segments {
            weight.records += u64::from(segment.num_docs());
            weight.deleted += u64::from(segment.num_deleted_docs());
        }
        // Files bear the names of their segments.
        let names: BTreeSet<String> = segments.iter().map(|segment| segment.id().uuid_string()).collect();
        let is_of_one = |name: &str| name.split_once('.').is_some_and(|(segment, _)| names.contains(segment));
        let files = std::fs::read_dir(&self.path).map_err(|error| self.wrap(TantivyError::IoError(Arc::new(error))))?;
        let of_ours = files.flatten().filter(|file| file.file_name().to_str().is_some_and(is_of_one));
        weight.bytes = of_ours.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        Ok(weight)
    }

    /// No record that it has is newer than this id.
    fn newest(&self) -> Result<Uuid, IndexError> {
        let high = self.read(|| {
            let searcher = self.reader.searcher();
            let newest = searcher.segment_readers().iter().map(|segment| Ok(segment.fast_fields().u64(schema::HIGH)?.max_value()));
            newest.collect::<tantivy::Result<Vec<u64>>>()
        })?;
        Ok(high.into_iter().max().map_or(Uuid::nil(), |high| Uuid::from_u64_pair(high, u64::MAX)))
    }

    /// The ids of all records that it has.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn ids(&self) -> Result<Vec<Uuid>, IndexError> {
        let searcher = self.reader.searcher();
        let mut ids = Vec::new();
        for segment in searcher.segment_readers() {
            let number = |name| segment.fast_fields().u64(name).map_err(|source| self.wrap(source));
            let (high, low) = (number(schema::HIGH)?, number(schema::LOW)?);
            let half = |column: &tantivy::columnar::Column<u64>, doc| column.first(doc).unwrap_or(0);
            ids.extend(segment.doc_ids_alive().map(|doc| Uuid::from_u64_pair(half(&high, doc), half(&low, doc))));
        }
        Ok(ids)
    }

    /// The best records for a query, best first; without words the newest.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn search(&self, query: &Query, wanted: &Wanted<'_>) -> Result<Vec<Hit>, IndexError> {
        self.read(|| {
            let searcher = self.reader.searcher();
            let sought = self.search_for(query, &searcher, wanted.newest_first)?;
            best::search(&searcher, &*self.columns.of(&searcher)?, &self.learnt, &sought, wanted)
        })
    }

    /// How well a text that is not in the index yet answers a query; None: not at all. Its BM25, with what the index knows of the words.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn relevance(&self, query: &Query, record: &Indexed) -> Result<Option<f64>, IndexError> {
        self.read(|| self.judge(query, record))
    }

    /// Damaged files may make the search panic: that is an error like any other.
    fn read<T>(&self, read: impl FnOnce() -> tantivy::Result<T>) -> Result<T, IndexError> {
        let broken = || Err(TantivyError::InternalError("its files make no sense".into()));
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| broken()).map_err(|source| self.wrap(source))
    }

    fn search_for(&self, query: &Query, searcher: &Searcher, in_turn: bool) -> tantivy::Result<Sought> {
        let mut parts: Vec<(Occur, Box<dyn Searched>)> = Vec::new();
        let exact = |field, text: &str| -> Box<dyn Searched> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        // What narrows says nothing of how well a record answers.
        let must = |query: Box<dyn Searched>| -> (Occur, Box<dyn Searched>) { (Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0))) };
        let verdicts: Vec<String> = query.verdicts.iter().map(|d| d.as_str().to_owned()).collect();
        for (field, wanted) in [(self.fields.entity, &query.entities), (self.fields.kind, &query.kinds), (self.fields.verdict, &verdicts)] {
            if !wanted.is_empty() {
                parts.push(must(Box::new(BooleanQuery::union(wanted.iter().map(|text| exact(field, text)).collect()))));
            }
        }
        if let Some(time) = &query.time {
            parts.push(must(Box::new(Span(schema::high_of(time.start)..schema::high_of(time.end)))));
        }
        if let Some(least) = query.importance {
            let least = Term::from_field_u64(self.fields.importance, schema::coarse(least));
            parts.push(must(Box::new(RangeQuery::new(Bound::Included(least), Bound::Unbounded))));
        }
        let mut tokens = self.index.tokenizer_for_field(self.fields.text)?;
        let term = |word: &String| Term::from_field_text(self.fields.text, word);
        let freqs = |word: &String| -> Box<dyn Searched> { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
        let words: Vec<String> = query.words.iter().flat_map(|word| words::asked(&mut tokens, word)).collect();
        // What stands nowhere raises nothing.
        let mut faint = Vec::new();
        for word in query.faint.iter().flat_map(|word| words::asked(&mut tokens, word)) {
            if searcher.doc_freq(&term(&word))? > 0 {
                faint.push(word);
            }
        }
        let mut left_out: Vec<(Occur, Box<dyn Searched>)> = Vec::new();
        let standing = |occur, phrases: &[String], tokens: &mut TextAnalyzer, parts: &mut Vec<(Occur, Box<dyn Searched>)>| {
            for phrase in phrases {
                let words = words::asked(tokens, phrase);
                match &words[..] {
                    [] => {}
                    [word] => parts.push((occur, freqs(word))),
                    words => {
                        let phrase = || -> Box<dyn Searched> { Box::new(PhraseQuery::new(words.iter().map(term).collect())) };
                        // Tantivy 0.27 looks behind a phrase that is to be left out, and panics; it does not behind a union.
                        let left_out = || -> Box<dyn Searched> { Box::new(BooleanQuery::union(vec![phrase(), phrase()])) };
                        parts.push((occur, if occur == Occur::MustNot { left_out() } else { phrase() }));
                    }
                }
            }
        };
        standing(Occur::MustNot, &query.without, &mut tokens, &mut left_out);
        // Where words alone count, not every record with one of them has to be looked at.
        if !words.is_empty() && query.phrases.is_empty() && faint.is_empty() {
            let is_narrowed = !parts.is_empty() || !left_out.is_empty();
            if in_turn && words.len() <= if is_narrowed { NARROWED_IN_TURN } else { IN_TURN } {
                parts.append(&mut left_out);
                return Ok(Sought::InTurn { words: words.iter().map(term).collect(), narrowed: parts });
            }
            if !is_narrowed {
                return Ok(Sought::Query(BooleanQuery::union(words.iter().map(freqs).collect())));
            }
        }
        if !words.is_empty() {
            parts.push((Occur::Must, Box::new(BooleanQuery::union(words.iter().map(freqs).collect()))));
            for word in &faint {
                parts.push((Occur::Should, Box::new(BoostQuery::new(freqs(word), FAINT))));
            }
        }
        standing(Occur::Must, &query.phrases, &mut tokens, &mut parts);
        parts.append(&mut left_out);
        // What only forbids would find nothing.
        if parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            parts.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(Sought::Query(BooleanQuery::new(parts)))
    }

    fn judge(&self, query: &Query, record: &Indexed) -> tantivy::Result<Option<f64>> {
        let one_of = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|w| w == is);
        let verdict = query.verdicts.is_empty() || record.decision.is_some_and(|d| query.verdicts.contains(&d));
        let at = schema::time_of(record.id);
        let fits = one_of(&query.entities, record.entity.as_str())
            && one_of(&query.kinds, &record.kind.to_lowercase())
            && (query.superseded || !record.superseded)
            && verdict
            && query.importance.is_none_or(|least| record.importance >= least)
            && query.time.as_ref().is_none_or(|time| time.contains(&at));
        if !fits {
            return Ok(None);
        }
        let mut tokens = self.index.tokenizer_for_field(self.fields.text)?;
        let text = words::placed(&mut tokens, &record.text);
        let places: BTreeSet<(usize, &str)> = text.iter().map(|(at, word)| (*at, word.as_str())).collect();
        // How often they stand there, one after the other.
        let times = |words: &[String]| {
            let from = |at: usize| words.iter().zip(at..).all(|(word, at)| places.contains(&(at, word.as_str())));
            text.iter().filter(|(at, word)| words.first() == Some(word) && from(*at)).count()
        };
        let mut phrases = Vec::new();
        for phrase in &query.phrases {
            let words = words::asked(&mut tokens, phrase);
            if !words.is_empty() && times(&words) == 0 {
                return Ok(None);
            }
            phrases.push(words);
        }
        for word in &query.without {
            if times(&words::asked(&mut tokens, word)) > 0 {
                return Ok(None);
            }
        }
        if !query.has_words() {
            return Ok(Some(0.0));
        }
        let searcher = self.reader.searcher();
        let known = searcher.num_docs() > 0;
        let length = FieldNormReader::fieldnorm_to_id(u32::try_from(text.len()).unwrap_or(u32::MAX));
        let score = |words: &[String]| -> tantivy::Result<f64> {
            let times = times(words);
            if times == 0 {
                return Ok(0.0);
            }
            // Of an empty index nothing can be known but that the word is there.
            if !known {
                return Ok(1.0);
            }
            let terms: Vec<Term> = words.iter().map(|word| Term::from_field_text(self.fields.text, word)).collect();
            let weight = Bm25Weight::for_terms(&searcher, &terms)?;
            Ok(f64::from(weight.score(length, u32::try_from(times).unwrap_or(u32::MAX))))
        };
        let mut sum = 0.0;
        for word in query.words.iter().flat_map(|word| words::asked(&mut tokens, word)) {
            sum += score(&[word])?;
        }
        // Of words one at least must be there; phrases all were.
        if sum == 0.0 && !query.words.is_empty() {
            return Ok(None);
        }
        for phrase in &phrases {
            sum += score(phrase)?;
        }
        if sum == 0.0 {
            return Ok(None);
        }
        for word in query.faint.iter().flat_map(|word| words::asked(&mut tokens, word)) {
            sum += f64::from(FAINT) * score(&[word])?;
        }
        Ok(Some(sum))
    }

    fn wrap(&self, source: TantivyError) -> IndexError {
        IndexError { path: self.path.clone(), source }
    }
}

/// What a word of which sentences are made counts beside one that is asked for.
const FAINT: f32 = 0.1;

/// So many words are looked for in turn; each word more doubles the turns.
const IN_TURN: usize = 5;
/// And so many where all else that is asked for has to be looked at in each turn.
const NARROWED_IN_TURN: usize = 3;

/// What a commit says of itself.
fn of_metas(index: &tantivy::Index) -> tantivy::Result<Option<Seen>> {
    Ok(index.load_metas()?.payload.as_deref().and_then(schema::seen))
}
