//! What was held of entities over time, written sparingly: a card wears by pages. Each hour's first, and every move that a person would notice.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
};
use crate::domain::{EntityId, OpinionView, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::ops::Range;

/// By how much P must move to be written within the hour.
const MOVED: f64 = 0.02;
/// And how long after the row before: who goes up and down all day must not fill the card. A leap (an owner's word, a breach) is written at once.
const APART_MICROS: i64 = 60_000_000;
const LEAP: f64 = 0.1;
const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// Rows older than this are thinned to the first of each hour, those older than the second to the first of each day.
const WHOLE_DAYS: i64 = 1;
const HOURLY_DAYS: i64 = 14;
/// After so many days they go.
pub(super) const DAILY_DAYS: i64 = 400;
/// Rows deleted at once of an entity.
const AT_ONCE: u32 = 64;

/// One row: P and t, and what moved P last.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    pub at: Timestamp,
    pub expectation: f64,
    pub lower_bound: f64,
    pub why: String,
}

/// Writes what is held of an entity now, if it is time.
pub(super) fn note(conn: &Connection, view: &OpinionView) -> Result<(), StoreError> {
    let (id, at, p) = (view.entity.as_str(), view.last_seen.micros(), view.expectation.get());
    let last: Option<(i64, f64)> = conn
        .prepare_cached("SELECT at, expectation FROM soul_history WHERE entity = ?1 ORDER BY at DESC LIMIT 1")
        .and_then(|mut s| s.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .doing("read the end of a history")?;
    if let Some((before, was)) = last {
        let (hour, moved) = (at.div_euclid(HOUR_MICROS) > before.div_euclid(HOUR_MICROS), (p - was).abs());
        if !(hour || moved >= LEAP || moved >= MOVED && at - before >= APART_MICROS) {
            return Ok(());
        }
        if hour {
            thin(conn, id, at)?;
        }
    }
    let why = view.detail.lately.as_deref().unwrap_or_default();
    conn.prepare_cached(
        "INSERT INTO soul_history (entity, at, expectation, lower_bound, why) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (entity, at) DO NOTHING",
    )
    .and_then(|mut s| s.execute(params![id, at, p, view.lower_bound.get(), why]))
    .map(|_| ())
    .doing("write a history")
}

/// Rows that are not the first of their hour, or their day, once they are old enough; and those that are too old.
fn thin(conn: &Connection, id: &str, now: i64) -> Result<(), StoreError> {
    let sql = "DELETE FROM soul_history WHERE entity = ?1 AND at IN (
             SELECT at FROM soul_history h WHERE entity = ?1 AND (at < ?4
                 OR at < ?3 AND EXISTS (SELECT 1 FROM soul_history e WHERE e.entity = ?1 AND e.at < h.at AND e.at >= h.at - h.at % 86400000000)
                 OR at < ?2 AND EXISTS (SELECT 1 FROM soul_history e WHERE e.entity = ?1 AND e.at < h.at AND e.at >= h.at - h.at % 3600000000))
             LIMIT ?5)";
    let days = |n: i64| now - n * DAY_MICROS;
    conn.prepare_cached(sql)
        .and_then(|mut s| s.execute(params![id, days(WHOLE_DAYS), days(HOURLY_DAYS), days(DAILY_DAYS), AT_ONCE]))
        .map(|_| ())
        .doing("shorten a history")
}

impl Reader {
    /// What was held of an entity since a time, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(&self, entity: &EntityId, since: Timestamp) -> Result<Vec<HistoryRow>, StoreError> {
        let sql = "SELECT at, expectation, lower_bound, why FROM soul_history WHERE entity = ?1 AND at >= ?2 ORDER BY at";
        all(self.conn(), sql, params![entity.as_str(), since.micros()], row)
    }

    /// What was held of an entity over time, oldest first, after a time.
    ///
    /// # Errors
    /// As above.
    pub fn history_within(
        &self,
        entity: &EntityId,
        within: &Range<Timestamp>,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let sql = "SELECT at, expectation, lower_bound, why FROM soul_history
             WHERE entity = ?1 AND at >= ?2 AND at < ?3 AND at > ?4 ORDER BY at LIMIT ?5";
        let after = after.map_or(i64::MIN, Timestamp::micros);
        all(self.conn(), sql, params![entity.as_str(), within.start.micros(), within.end.micros(), after, limit], row)
    }
}

fn row(row: &Row<'_>) -> Result<HistoryRow, StoreError> {
    Ok(HistoryRow { at: Timestamp::from_micros(row.get(0)?), expectation: row.get(1)?, lower_bound: row.get(2)?, why: row.get(3)? })
}
