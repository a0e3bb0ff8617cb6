//! A time in an index whose segments have their newest record first: one run of records in each, found by halving.

use super::schema;
use std::ops::Range;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED,
    columnar::Column,
    query::{EnableScoring, Explanation, Query, Scorer, Weight},
};

/// Records whose id's first half is in a range.
#[derive(Debug, Clone)]
pub struct Span(pub Range<u64>);

impl Query for Span {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Span {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let column = reader.fast_fields().u64(schema::HIGH)?;
        let first = first_below(&column, reader.max_doc(), self.0.end);
        Ok(Box::new(Run { doc: first, end: first_below(&column, reader.max_doc(), self.0.start) }.checked()))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("in a time", 0.0))
    }
}

/// The first document older than that: they are sorted, the newest first.
fn first_below(column: &Column<u64>, max: DocId, high: u64) -> DocId {
    let (mut low, mut top) = (0, max);
    while low < top {
        let middle = low + (top - low) / 2;
        if column.first(middle).unwrap_or(0) < high {
            top = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

struct Run {
    doc: DocId,
    end: DocId,
}

impl Run {
    fn checked(mut self) -> Self {
        if self.doc >= self.end {
            self.doc = TERMINATED;
        }
        self
    }
}

impl DocSet for Run {
    fn advance(&mut self) -> DocId {
        self.seek(self.doc.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc != TERMINATED {
            self.doc = if target < self.end { self.doc.max(target) } else { TERMINATED };
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        if self.doc == TERMINATED { 0 } else { self.end - self.doc }
    }
}

impl Scorer for Run {
    fn score(&mut self) -> Score {
        0.0
    }
}
