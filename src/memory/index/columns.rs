//! What the segments say of each record besides its words, held open from one search to the next.

use super::schema;
use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, PoisonError},
};
use tantivy::{
    DocId, Searcher, SegmentReader,
    columnar::{Column, ColumnIndex, StrColumn},
};

/// The columns of one segment.
pub struct Columns {
    pub high: Column<u64>,
    pub low: Column<u64>,
    pub importance: Column<u64>,
    pub superseded: Column<u64>,
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

    /// No record of it has an id whose first half is greater.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.high.max_value()
    }

    /// The number that the segment has for the record's entity.
    #[must_use]
    pub fn entity_number(&self, doc: DocId) -> Option<u64> {
        self.entity.as_ref()?.ords().first(doc)
    }

    #[must_use]
    pub fn entity(&self, number: u64) -> Arc<str> {
        let mut name = String::new();
        if let Some(column) = &self.entity {
            // What cannot be read has no neighbours.
            let _ = column.ord_to_str(number, &mut name);
        }
        name.into()
    }
}

pub fn first(column: &Column<u64>, doc: DocId) -> u64 {
    match column.index {
        // Each record has one: nothing is to be looked up before.
        ColumnIndex::Full => column.values.get_val(doc),
        _ => column.first(doc).unwrap_or(0),
    }
}

/// The columns of all segments that a searcher sees.
pub struct Opened {
    generation: u64,
    segments: Vec<Columns>,
    /// Numbers of segments, that with the newest record first.
    order: Vec<u32>,
}

impl Opened {
    fn of(searcher: &Searcher) -> tantivy::Result<Self> {
        let segments = searcher.segment_readers().iter().map(Columns::of).collect::<tantivy::Result<Vec<_>>>()?;
        let mut order: Vec<(u64, u32)> = segments.iter().map(Columns::newest).zip(0..).collect();
        order.sort_by_key(|(newest, ord)| (Reverse(*newest), *ord));
        Ok(Self { generation: searcher.generation().generation_id(), segments, order: order.into_iter().map(|(_, ord)| ord).collect() })
    }

    #[must_use]
    pub fn columns(&self, ord: u32) -> Option<&Columns> {
        self.segments.get(usize::try_from(ord).ok()?)
    }

    pub fn newest_first(&self) -> impl Iterator<Item = (u32, &Columns)> {
        self.order.iter().filter_map(|ord| Some((*ord, self.columns(*ord)?)))
    }
}

/// What was opened last.
#[derive(Default)]
pub struct Held(Mutex<Option<Arc<Opened>>>);

impl Held {
    /// The columns that this searcher sees.
    pub fn of(&self, searcher: &Searcher) -> tantivy::Result<Arc<Opened>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = held.as_ref().filter(|opened| opened.generation == searcher.generation().generation_id()) {
            return Ok(Arc::clone(opened));
        }
        Ok(Arc::clone(held.insert(Arc::new(Opened::of(searcher)?))))
    }

    /// Files that were merged away take room on the disk for as long as somebody has them open.
    pub fn let_go(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
