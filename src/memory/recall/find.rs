//! Finds what a query asks for: in the index, and in what the store has beyond it; ranked, page by page, each record with its words.

use super::{
    Query,
    rank::{self, Uses},
};
use crate::{
    domain::{EntityId, Timestamp},
    memory::{
        index::{Index, IndexError, time_of},
        working::Working,
    },
    store::{Reader, RecordRow, StoreError},
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};
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

/// What the house has in mind while it recalls.
#[derive(Default)]
pub struct Mindset<'m> {
    /// What the workspace broadcast last: memories of it come to mind a little sooner.
    pub focus: Option<EntityId>,
    /// What is at hand.
    pub working: Option<&'m mut Working>,
    /// Which records who asks may know; None: all.
    pub may_know: Option<&'m dyn Fn(&RecordRow) -> bool>,
}

/// `find_in` with nothing in mind.
///
/// # Errors
/// As there.
pub fn find(index: &Index, store: &Reader, query: &Query, now: Timestamp, limit: usize, cursor: Option<&str>) -> Result<Page, RecallError> {
    find_in(Mindset::default(), index, store, query, now, limit, cursor)
}

/// Finds at most `limit` records from a cursor on. What was committed before is found: what the index has not seen yet is read in the store.
///
/// # Errors
/// When index or store cannot be read, or the cursor is none.
pub fn find_in(
    mind: Mindset<'_>,
    index: &Index,
    store: &Reader,
    query: &Query,
    now: Timestamp,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page, RecallError> {
    let cursor = cursor.map(Cursor::read).transpose()?;
    // A later page is ranked as the first one was.
    let (now, focus) = cursor.as_ref().map_or((now, mind.focus), |c| (c.now, c.focus.clone()));
    let focus = focus.filter(|_| query.has_words());
    let mut working = mind.working;
    if let Some(working) = &mut working {
        working.follow(store)?;
    }
    let tail = tail(index, store)?;
    // In this order: what the index takes in between is found twice, and in the other it would not be found at all.
    index.refresh()?;
    let mut found: BTreeMap<Uuid, (f64, f64)> = BTreeMap::new();
    for hit in index.search(query, CANDIDATES)? {
        found.insert(hit.id, (hit.relevance, hit.importance));
    }
    let mut in_focus = BTreeSet::new();
    if let Some(entity) = focus.as_ref().filter(|entity| query.entities.is_empty() || query.entities.iter().any(|e| e == entity.as_str())) {
        let of_it = Query { entities: vec![entity.as_str().to_owned()], ..query.clone() };
        // What was not among the best is no better for being in focus than the last of them.
        let last = found.values().map(|(relevance, _)| *relevance).fold(f64::INFINITY, f64::min);
        for hit in index.search(&of_it, CANDIDATES)? {
            found.entry(hit.id).or_insert((hit.relevance.min(last), hit.importance));
            in_focus.insert(hit.id);
        }
    }
    for id in tail {
        // It may have changed, or be gone.
        found.remove(&id);
        if let Some(record) = store.indexed(id)?
            && let Some(relevance) = index.relevance(query, &record)?
        {
            found.insert(id, (relevance, record.importance));
            if focus.as_ref() == Some(&record.entity) {
                in_focus.insert(id);
            }
        }
    }
    // What the asker may not know is out before anything is ranked: no score, no cursor and no page tells that it is there.
    if let Some(may_know) = mind.may_know {
        let mut known = BTreeMap::new();
        for (id, measures) in found {
            let row = match &mut working {
                Some(working) => working.record(store, id)?,
                None => store.record(id)?,
            };
            if row.is_some_and(|row| may_know(&row)) {
                known.insert(id, measures);
            }
        }
        found = known;
    }
    let uses = if query.has_words() { store.uses(found.keys().copied())? } else { BTreeMap::new() };
    let mut relevance: Vec<f64> = found.values().map(|(relevance, _)| *relevance).collect();
    rank::min_max(&mut relevance);
    let mut ranked: Vec<(f64, Uuid)> = found
        .iter()
        .zip(relevance)
        .map(|((id, (_, importance)), relevance)| {
            let used = uses.get(id).map_or_else(|| Uses::new(time_of(*id)), |uses| uses.as_of(now));
            let score = if query.has_words() { rank::score(relevance, used.base_level(now), *importance) } else { 0.0 };
            (if in_focus.contains(id) { rank::in_focus(score) } else { score }, *id)
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
            page.next = page.records.last().map(|last| Cursor { now, score: last.score, id: last.record.id, focus: focus.clone() }.write());
            break;
        }
        // What was forgotten meanwhile is not there any more.
        let record = match &mut working {
            Some(working) => working.record(store, *id)?,
            None => store.record(*id)?,
        };
        if let Some(record) = record {
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

/// Where a page ended: `NOW-SCORE-ID`, each in hex, and `-FOCUS` where there was one.
struct Cursor {
    now: Timestamp,
    score: f64,
    id: Uuid,
    focus: Option<EntityId>,
}

impl Cursor {
    fn write(&self) -> String {
        let focus = self.focus.as_ref().map_or_else(String::new, |entity| format!("-{entity}"));
        format!("{:x}-{:x}-{}{focus}", self.now.micros(), self.score.to_bits(), self.id.simple())
    }

    fn read(text: &str) -> Result<Self, RecallError> {
        let wrong = || RecallError::Cursor(text.chars().take(64).collect());
        let mut parts = text.splitn(4, '-');
        let mut part = || parts.next().ok_or_else(wrong);
        let (now, score, id) = (part()?, part()?, part()?);
        Ok(Self {
            now: Timestamp::from_micros(i64::from_str_radix(now, 16).map_err(|_| wrong())?),
            score: f64::from_bits(u64::from_str_radix(score, 16).map_err(|_| wrong())?),
            id: Uuid::parse_str(id).map_err(|_| wrong())?,
            focus: parts.next().map(EntityId::new).transpose().map_err(|_| wrong())?,
        })
    }
}
