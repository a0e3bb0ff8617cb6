//! Figures of consciousness over time: as they were told for two days, then by the hour.

use super::{
    conscious::MetricRow,
    error::{Doing, StoreError},
    load::{all, from_json},
    reader::Reader,
};
use crate::domain::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOUR_MICROS: i64 = 3_600 * 1_000_000;

impl MetricRow {
    /// How many it stands for, the least and the most of them.
    fn stands_for(&self) -> (f64, f64, f64) {
        let told = |key: &str| self.detail.get(key).and_then(Value::as_f64);
        match told("rows") {
            Some(rows) => (rows.max(1.0), told("min").unwrap_or(self.value), told("max").unwrap_or(self.value)),
            None => (1.0, self.value, self.value),
        }
    }

    /// Whether it stands for an hour: then it has `rows`, `min` and `max` in its detail, and their mean as value.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        self.detail.get("rows").is_some()
    }
}

impl Reader {
    /// The time of the oldest figure of each kind.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn oldest_metrics(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        // From name to name: a look at all rows would take as long as reading them.
        let sql = "WITH RECURSIVE names (metric) AS (SELECT min(metric) FROM consciousness_metrics UNION ALL
                SELECT (SELECT min(metric) FROM consciousness_metrics m WHERE m.metric > names.metric) FROM names WHERE metric IS NOT NULL)
             SELECT metric, (SELECT min(at) FROM consciousness_metrics m WHERE m.metric = names.metric) FROM names WHERE metric IS NOT NULL";
        let found = all(self.conn(), sql, [], |row| Ok((row.get::<_, String>(0)?, Timestamp::from_micros(row.get(1)?))))?;
        Ok(found.into_iter().collect())
    }

    /// The first hour from a time on that has a figure which stands for itself, is over before another time, and is followed by a later figure: the
    /// newest is kept as it was told.
    pub fn hour_to_sum(&self, metric: &str, from: Timestamp, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM consciousness_metrics WHERE metric = ?1 AND at >= ?2
                AND at < min(?3, (SELECT max(at) FROM consciousness_metrics WHERE metric = ?1)) / ?4 * ?4
                AND (at % ?4 <> 0 OR json_extract(detail, '$.rows') IS NULL)
             ORDER BY at LIMIT 1";
        let found = all(self.conn(), sql, params![metric, from.micros(), before.micros(), HOUR_MICROS], |row| Ok(row.get::<_, i64>(0)?))?;
        Ok(found.first().map(|at| Timestamp::from_micros(hour(*at))))
    }
}

fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR_MICROS) * HOUR_MICROS
}

fn metrics(conn: &Connection, metric: &str, from: i64, to: i64) -> Result<Vec<MetricRow>, StoreError> {
    let sql = "SELECT at, value, detail FROM consciousness_metrics WHERE metric = ?1 AND at >= ?2 AND at < ?3 ORDER BY at";
    all(conn, sql, params![metric, from, to], row)
}

fn row(row: &rusqlite::Row<'_>) -> Result<MetricRow, StoreError> {
    Ok(MetricRow { at: Timestamp::from_micros(row.get(0)?), value: row.get(1)?, detail: from_json("consciousness_metrics", row, 2, 0)? })
}

/// One row in the place of all of an hour; how many those were.
pub(super) fn sum_hour(conn: &Connection, metric: &str, at: Timestamp) -> Result<usize, StoreError> {
    let begins = hour(at.micros());
    let rows = metrics(conn, metric, begins, begins + HOUR_MICROS)?;
    if rows.iter().all(MetricRow::is_hourly) {
        return Ok(0);
    }
    let (mut count, mut sum, mut least, mut most) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for row in &rows {
        let (stands_for, min, max) = row.stands_for();
        count += stands_for;
        sum += row.value * stands_for;
        (least, most) = (least.min(min), most.max(max));
    }
    conn.execute(
        "DELETE FROM consciousness_metrics WHERE metric = ?1 AND at >= ?2 AND at < ?3",
        params![metric, begins, begins + HOUR_MICROS],
    )
    .doing("drop the figures of an hour")?;
    super::mind::metric(conn, Timestamp::from_micros(begins), metric, sum / count, &json!({"rows": count, "min": least, "max": most}))?;
    Ok(rows.len())
}

/// Figures of a kind from before a time go, the oldest first and so many at most.
pub(super) fn drop_metrics(conn: &Connection, metric: &str, before: Timestamp, most: usize) -> Result<usize, StoreError> {
    let sql = "DELETE FROM consciousness_metrics WHERE metric = ?1 AND at <= (
            SELECT max(at) FROM (SELECT at FROM consciousness_metrics WHERE metric = ?1 AND at < ?2 ORDER BY at LIMIT ?3))";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    conn.prepare_cached(sql).and_then(|mut s| s.execute(params![metric, before.micros(), most])).doing("drop old figures")
}
