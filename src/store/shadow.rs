//! Rows of a candidate that judges beside the rules: its counts, and the newest of its disagreements.

use super::{
    error::{Doing, StoreError},
    load::{all, from_json},
    reader::Reader,
    rows::append,
};
use crate::domain::{Disagreement, ShadowTally, limits};
use rusqlite::{Connection, params};

pub(super) fn tally(conn: &Connection, tally: &ShadowTally, json: &mut Vec<u8>) -> Result<(), StoreError> {
    json.clear();
    append(json, tally, "a shadow's counts")?;
    conn.prepare_cached("INSERT INTO shadow (slot, tally) VALUES (1, ?1) ON CONFLICT (slot) DO UPDATE SET tally = excluded.tally")
        .and_then(|mut s| s.execute([std::str::from_utf8(json).unwrap_or_default()]))
        .map(|_| ())
        .doing("write a shadow's counts")
}

/// Adds one, and lets the oldest beyond the bound go.
pub(super) fn disagreed(conn: &Connection, one: &Disagreement, json: &mut Vec<u8>) -> Result<(), StoreError> {
    json.clear();
    append(json, one, "a disagreement")?;
    conn.prepare_cached("INSERT INTO disagreements (percept, ordinal, disagreement) VALUES (?1, ?2, ?3)")
        .and_then(|mut s| s.execute(params![one.percept.as_bytes(), one.ordinal, std::str::from_utf8(json).unwrap_or_default()]))
        .doing("write a disagreement")?;
    conn.prepare_cached("DELETE FROM disagreements WHERE seq <= ?1")
        .and_then(|mut s| s.execute([conn.last_insert_rowid().saturating_sub(limits::DISAGREEMENTS)]))
        .map(|_| ())
        .doing("shorten the disagreements")
}

pub(super) fn read_tally(conn: &Connection) -> Result<Option<ShadowTally>, StoreError> {
    Ok(all(conn, "SELECT tally, slot FROM shadow", [], |row| from_json("shadow", row, 0, 1))?.pop())
}

impl Reader {
    /// The counts of the candidate that judges, or judged last, beside the rules.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for what follows.
    pub fn shadow(&self) -> Result<Option<ShadowTally>, StoreError> {
        read_tally(self.conn())
    }

    /// Its newest disagreements, newest first.
    pub fn disagreements(&self, limit: u32) -> Result<Vec<Disagreement>, StoreError> {
        all(self.conn(), "SELECT disagreement, seq FROM disagreements ORDER BY seq DESC LIMIT ?1", [limit], |row| {
            from_json("disagreements", row, 0, 1)
        })
    }
}
