//! Verdicts in the order in which they were stored: what came after one that is named. Rows of verdicts never go, and a forgotten one keeps
//! its place; so who knows how far he has read can go on from there after any time.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::{Reader, VERDICT, VerdictRow, verdict},
};
use crate::domain::{Timestamp, limits};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

/// A verdict with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Since {
    pub row: i64,
    pub verdict: VerdictRow,
    /// Of one that was given again, because what was held was let on or not.
    pub ended: Option<Ended>,
}

/// How the waiting of a held message ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// As the word for it is stored.
    pub how: String,
    pub by: Option<String>,
    pub at: Timestamp,
    pub let_on: bool,
    pub reason: String,
}

impl Reader {
    /// Those after a place, oldest first. `forwarded_at` is as it was when the verdict was given: one that waited and was let on later was
    /// not let on then.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn verdicts_since(&self, row: i64, limit: u32) -> Result<Vec<Since>, StoreError> {
        let _moment = self.moment()?;
        let sql = format!(
            "SELECT given.*, (SELECT rowid FROM verdicts v WHERE v.percept = given.percept AND v.ordinal = given.ordinal) AS place
             FROM ({VERDICT} WHERE verdicts.rowid > ?1 ORDER BY verdicts.rowid LIMIT ?2) AS given ORDER BY place"
        );
        let mut since =
            all(self.conn(), &sql, params![row, limit], |row| Ok(Since { row: row.get("place")?, verdict: verdict(row)?, ended: None }))?;
        for one in &mut since {
            let ended = self.ended(one.verdict.percept)?;
            if usize::from(one.verdict.ordinal) >= limits::AGAIN {
                one.ended = ended;
            } else if ended.is_some_and(|ended| ended.let_on) {
                one.verdict.forwarded_at = None;
            }
        }
        Ok(since)
    }

    /// The place of the newest verdict, and whose it is.
    pub fn newest_verdict(&self) -> Result<Option<(i64, Uuid)>, StoreError> {
        self.placed("SELECT rowid, percept FROM verdicts ORDER BY rowid DESC LIMIT ?1", 1)
    }

    /// Whose verdict stands at a place.
    pub fn verdict_at(&self, row: i64) -> Result<Option<Uuid>, StoreError> {
        Ok(self.placed("SELECT rowid, percept FROM verdicts WHERE rowid = ?1", row)?.map(|(_, percept)| percept))
    }

    /// Of how many refusals at most only the count was kept since.
    pub fn counted_since(&self, at: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT COALESCE(sum(summarised), 0) FROM summaries WHERE last_at > ?1";
        let sum: i64 = self.conn().query_row(sql, [at.micros()], |row| row.get(0)).doing("count what was only counted")?;
        Ok(u64::try_from(sum).unwrap_or(0))
    }

    /// When the verdict at a place was given.
    pub fn verdict_time(&self, row: i64) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM verdicts WHERE rowid = ?1";
        let at: Option<i64> = self.conn().query_row(sql, [row], |row| row.get(0)).optional().doing("look when a verdict was given")?;
        Ok(at.map(Timestamp::from_micros))
    }

    fn placed(&self, sql: &str, number: i64) -> Result<Option<(i64, Uuid)>, StoreError> {
        self.conn()
            .query_row(sql, [number], |row| Ok((row.get(0)?, Uuid::from_bytes(row.get(1)?))))
            .optional()
            .doing("look where a verdict stands")
    }

    fn ended(&self, percept: Uuid) -> Result<Option<Ended>, StoreError> {
        let sql =
            "SELECT answer, answered_by, answered_at, let_on, reason FROM approvals WHERE percept = ?1 AND answer IS NOT NULL LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Ended {
                how: row.get(0)?,
                by: row.get(1)?,
                at: Timestamp::from_micros(row.get(2)?),
                let_on: row.get::<_, Option<bool>>(3)?.unwrap_or(false),
                reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            })
        };
        self.conn()
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([percept.as_bytes()], read).optional())
            .doing("look how a held message ended")
    }
}
