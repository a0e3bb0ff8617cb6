//! The best of a search: by score, and among equals the newest. All segments are looked through, the newest first, and no further than needed.

use super::{Hit, schema};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
    sync::Arc,
};
use tantivy::{
    DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED,
    columnar::{Column, StrColumn},
    query::{BooleanQuery, EnableScoring, Query},
};
use uuid::Uuid;

/// The order in which scores are added up depends on the way; what is left of them does not.
const COARSE: u32 = !0x3ff;

/// What a search wants.
pub struct Wanted<'w> {
    pub limit: usize,
    /// Whether it is scored: else all are alike.
    pub scored: bool,
    pub superseded: bool,
    /// Found elsewhere.
    pub except: &'w BTreeSet<Uuid>,
    /// None younger than this id.
    pub until: Option<Uuid>,
    /// Among equals the newest; else whichever stands first.
    pub newest_first: bool,
}

type Rank = (u32, u64, u64);

/// What a segment says of a document besides its words.
struct Columns {
    high: Column<u64>,
    low: Column<u64>,
    importance: Column<u64>,
    superseded: Column<u64>,
    entity: Option<StrColumn>,
}

impl Columns {
    fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        Ok(Self {
            high: fast.u64(schema::HIGH)?,
            low: fast.u64(schema::LOW)?,
            importance: fast.u64(schema::IMPORTANCE)?,
            superseded: fast.u64(schema::SUPERSEDED)?,
            entity: fast.str(schema::ENTITY)?,
        })
    }

    fn entity(&self, doc: DocId) -> Arc<str> {
        let mut name = String::new();
        if let Some(column) = &self.entity
            && let Some(ord) = column.ords().first(doc)
        {
            // What cannot be read has no neighbours.
            let _ = column.ord_to_str(ord, &mut name);
        }
        name.into()
    }
}

fn first(column: &Column<u64>, doc: DocId) -> u64 {
    column.first(doc).unwrap_or(0)
}

/// The best so far; the worst of them on top.
struct Best<'w> {
    wanted: &'w Wanted<'w>,
    /// Whether some were offered before, with a score that was no less.
    again: bool,
    heap: BinaryHeap<Reverse<(Rank, u32, DocId)>>,
}

impl Best<'_> {
    /// Takes a document if it is among the best; what a later one of this segment, which is older, must exceed.
    fn offer(&mut self, segment: (u32, &SegmentReader, &Columns), doc: DocId, score: Score) -> Score {
        let (ord, reader, columns) = segment;
        let high = first(&columns.high, doc);
        if reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) && (self.wanted.superseded || first(&columns.superseded, doc) == 0)
        {
            let low = first(&columns.low, doc);
            let id = Uuid::from_u64_pair(high, low);
            let is_here = self.again && self.heap.iter().any(|Reverse((_, at, one))| (*at, *one) == (ord, doc));
            if !is_here && self.wanted.until.is_none_or(|until| id <= until) && !self.wanted.except.contains(&id) {
                let rank =
                    (score.max(0.0).to_bits() & COARSE, if self.wanted.newest_first { high } else { u64::MAX - u64::from(doc) }, low);
                self.heap.push(Reverse((rank, ord, doc)));
                if self.heap.len() > self.wanted.limit {
                    self.heap.pop();
                }
            }
        }
        self.floor(high)
    }

    /// What a document that is not younger than that must exceed: all scores that are the same as the worst of them, for among equals
    /// it would be the older one.
    fn floor(&self, high: u64) -> Score {
        match self.heap.peek() {
            Some(Reverse(((score, worst, _), ..))) if self.heap.len() >= self.wanted.limit => {
                let may_tie = self.wanted.newest_first && high > *worst;
                match (may_tie, *score) {
                    (true, 0) => -1.0,
                    (true, score) => Score::from_bits(score - 1),
                    (false, score) if self.wanted.newest_first => Score::from_bits(score | !COARSE),
                    (false, score) => Score::from_bits(score),
                }
            }
            _ => Score::MIN,
        }
    }
}

/// The best documents of all segments, best first. What several queries find counts as the first of them has it.
pub fn search(searcher: &Searcher, queries: &[BooleanQuery], wanted: &Wanted<'_>) -> tantivy::Result<Vec<Hit>> {
    let scoring =
        if wanted.scored { EnableScoring::enabled_from_searcher(searcher) } else { EnableScoring::disabled_from_searcher(searcher) };
    let mut segments = Vec::new();
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        let columns = Columns::of(segment)?;
        segments.push((columns.high.max_value(), ord, segment, columns));
    }
    segments.sort_by_key(|(newest, ord, ..)| (Reverse(*newest), *ord));
    let mut best = Best { wanted, again: false, heap: BinaryHeap::with_capacity(wanted.limit.saturating_add(1)) };
    for query in queries {
        let weight = query.weight(scoring)?;
        for (newest, ord, segment, columns) in &segments {
            let at = (*ord, *segment, columns);
            if wanted.scored {
                weight.for_each_pruning(best.floor(*newest), segment, &mut |doc, score| best.offer(at, doc, score))?;
                continue;
            }
            let mut scorer = weight.scorer(segment, 1.0)?;
            let mut doc = scorer.doc();
            while doc != TERMINATED {
                // All are alike, and all that follow are older.
                if best.offer(at, doc, 0.0) >= 0.0 {
                    break;
                }
                doc = scorer.advance();
            }
        }
        best.again = true;
    }
    let hits = best.heap.into_sorted_vec().into_iter().filter_map(|Reverse(((score, ..), ord, doc))| {
        let (.., columns) = segments.iter().find(|(_, at, ..)| *at == ord)?;
        Some(Hit {
            id: Uuid::from_u64_pair(first(&columns.high, doc), first(&columns.low, doc)),
            importance: u8::try_from(first(&columns.importance, doc)).map_or(1.0, |n| f64::from(n) / 255.0),
            relevance: f64::from(Score::from_bits(score)),
            entity: columns.entity(doc),
        })
    });
    Ok(hits.collect())
}
