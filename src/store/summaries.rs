//! Summaries as rows, and the records that upkeep looks at: what is due, what it said, how far each sweep has come.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, word},
    reader::Reader,
};
use crate::domain::{Body, EntityId, Layer, Summary, Tier, Timestamp, Told, Values};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::ops::Range;
use uuid::Uuid;

/// A record as far as upkeep must know it before it decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    pub id: Uuid,
    pub entity: EntityId,
    pub kind: String,
    pub layer: Layer,
    pub importance: f64,
    pub pinned: bool,
    pub superseded_by: Option<Uuid>,
}

/// A summary as it stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    pub id: Uuid,
    /// Or why it cannot be read.
    pub summary: Result<Summary, String>,
    /// The first or the last record that it counts is kept one by one as well.
    pub is_kept_too: bool,
}

pub(super) const SUMMARY: &str =
    "SELECT id, tier, begins, ends, entity, kind, requester, records, first, last, series FROM memory_summaries";
const SCANNED: &str = "SELECT id, entity, kind, layer, importance, pinned, superseded_by FROM memory_records";

/// Puts a summary in the place of the one before.
pub(super) fn put(conn: &Connection, summary: &Summary) -> Result<(), StoreError> {
    let mut series = Vec::with_capacity(256);
    ciborium::into_writer(&summary.values, &mut series).map_err(|_| StoreError::Again("a summary cannot be written down"))?;
    conn.prepare_cached(
        "INSERT INTO memory_summaries (id, tier, begins, ends, entity, kind, requester, records, first, last, series)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET records = excluded.records, first = excluded.first, last = excluded.last, series = excluded.series",
    )
    .and_then(|mut s| {
        s.execute(params![
            summary.id().as_bytes(),
            summary.tier.as_str(),
            summary.begins.micros(),
            summary.ends.micros(),
            summary.entity.as_str(),
            summary.kind,
            summary.requester.as_str(),
            i64::try_from(summary.records).unwrap_or(i64::MAX),
            summary.first.as_bytes(),
            summary.last.as_bytes(),
            series,
        ])
    })
    .map(|_| ())
    .doing("write a summary")
}

impl Reader {
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn summary(&self, id: Uuid) -> Result<Option<Summary>, StoreError> {
        Ok(all(self.conn(), &format!("{SUMMARY} WHERE id = ?1"), [id.as_bytes()], summary)?.pop())
    }

    /// What an entity's records of a kind came to, by tier, in the order of time; all that begin within.
    pub fn summaries(&self, entity: &EntityId, kind: &str, tier: Tier, within: Range<Timestamp>) -> Result<Vec<Summary>, StoreError> {
        let sql = format!("{SUMMARY} WHERE id >= ?1 AND id < ?2 AND tier = ?3 AND entity = ?4 AND kind = ?5 ORDER BY id");
        let (from, to) = (within.start.first_id(), within.end.first_id());
        all(self.conn(), &sql, params![from.as_bytes(), to.as_bytes(), tier.as_str(), entity.as_str(), kind], summary)
    }

    /// Records made before a time, in its order, those after `after`.
    pub fn scan(&self, after: Uuid, before: Timestamp, limit: usize) -> Result<Vec<Scanned>, StoreError> {
        let sql = format!("{SCANNED} WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3");
        all(self.conn(), &sql, params![after.as_bytes(), before.first_id().as_bytes(), few(limit)], scanned)
    }

    /// Facts, not pinned, in whose place a newer one came before a time, those after the newer one `after`.
    pub fn superseded(&self, after: Uuid, before: Timestamp, limit: usize) -> Result<Vec<Scanned>, StoreError> {
        let sql = format!("{SCANNED} WHERE superseded_by > ?1 AND superseded_by < ?2 AND pinned = 0 ORDER BY superseded_by LIMIT ?3");
        all(self.conn(), &sql, params![after.as_bytes(), before.first_id().as_bytes(), few(limit)], scanned)
    }

    /// What these records said; those that are gone are left out.
    pub fn said(&self, ids: &[Uuid]) -> Result<Vec<Told>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let sql = "SELECT id, entity, kind, requester, body_kind, payload FROM memory_records WHERE id = ?1";
            found.extend(all(self.conn(), sql, [id.as_bytes()], |row| {
                let cbor = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)? == "cbor";
                let payload = row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?;
                Ok(Told {
                    id: Uuid::from_bytes(row.get(0)?),
                    entity: entity_id("memory_records", row, 1)?,
                    kind: row.get(2)?,
                    requester: entity_id("memory_records", row, 3)?,
                    body: Body::parse(payload, cbor.then_some("application/cbor")),
                })
            })?);
        }
        Ok(found)
    }

    /// Summaries of a tier that began before a time, the oldest first, those after `after`.
    pub fn summaries_before(&self, tier: Tier, after: Uuid, before: Timestamp, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        let sql = "SELECT id FROM memory_summaries WHERE id > ?1 AND id < ?2 AND tier = ?3 ORDER BY id LIMIT ?4";
        let read = |row: &Row<'_>| Ok(Uuid::from_bytes(row.get(0)?));
        all(self.conn(), sql, params![after.as_bytes(), before.first_id().as_bytes(), tier.as_str(), few(limit)], read)
    }

    /// Summaries by id, those after `after`, as they are.
    pub fn summaries_after(&self, after: Uuid, limit: u32) -> Result<Vec<SummaryRow>, StoreError> {
        let (columns, from) = SUMMARY.split_once(" FROM ").unwrap_or((SUMMARY, ""));
        let kept =
            "EXISTS (SELECT 1 FROM memory_records r WHERE r.id = first) OR EXISTS (SELECT 1 FROM memory_records r WHERE r.id = last)";
        let sql = format!("{columns}, {kept} FROM {from} WHERE id > ?1 ORDER BY id LIMIT ?2");
        all(self.conn(), &sql, params![after.as_bytes(), limit], |row| {
            let summary = values(row)
                .and_then(|values| values.ok_or(StoreError::Again("its values cannot be read")))
                .and_then(|values| with_values(row, values));
            Ok(SummaryRow {
                id: Uuid::from_bytes(row.get(0)?),
                summary: summary.map_err(|error| error.to_string()),
                is_kept_too: row.get(11)?,
            })
        })
    }

    /// How far a sweep has come; nil: it has not begun.
    pub fn sweep(&self, name: &str) -> Result<Uuid, StoreError> {
        self.conn()
            .prepare_cached("SELECT after FROM memory_sweeps WHERE sweep = ?1")
            .and_then(|mut s| s.query_row([name], |row| row.get(0)).optional())
            .map(|after: Option<[u8; 16]>| after.map_or(Uuid::nil(), Uuid::from_bytes))
            .doing("read how far a sweep has come")
    }

    /// Whether there are sweeps whose names begin otherwise.
    pub fn has_sweeps_but(&self, prefix: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM memory_sweeps WHERE substr(sweep, 1, length(?1)) <> ?1)";
        self.conn().query_row(sql, [prefix], |row| row.get(0)).doing("look for sweeps of another retention")
    }

    /// When the newest record was made.
    pub fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        let read = |row: &Row<'_>| Ok(Timestamp::of_id(Uuid::from_bytes(row.get(0)?)));
        Ok(all(self.conn(), "SELECT id FROM memory_records ORDER BY id DESC LIMIT 1", [], read)?.pop())
    }
}

fn few(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn summary(row: &Row<'_>) -> Result<Summary, StoreError> {
    // Whose values make no sense still says how many records there were.
    let values = values(row)?.filter(Values::is_sound).unwrap_or_default();
    with_values(row, values)
}

/// None: they cannot be read.
fn values(row: &Row<'_>) -> Result<Option<Values>, StoreError> {
    let series = row.get_ref(10)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(ciborium::from_reader(series).ok())
}

fn with_values(row: &Row<'_>, values: Values) -> Result<Summary, StoreError> {
    Ok(Summary {
        tier: word("memory_summaries", row, 1, 0)?,
        begins: Timestamp::from_micros(row.get(2)?),
        ends: Timestamp::from_micros(row.get(3)?),
        entity: entity_id("memory_summaries", row, 4)?,
        kind: row.get(5)?,
        requester: entity_id("memory_summaries", row, 6)?,
        records: u64::try_from(row.get::<_, i64>(7)?).unwrap_or(0),
        first: Uuid::from_bytes(row.get(8)?),
        last: Uuid::from_bytes(row.get(9)?),
        values,
    })
}

fn scanned(row: &Row<'_>) -> Result<Scanned, StoreError> {
    Ok(Scanned {
        id: Uuid::from_bytes(row.get(0)?),
        entity: entity_id("memory_records", row, 1)?,
        kind: row.get(2)?,
        layer: word("memory_records", row, 3, 0)?,
        importance: row.get(4)?,
        pinned: row.get(5)?,
        superseded_by: row.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes),
    })
}
