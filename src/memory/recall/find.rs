//! Finds what a query asks for: in the index, and in what the store has beyond it; ranked, page by page, each record with its words.

use super::{
    Query,
    rank::{self, Uses},
};
use crate::{
    domain::Timestamp,
    memory::index::{Index, IndexError, time_of},
    store::{Reader, RecordRow, StoreError},
};
use std::{cmp::Ordering, collections::BTreeMap};
use uuid::Uuid;

/// Candidates that are ranked: the best by relevance, or the newest.
const CANDIDATES: usize = 200;
/// Transactions of the change log looked through at a time.
const TRANSACTIONS: u32 = 256;

#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("`{0}` is no cursor: take `next` of an answer as it is")]
    Cursor(String),
}

/// A record that was recalled.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    pub record: RecordRow,
    /// In [0, 1].
    pub score: f64,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub records: Vec<Recalled>,
    /// Where the next page begins; None: this is the last.
    pub next: Option<String>,
}

/// Finds at most `limit` records from a cursor on. What was committed before is found: what the index has not seen yet is read in the store.
///
/// # Errors
/// When index or store cannot be read, or the cursor is none.
pub fn find(index: &Index, store: &Reader, query: &Query, now: Timestamp, limit: usize, cursor: Option<&str>) -> Result<Page, RecallError> {
    let cursor = cursor.map(Cursor::read).transpose()?;
    // A later page is ranked as the first one was.
    let now = cursor.as_ref().map_or(now, |c| c.now);
    let tail = tail(index, store)?;
    let mut found: BTreeMap<Uuid, (f64, f64)> = BTreeMap::new();
    for hit in index.search(query, CANDIDATES)? {
        found.insert(hit.id, (hit.relevance, hit.importance));
    }
    for id in tail {
        // It may have changed, or be gone.
        found.remove(&id);
        if let Some(record) = store.indexed(id)?
            && let Some(relevance) = index.relevance(query, &record)?
        {
            found.insert(id, (relevance, record.importance));
        }
    }
    let mut relevance: Vec<f64> = found.values().map(|(relevance, _)| *relevance).collect();
    rank::min_max(&mut relevance);
    let mut ranked: Vec<(f64, Uuid)> = found
        .iter()
        .zip(relevance)
        .map(|((id, (_, importance)), relevance)| {
            let made = time_of(*id);
            let score = if query.has_words() { rank::score(relevance, Uses::new(made).base_level(now), *importance) } else { 0.0 };
            (score, *id)
        })
        .collect();
    // The newer one first, where all else is equal.
    let order = |x: &(f64, Uuid), y: &(f64, Uuid)| y.0.total_cmp(&x.0).then_with(|| y.1.cmp(&x.1));
    ranked.sort_by(order);
    if let Some(cursor) = &cursor {
        ranked.retain(|one| order(one, &(cursor.score, cursor.id)) == Ordering::Greater);
    }
    let mut page = Page::default();
    for (score, id) in &ranked {
        if page.records.len() == limit {
            page.next = page.records.last().map(|last| Cursor { now, score: last.score, id: last.record.id }.write());
            break;
        }
        // What was forgotten meanwhile is not there any more.
        if let Some(record) = store.record(*id)? {
            page.records.push(Recalled { record, score: *score });
        }
    }
    Ok(page)
}

/// Records that the store knows and the index does not, or not as they are.
fn tail(index: &Index, store: &Reader) -> Result<Vec<Uuid>, RecallError> {
    let (mut ids, mut after) = (Vec::new(), index.applied()?.unwrap_or(0));
    loop {
        let changes = store.changed_records(after, TRANSACTIONS)?;
        let Some((last, _)) = changes.last() else { return Ok(ids) };
        after = *last;
        ids.extend(changes.into_iter().flat_map(|(_, ids)| ids));
    }
}

/// Where a page ended: `NOW-SCORE-ID`, each in hex.
struct Cursor {
    now: Timestamp,
    score: f64,
    id: Uuid,
}

impl Cursor {
    fn write(&self) -> String {
        format!("{:x}-{:x}-{}", self.now.micros(), self.score.to_bits(), self.id.simple())
    }

    fn read(text: &str) -> Result<Self, RecallError> {
        let wrong = || RecallError::Cursor(text.chars().take(64).collect());
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or_else(wrong);
        let (now, score, id) = (part()?, part()?, part()?);
        Ok(Self {
            now: Timestamp::from_micros(i64::from_str_radix(now, 16).map_err(|_| wrong())?),
            score: f64::from_bits(u64::from_str_radix(score, 16).map_err(|_| wrong())?),
            id: Uuid::parse_str(id).map_err(|_| wrong())?,
        })
    }
}
