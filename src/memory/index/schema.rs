//! What stands in the index, in some 60 bytes a record: no text is stored, the id is two numbers, and its first is the time.

use crate::{domain::Timestamp, store::Indexed};
use tantivy::{
    Index, TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
};
use uuid::Uuid;

/// An index of another number is made anew.
const FORMAT: u32 = 1;
pub const HIGH: &str = "high";
pub const LOW: &str = "low";
pub const IMPORTANCE: &str = "importance";

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
}

pub fn schema() -> Schema {
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default().set_tokenizer("en_stem").set_index_option(IndexRecordOption::WithFreqsAndPositions);
    schema.add_text_field("text", TextOptions::default().set_indexing_options(words));
    schema.add_u64_field(HIGH, FAST);
    schema.add_u64_field(LOW, FAST | INDEXED);
    for name in ["entity", "kind", "verdict"] {
        schema.add_text_field(name, STRING);
    }
    schema.add_u64_field(IMPORTANCE, FAST);
    schema.build()
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
        document
    }
}

/// The least first half of an id of that time.
pub fn high_of(at: Timestamp) -> u64 {
    u64::try_from(at.micros().div_euclid(1_000)).unwrap_or(0).min((1 << 48) - 1) << 16
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

/// What stands beside a commit: the format, and up to where the change log was followed.
pub fn payload(applied: i64) -> String {
    format!("jamey {FORMAT} {applied}")
}

pub fn applied(payload: &str) -> Option<i64> {
    payload.strip_prefix(&format!("jamey {FORMAT} "))?.parse().ok()
}
