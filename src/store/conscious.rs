//! What consciousness kept, read back: figures over time, who Jamey has been, how its objectives stand.

use super::{
    error::StoreError,
    load::{all, from_json},
    reader::Reader,
};
use crate::domain::Timestamp;
use rusqlite::params;
use serde_json::Value;
use std::ops::Range;

/// One figure at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
    pub at: Timestamp,
    pub value: f64,
    pub detail: Value,
}

impl Reader {
    /// Who Jamey is, as it was stored last.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn identity(&self) -> Result<Option<Value>, StoreError> {
        let rows =
            all(self.conn(), "SELECT view, at FROM identity_matrices WHERE length(state) > 0 ORDER BY at DESC LIMIT 1", [], |row| {
                from_json("identity_matrices", row, 0, 1)
            })?;
        Ok(rows.into_iter().next())
    }

    /// How each objective stands, by id.
    ///
    /// # Errors
    /// As above.
    pub fn missions(&self) -> Result<Vec<(String, Value)>, StoreError> {
        all(self.conn(), "SELECT id, view FROM mission_objectives ORDER BY id", [], |row| {
            Ok((row.get(0)?, from_json("mission_objectives", row, 1, 0)?))
        })
    }

    /// A figure over time, oldest first: the newest rows that are not older than `since`, at most `limit`.
    ///
    /// # Errors
    /// As above.
    pub fn metrics(&self, metric: &str, since: Timestamp, limit: u32) -> Result<Vec<MetricRow>, StoreError> {
        let mut rows = self.metrics_within(metric, since..Timestamp::from_micros(i64::MAX), limit)?;
        rows.reverse();
        Ok(rows)
    }

    /// A figure in a while, newest first.
    ///
    /// # Errors
    /// As above.
    pub fn metrics_within(&self, metric: &str, within: Range<Timestamp>, limit: u32) -> Result<Vec<MetricRow>, StoreError> {
        let sql =
            "SELECT at, value, detail FROM consciousness_metrics WHERE metric = ?1 AND at >= ?2 AND at < ?3 ORDER BY at DESC LIMIT ?4";
        all(self.conn(), sql, params![metric, within.start.micros(), within.end.micros(), limit], |row| {
            Ok(MetricRow {
                at: Timestamp::from_micros(row.get(0)?),
                value: row.get(1)?,
                detail: from_json("consciousness_metrics", row, 2, 0)?,
            })
        })
    }

    /// Its newest row.
    ///
    /// # Errors
    /// As above.
    pub fn metric(&self, metric: &str) -> Result<Option<MetricRow>, StoreError> {
        Ok(self.metrics(metric, Timestamp::from_micros(i64::MIN), 1)?.pop())
    }
}
