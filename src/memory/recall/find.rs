//! Finds what a query asks for: in the index, and in what the store has beyond it; ranked, page by page, each record with its words.

use super::{
    Query,
    paged::{Paged, Question},
    rank::{self, Parts, Uses},
};
use crate::{
    domain::{EntityId, Timestamp},
    memory::{
        index::{Index, IndexError, Wanted, last_of, time_of},
        working::Working,
    },
    store::{Reader, RecordRow, StoreError},
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Candidates that are ranked together: the best by relevance, or the newest.
const CANDIDATES: usize = 200;
/// So many times that many can be paged through: 5,000 are more than anybody reads, and each page costs what all before it cost.
const WINDOWS: usize = 25;
/// Transactions of the change log looked through at a time.
const TRANSACTIONS: u32 = 256;
/// Records that the index has not seen, read at a time.
const TAIL: usize = 1_000;

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
    /// What is being paged through.
    pub paged: Option<&'m mut Paged>,
    /// Which records who asks may know; None: all.
    pub may_know: Option<&'m dyn Fn(&RecordRow) -> bool>,
    /// What counts.
    pub parts: Parts,
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
    // Some twenty looks, of one moment.
    let _moment = store.moment()?;
    // A later page is ranked as the first one was.
    let (now, focus) = cursor.as_ref().map_or((now, mind.focus), |c| (c.now, c.focus.clone()));
    let mut working = mind.working;
    if let Some(working) = &mut working {
        working.follow(store)?;
    }
    let until = cursor.as_ref().map(|c| last_of(c.now));
    let focus = focus.filter(|_| query.has_words());
    let tail = tail(index, store)?;
    let question = Question { now, focus: focus.clone(), query: query.clone(), parts: mind.parts };
    let mut paged = mind.paged;
    let search = Search { index, store, query, parts: mind.parts, may_know: mind.may_know, now, until, focus: focus.as_ref(), tail };
    let mut page = Page::default();
    let first = cursor.as_ref().map_or(0, |c| c.window);
    let next = |page: &Page, window| {
        let last = page.records.last();
        last.map(|last| Cursor { now, window, score: last.score, id: last.record.id, focus: focus.clone() }.write())
    };
    for window in first..WINDOWS {
        let kept = paged.as_ref().and_then(|paged| paged.order(&question, window));
        // Another one may ask for the next page, who may know less.
        let ranked = match kept {
            Some(kept) if search.may_all_be_known(&kept)? => kept,
            _ => Arc::new(search.window(window)?),
        };
        let from = cursor.as_ref().filter(|c| c.window == window).map(|c| (c.score, c.id));
        for (score, id) in ranked.found.iter().filter(|one| from.is_none_or(|from| order(one, &from) == Ordering::Greater)) {
            if page.records.len() == limit {
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
        let last = page.records.last().map(|last| (last.score, last.record.id));
        let is_more = last.is_some_and(|last| ranked.found.iter().any(|one| order(one, &last) == Ordering::Greater));
        if page.records.len() == limit && (is_more || !ranked.is_last) {
            page.next = next(&page, window);
            if let Some(paged) = &mut paged {
                paged.keep(question, window, ranked);
            }
            return Ok(page);
        }
        if ranked.is_last {
            return Ok(page);
        }
    }
    Ok(page)
}

/// The better one first, and the newer one where all else is equal.
fn order(one: &(f64, Uuid), other: &(f64, Uuid)) -> Ordering {
    other.0.total_cmp(&one.0).then_with(|| other.1.cmp(&one.1))
}

struct Search<'s> {
    index: &'s Index,
    store: &'s Reader,
    query: &'s Query,
    parts: Parts,
    may_know: Option<&'s dyn Fn(&RecordRow) -> bool>,
    now: Timestamp,
    /// What came after the first page was asked for is not on a later one.
    until: Option<Uuid>,
    focus: Option<&'s EntityId>,
    /// What the index has not seen, or not as it is.
    tail: BTreeSet<Uuid>,
}

/// Some candidates in their order, and whether there are no more.
pub(super) struct Ranked {
    pub found: Vec<(f64, Uuid)>,
    pub is_last: bool,
}

struct Candidate {
    id: Uuid,
    window: usize,
    relevance: f64,
    importance: f64,
    /// Where it matters.
    entity: Option<Arc<str>>,
}

impl Search<'_> {
    fn may_all_be_known(&self, ranked: &Ranked) -> Result<bool, StoreError> {
        let Some(may_know) = self.may_know else { return Ok(true) };
        for (_, id) in &ranked.found {
            if self.store.record(*id)?.is_some_and(|row| !may_know(&row)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn window(&self, number: usize) -> Result<Ranked, RecallError> {
        let wanted = Wanted {
            limit: CANDIDATES * (number + 1),
            scored: self.query.has_words(),
            superseded: self.query.superseded,
            except: &self.tail,
            until: self.until,
            newest_first: self.parts.newest_first,
            entities: self.focus.is_some() || self.parts.spreading,
        };
        let hits = self.index.search(self.query, &wanted)?;
        let is_last = hits.len() < wanted.limit;
        let mut found: Vec<Candidate> = hits
            .into_iter()
            .zip(0..)
            .map(|(hit, place): (_, usize)| Candidate {
                id: hit.id,
                window: place / CANDIDATES,
                relevance: hit.relevance,
                importance: hit.importance,
                entity: hit.entity,
            })
            .collect();
        if number == 0 {
            let until = self.until.unwrap_or(Uuid::max());
            let tail: Vec<Uuid> = self.tail.range(..=until).copied().collect();
            for some in tail.chunks(TAIL) {
                for record in self.store.indexed(some)? {
                    if let Some(relevance) = self.index.relevance(self.query, &record)? {
                        found.push(Candidate {
                            id: record.id,
                            window: 0,
                            relevance,
                            importance: record.importance,
                            entity: Some(record.entity.as_str().into()),
                        });
                    }
                }
            }
        }
        // What the asker may not know is out before anything is ranked: no score, no cursor and no page tells that it is there.
        if let Some(may_know) = self.may_know {
            let mut known = Vec::with_capacity(found.len());
            for one in found {
                if self.store.record(one.id)?.is_some_and(|row| may_know(&row)) {
                    known.push(one);
                }
            }
            found = known;
        }
        // All so far are measured by the same, also those that were on pages before.
        let mut relevance: Vec<f64> = found.iter().map(|one| one.relevance).collect();
        rank::min_max(&mut relevance);
        for (one, relevance) in found.iter_mut().zip(relevance) {
            one.relevance = relevance;
        }
        found.retain(|one| one.window == number);
        Ok(Ranked { found: self.rank(&found)?, is_last })
    }

    fn rank(&self, found: &[Candidate]) -> Result<Vec<(f64, Uuid)>, StoreError> {
        let scored = self.query.has_words();
        let uses = if scored { self.store.uses(found.iter().map(|one| one.id))? } else { BTreeMap::new() };
        let score = |one: &Candidate| {
            let used = uses.get(&one.id).map_or_else(|| Uses::new(time_of(one.id)), |uses| uses.as_of(self.now));
            let score = self.parts.score(one.relevance, used.base_level(self.now), one.importance);
            if self.focus.is_some_and(|focus| one.entity.as_deref() == Some(focus.as_str())) { rank::in_focus(score) } else { score }
        };
        let mut ranked: Vec<(f64, Uuid)> = found.iter().map(|one| (if scored { score(one) } else { 0.0 }, one.id)).collect();
        if scored && self.parts.spreading {
            let seconds = |id: Uuid| time_of(id);
            let mut best: Vec<usize> = (0..ranked.len()).collect();
            best.sort_by(|a, b| match (ranked.get(*a), ranked.get(*b)) {
                (Some(a), Some(b)) => order(a, b),
                _ => Ordering::Equal,
            });
            let sources: Vec<(f64, Timestamp, Arc<str>)> = best
                .iter()
                .take(rank::SOURCES)
                .filter_map(|at| {
                    let ((score, id), one) = (ranked.get(*at)?, found.get(*at)?);
                    Some((*score, seconds(*id), one.entity.clone()?))
                })
                .collect();
            for ((score, id), one) in ranked.iter_mut().zip(found.iter()) {
                let near = sources.iter().filter(|(_, at, entity)| Some(entity) == one.entity.as_ref() && *at != seconds(*id));
                let spread = near.map(|(score, at, _)| rank::spread(*score, at.seconds_since(seconds(*id)).abs())).fold(0.0, f64::max);
                *score = (*score + spread).min(1.0);
            }
        }
        ranked.sort_by(order);
        Ok(ranked)
    }
}

/// Records that the store knows and the index does not, or not as they are.
fn tail(index: &Index, store: &Reader) -> Result<BTreeSet<Uuid>, RecallError> {
    if store.change_log()?.is_some_and(|(_, last)| last > index.applied()) {
        index.refresh()?;
    }
    let (mut ids, mut after) = (BTreeSet::new(), index.applied());
    loop {
        let changes = store.changed_records(after, TRANSACTIONS)?;
        let Some((last, _)) = changes.last() else { return Ok(ids) };
        after = *last;
        ids.extend(changes.into_iter().flat_map(|(_, ids)| ids));
    }
}

/// Where a page ended: `NOW-WINDOW-SCORE-ID`, each in hex, and `-FOCUS` where there was one.
struct Cursor {
    now: Timestamp,
    window: usize,
    score: f64,
    id: Uuid,
    focus: Option<EntityId>,
}

/// When the first page was asked for, by the cursor of a later one.
pub(super) fn began(cursor: &str) -> Option<Timestamp> {
    Cursor::read(cursor).ok().map(|cursor| cursor.now)
}

impl Cursor {
    fn write(&self) -> String {
        let focus = self.focus.as_ref().map_or_else(String::new, |entity| format!("-{entity}"));
        format!("{:x}-{:x}-{:x}-{}{focus}", self.now.micros(), self.window, self.score.to_bits(), self.id.simple())
    }

    fn read(text: &str) -> Result<Self, RecallError> {
        let wrong = || RecallError::Cursor(text.chars().take(64).collect());
        let mut parts = text.splitn(5, '-');
        let mut part = || parts.next().ok_or_else(wrong);
        let (now, window, score, id) = (part()?, part()?, part()?, part()?);
        let cursor = Self {
            now: Timestamp::from_micros(i64::from_str_radix(now, 16).map_err(|_| wrong())?),
            window: usize::from_str_radix(window, 16).map_err(|_| wrong())?,
            score: f64::from_bits(u64::from_str_radix(score, 16).map_err(|_| wrong())?),
            id: Uuid::parse_str(id).map_err(|_| wrong())?,
            focus: parts.next().map(EntityId::new).transpose().map_err(|_| wrong())?,
        };
        if cursor.window >= WINDOWS || !(0.0..=1.0).contains(&cursor.score) { Err(wrong()) } else { Ok(cursor) }
    }
}
