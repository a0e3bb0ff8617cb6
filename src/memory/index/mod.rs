//! The short-term index: words to records, under Tantivy. It can always be built again from the store, and on any doubt it is.

mod follow;
mod schema;
#[cfg(test)]
mod tests;

pub use follow::{Doubt, FollowError, Follower};
pub use schema::time_of;

use super::recall::Query;
use crate::{domain::Timestamp, store::Indexed};
use schema::Fields;
use std::{
    ops::Bound,
    path::{Path, PathBuf},
};
use tantivy::{
    DocAddress, IndexReader, Order, ReloadPolicy, Searcher, TantivyError, Term,
    collector::TopDocs,
    query::{AllQuery, BooleanQuery, BoostQuery, Occur, PhraseQuery, Query as Searched, RangeQuery, TermQuery},
    schema::IndexRecordOption,
    tokenizer::{TextAnalyzer, TokenStream},
};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
#[error("the index in {}: {source}; `jamey memory rebuild` makes it anew", path.display())]
pub struct IndexError {
    pub path: PathBuf,
    pub source: TantivyError,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: Uuid,
    /// In [0, 1], in steps of 1/255.
    pub importance: f64,
    /// BM25, at least 0; all alike where nothing was asked for in words.
    pub relevance: f64,
}

/// The index as its readers see it: what was committed last.
pub struct Index {
    path: PathBuf,
    index: tantivy::Index,
    fields: Fields,
    reader: IndexReader,
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
        let fields = Fields::of(&index)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { path: path.to_owned(), index, fields, reader })
    }

    /// Looks for what was committed since.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn refresh(&self) -> Result<(), IndexError> {
        self.reader.reload().map_err(|source| self.wrap(source))
    }

    /// The number of the change log up to which it has seen all.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn applied(&self) -> Result<Option<i64>, IndexError> {
        let metas = self.index.load_metas().map_err(|source| self.wrap(source))?;
        Ok(metas.payload.as_deref().and_then(schema::applied))
    }

    #[must_use]
    pub fn records(&self) -> u64 {
        self.reader.searcher().num_docs()
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

    /// The best records for a query, at most `limit`, best first; without words the newest.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn search(&self, query: &Query, limit: usize) -> Result<Vec<Hit>, IndexError> {
        self.find(query, limit).map_err(|source| self.wrap(source))
    }

    /// How well a text that is not in the index yet answers a query; None: not at all. Its BM25, with what the index knows of the words.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn relevance(&self, query: &Query, record: &Indexed) -> Result<Option<f64>, IndexError> {
        self.judge(query, record).map_err(|source| self.wrap(source))
    }

    fn find(&self, query: &Query, limit: usize) -> tantivy::Result<Vec<Hit>> {
        let searcher = self.reader.searcher();
        let search = self.search_for(query)?;
        let top = TopDocs::with_limit(limit.max(1));
        let found: Vec<(f64, DocAddress)> = if query.has_words() {
            searcher.search(&search, &top.order_by_score())?.into_iter().map(|(score, at)| (f64::from(score), at)).collect()
        } else {
            let newest = top.order_by_u64_field(schema::HIGH, Order::Desc);
            searcher.search(&search, &newest)?.into_iter().map(|(_, at)| (0.0, at)).collect()
        };
        found.into_iter().map(|(relevance, at)| hit(&searcher, at, relevance)).collect()
    }

    fn search_for(&self, query: &Query) -> tantivy::Result<BooleanQuery> {
        let mut parts: Vec<(Occur, Box<dyn Searched>)> = Vec::new();
        let exact = |field, text: &str| -> Box<dyn Searched> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        let verdicts: Vec<String> = query.verdicts.iter().map(|d| d.as_str().to_owned()).collect();
        for (field, wanted) in [(self.fields.entity, &query.entities), (self.fields.kind, &query.kinds), (self.fields.verdict, &verdicts)] {
            if !wanted.is_empty() {
                parts.push((Occur::Must, Box::new(BooleanQuery::union(wanted.iter().map(|text| exact(field, text)).collect()))));
            }
        }
        if let Some(time) = &query.time {
            let end = |at: Timestamp| Term::from_field_u64(self.fields.high, schema::high_of(at));
            parts.push((Occur::Must, Box::new(RangeQuery::new(Bound::Included(end(time.start)), Bound::Excluded(end(time.end))))));
        }
        if let Some(least) = query.importance {
            let least = Term::from_field_u64(self.fields.importance, schema::coarse(least));
            parts.push((Occur::Must, Box::new(RangeQuery::new(Bound::Included(least), Bound::Unbounded))));
        }
        let mut tokens = self.index.tokenizer_for_field(self.fields.text)?;
        let term = |word: &String| Term::from_field_text(self.fields.text, word);
        let words: Vec<Box<dyn Searched>> = query
            .words
            .iter()
            .flat_map(|word| split(&mut tokens, word))
            .map(|word| -> Box<dyn Searched> { Box::new(TermQuery::new(term(&word), IndexRecordOption::WithFreqs)) })
            .collect();
        if !words.is_empty() {
            parts.push((Occur::Must, Box::new(BooleanQuery::union(words))));
            for word in query.faint.iter().flat_map(|word| split(&mut tokens, word)) {
                let found = TermQuery::new(term(&word), IndexRecordOption::WithFreqs);
                parts.push((Occur::Should, Box::new(BoostQuery::new(Box::new(found), FAINT))));
            }
        }
        for (occur, phrases) in [(Occur::Must, &query.phrases), (Occur::MustNot, &query.without)] {
            for phrase in phrases {
                let words = split(&mut tokens, phrase);
                match &words[..] {
                    [] => {}
                    [word] => parts.push((occur, Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)))),
                    words => {
                        let phrase = || -> Box<dyn Searched> { Box::new(PhraseQuery::new(words.iter().map(term).collect())) };
                        // Tantivy 0.27 looks behind a phrase that is to be left out, and panics; it does not behind a union.
                        let left_out = || -> Box<dyn Searched> { Box::new(BooleanQuery::union(vec![phrase(), phrase()])) };
                        parts.push((occur, if occur == Occur::MustNot { left_out() } else { phrase() }));
                    }
                }
            }
        }
        // What only forbids would find nothing.
        if parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            parts.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(BooleanQuery::new(parts))
    }

    fn judge(&self, query: &Query, record: &Indexed) -> tantivy::Result<Option<f64>> {
        let one_of = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|w| w == is);
        let verdict = query.verdicts.is_empty() || record.decision.is_some_and(|d| query.verdicts.contains(&d));
        let at = schema::time_of(record.id);
        let fits = one_of(&query.entities, record.entity.as_str())
            && one_of(&query.kinds, &record.kind)
            && verdict
            && query.importance.is_none_or(|least| record.importance >= least)
            && query.time.as_ref().is_none_or(|time| time.contains(&at));
        if !fits {
            return Ok(None);
        }
        let mut tokens = self.index.tokenizer_for_field(self.fields.text)?;
        let text = split(&mut tokens, &record.text);
        let stands = |words: &[String]| !words.is_empty() && text.windows(words.len()).any(|window| window == words);
        let mut phrases = Vec::new();
        for phrase in &query.phrases {
            let words = split(&mut tokens, phrase);
            if !words.is_empty() && !stands(&words) {
                return Ok(None);
            }
            phrases.extend(words);
        }
        for word in &query.without {
            if stands(&split(&mut tokens, word)) {
                return Ok(None);
            }
        }
        if !query.has_words() {
            return Ok(Some(0.0));
        }
        let searcher = self.reader.searcher();
        let words: Vec<String> = query.words.iter().flat_map(|word| split(&mut tokens, word)).chain(phrases).collect();
        let faint: Vec<String> = query.faint.iter().flat_map(|word| split(&mut tokens, word)).collect();
        let weigh = |words: Vec<String>| -> tantivy::Result<f64> {
            let mut sum = 0.0;
            for word in words {
                let times = text.iter().filter(|w| **w == word).count();
                if times > 0 {
                    let known = searcher.doc_freq(&Term::from_field_text(self.fields.text, &word))?;
                    sum += bm25(times, text.len(), known, searcher.num_docs());
                }
            }
            Ok(sum)
        };
        let sum = weigh(words)?;
        Ok(if sum > 0.0 { Some(sum + f64::from(FAINT) * weigh(faint)?) } else { None })
    }

    fn wrap(&self, source: TantivyError) -> IndexError {
        IndexError { path: self.path.clone(), source }
    }
}

/// What a word of which sentences are made counts beside one that is asked for.
const FAINT: f32 = 0.1;

/// BM25 of one word in a text as long as the average: k₁ = 1.2, as Tantivy has it.
fn bm25(times: usize, length: usize, with: u64, of: u64) -> f64 {
    const K1: f64 = 1.2;
    const B: f64 = 0.75;
    /// Words of a record, on average; the index has no figure of its own that costs nothing to ask for.
    const AVERAGE: f64 = 8.0;
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let large = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let (with, of, times) = (large(with) + 1.0, large(of) + 1.0, number(times));
    let rarity = libm::log(1.0 + (of - with + 0.5).max(0.0) / (with + 0.5));
    rarity * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * number(length) / AVERAGE))
}

fn split(tokens: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut stream = tokens.token_stream(text);
    let mut words = Vec::new();
    while let Some(token) = stream.next() {
        words.push(token.text.clone());
    }
    words
}

fn hit(searcher: &Searcher, at: DocAddress, relevance: f64) -> tantivy::Result<Hit> {
    let fast = searcher.segment_reader(at.segment_ord).fast_fields();
    let number = |name| fast.u64(name).map(|column| column.first(at.doc_id).unwrap_or(0));
    let id = Uuid::from_u64_pair(number(schema::HIGH)?, number(schema::LOW)?);
    let importance = u8::try_from(number(schema::IMPORTANCE)?).map_or(1.0, |n| f64::from(n) / 255.0);
    Ok(Hit { id, importance, relevance })
}
