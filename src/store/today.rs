//! What was refused since a moment: of the rows from the newest back, and of what was only counted.

use super::{
    Reader,
    error::{Doing, StoreError},
};
use crate::domain::{Decision, Timestamp};
use rusqlite::params;

/// Rows that are looked at: a day of a house has some thousands.
const ROWS: u32 = 200_000;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

impl Reader {
    /// How many requests the conscience denied since then, to the hour where they were too many to be kept one by one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn denied_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        let mut rows = self.conn.prepare("SELECT at, decision FROM verdicts ORDER BY rowid DESC LIMIT ?1").doing("read verdicts")?;
        let newest = rows.query_map([ROWS], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).doing("read verdicts")?;
        let mut denied = 0_u64;
        for row in newest {
            let (at, decision) = row.doing("read verdicts")?;
            if at < since.micros() {
                break;
            }
            denied += u64::from(decision == Decision::Deny.as_str());
        }
        let counted: i64 = self
            .conn
            .query_row(
                "SELECT COALESCE(sum(summarised), 0) FROM summaries WHERE hour >= ?1 AND decision = ?2",
                params![since.micros().div_euclid(MICROS_PER_HOUR), Decision::Deny.as_str()],
                |row| row.get(0),
            )
            .doing("read the summaries")?;
        Ok(denied.saturating_add(u64::try_from(counted).unwrap_or(0)))
    }
}
