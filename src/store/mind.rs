//! What consciousness keeps: figures over time, who Jamey has been, how its objectives stand.

use super::{
    error::{Doing, StoreError},
    load::{all, from_json},
    reader::Reader,
};
use crate::domain::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

/// A day of micros: identities are kept by the day.
const DAY_MICROS: i64 = 86_400 * 1_000_000;

pub(super) fn metric(conn: &Connection, at: Timestamp, metric: &str, value: f64, detail: &Value) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO consciousness_metrics (metric, at, value, detail) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (metric, at) DO UPDATE SET value = excluded.value, detail = excluded.detail",
    )
    .and_then(|mut s| s.execute(params![metric, at.micros(), value, detail.to_string()]))
    .map(|_| ())
    .doing("write a figure of consciousness")
}

/// The row of its day.
pub(super) fn identity(conn: &Connection, at: Timestamp, view: &Value, state: &[u8]) -> Result<(), StoreError> {
    let day = at.micros().div_euclid(DAY_MICROS) * DAY_MICROS;
    conn.prepare_cached(
        "INSERT INTO identity_matrices (at, view, state) VALUES (?1, ?2, ?3)
         ON CONFLICT (at) DO UPDATE SET view = excluded.view, state = excluded.state",
    )
    .and_then(|mut s| s.execute(params![day, view.to_string(), state]))
    .map(|_| ())
    .doing("write the identity")
}

pub(super) fn mission(conn: &Connection, id: &str, at: Timestamp, view: &Value, state: &[u8]) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO mission_objectives (id, at, view, state) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET at = excluded.at, view = excluded.view, state = excluded.state",
    )
    .and_then(|mut s| s.execute(params![id, at.micros(), view.to_string(), state]))
    .map(|_| ())
    .doing("write an objective")
}

/// The newest state of the identity.
pub(super) fn identity_state(conn: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    conn.query_row("SELECT state FROM identity_matrices ORDER BY at DESC LIMIT 1", [], |row| row.get(0))
        .optional()
        .doing("read the identity")
}

/// The state of each objective, by id.
pub(super) fn mission_states(conn: &Connection) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    all(conn, "SELECT id, state FROM mission_objectives ORDER BY id", [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// An hour of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissionHour {
    pub at: Timestamp,
    pub good: u64,
    pub bad: u64,
}

impl Reader {
    /// How each objective stood when that was last written, by id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn missions(&self) -> Result<Vec<(String, Value)>, StoreError> {
        all(self.conn(), "SELECT id, view FROM mission_objectives ORDER BY id", [], |row| {
            Ok((row.get(0)?, from_json("mission_objectives", row, 1, 0)?))
        })
    }

    /// The hours of an objective that are over, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mission_hours(&self, id: &str, since: Timestamp) -> Result<Vec<MissionHour>, StoreError> {
        let sql = "SELECT metric, at, detail FROM consciousness_metrics WHERE metric = ?1 AND at >= ?2 ORDER BY at";
        all(self.conn(), sql, params![format!("mission.{id}"), since.micros()], |row| {
            let detail: Value = from_json("consciousness_metrics", row, 2, 0)?;
            let count = |key: &str| detail.get(key).and_then(Value::as_u64).unwrap_or(0);
            Ok(MissionHour { at: Timestamp::from_micros(row.get(1)?), good: count("good"), bad: count("bad") })
        })
    }
}
