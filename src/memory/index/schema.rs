//! What stands in the index, in some 60 bytes a record: no text is stored, the id is two numbers, and its first is the time.

use super::words;
use crate::{domain::Timestamp, store::Indexed};
use tantivy::{
    Index, IndexSettings, IndexSortByField, Order, TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
};
use uuid::Uuid;

/// An index of another number is made anew.
const FORMAT: u32 = 3;
pub const HIGH: &str = "high";
pub const LOW: &str = "low";
pub const IMPORTANCE: &str = "importance";
/// 1: a newer fact took its place.
pub const SUPERSEDED: &str = "superseded";
pub const ENTITY: &str = "entity";

#[derive(Debug, Clone, Copy)]
pub struct Fields {
    pub text: Field,
    /// The first half of the id: milliseconds since 1970, the version, and the rest of the order in time.
    pub high: Field,
    /// The second half, by which a record is found when it goes.
    pub low: Field,
    pub entity: Field,
    pub kind: Field,
    pub verdict: Field,
    /// In steps of 1/255.
    pub importance: Field,
    pub superseded: Field,
}

pub fn schema() -> Schema {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(words::NAME).set_index_option(IndexRecordOption::WithFreqsAndPositions);
    schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    schema.add_u64_field(HIGH, FAST);
    schema.add_u64_field(LOW, FAST | INDEXED);
    schema.add_text_field(ENTITY, STRING | FAST);
    for name in ["kind", "verdict"] {
        schema.add_text_field(name, STRING);
    }
    schema.add_u64_field(IMPORTANCE, FAST);
    schema.add_u64_field(SUPERSEDED, FAST);
    schema.build()
}

/// Each segment has its newest record first: among equals the newest is found first, and a time is a run of records.
pub fn settings() -> IndexSettings {
    IndexSettings { sort_by_field: Some(IndexSortByField { field: HIGH.to_owned(), order: Order::Desc }), ..IndexSettings::default() }
}

impl Fields {
    pub fn of(index: &Index) -> tantivy::Result<Self> {
        let schema = index.schema();
        let field = |name| schema.get_field(name);
        Ok(Self {
            text: field("text")?,
            high: field(HIGH)?,
            low: field(LOW)?,
            entity: field("entity")?,
            kind: field("kind")?,
            verdict: field("verdict")?,
            importance: field(IMPORTANCE)?,
            superseded: field(SUPERSEDED)?,
        })
    }

    pub fn document(&self, record: &Indexed) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let (high, low) = record.id.as_u64_pair();
        document.add_text(self.text, &record.text);
        document.add_u64(self.high, high);
        document.add_u64(self.low, low);
        document.add_text(self.entity, record.entity.as_str());
        document.add_text(self.kind, record.kind.to_lowercase());
        if let Some(decision) = record.decision {
            document.add_text(self.verdict, decision.as_str());
        }
        document.add_u64(self.importance, coarse(record.importance));
        document.add_u64(self.superseded, u64::from(record.superseded));
        document
    }
}

/// The least first half of an id of that time.
pub fn high_of(at: Timestamp) -> u64 {
    u64::try_from(at.micros().div_euclid(1_000)).unwrap_or(0).min((1 << 48) - 1) << 16
}

/// The last id of a time.
pub fn last_of(at: Timestamp) -> uuid::Uuid {
    uuid::Uuid::from_u64_pair(high_of(at) | 0xffff, u64::MAX)
}

/// When a record was made, to the millisecond.
pub fn time_of(id: Uuid) -> Timestamp {
    Timestamp::from_micros(i64::try_from(id.as_u64_pair().0 >> 16).unwrap_or(0).saturating_mul(1_000))
}

pub fn coarse(importance: f64) -> u64 {
    (0u8..=255)
        .map(u64::from)
        .zip((0u8..=255).map(f64::from))
        .take_while(|(_, step)| step / 255.0 <= importance)
        .last()
        .map_or(0, |(n, _)| n)
}

/// What an index has seen of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// The change log, up to here.
    pub applied: i64,
    /// How many forgettings are not in its files any more.
    pub purged: i64,
}

/// What stands beside a commit.
pub fn payload(seen: Seen) -> String {
    format!("jamey {FORMAT} {} {}", seen.applied, seen.purged)
}

pub fn seen(payload: &str) -> Option<Seen> {
    let (applied, purged) = payload.strip_prefix(&format!("jamey {FORMAT} "))?.split_once(' ')?;
    Some(Seen { applied: applied.parse().ok()?, purged: purged.parse().ok()? })
}
