//! The journal: the mind's inputs, one row a transaction, bounded. Its numbers tell whether a batch has landed, so that a batch whose
//! COMMIT failed after all can be written again without being stored twice.

use super::{
    database::Batch,
    error::{Doing, StoreError},
    rows::Written,
};
use crate::domain::limits;
use rusqlite::{Connection, OptionalExtension, params};

/// What a row costs beside its inputs.
const ROW_BYTES: i64 = 32;
/// Rows deleted in one transaction: a batch of the largest size makes room for itself within a few of them.
const DELETED_AT_ONCE: usize = 64;

/// What is known of the journal and the totals, kept in memory between commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    next: i64,
    next_change: i64,
    bytes: i64,
    records: i64,
    verdicts: i64,
}

impl Tally {
    /// Reads it; touches no row's content, only its length.
    pub(super) fn read(conn: &Connection) -> Result<Self, StoreError> {
        let (last, bytes) = conn
            .query_row("SELECT COALESCE(max(seq), 0), COALESCE(sum(length(inputs) + ?1), 0) FROM journal", [ROW_BYTES], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            })
            .doing("read the journal's size")?;
        let (records, verdicts) = conn
            .query_row("SELECT records, verdicts FROM journal WHERE seq = ?1", [last], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .doing("read the totals")?
            .unwrap_or((0, 0));
        let last_change: i64 =
            conn.query_row("SELECT COALESCE(max(seq), 0) FROM change_log", [], |row| row.get(0)).doing("read the end of the change log")?;
        Ok(Self { next: last + 1, next_change: last_change + 1, bytes, records, verdicts })
    }

    pub(super) fn next_change(&self) -> i64 {
        self.next_change
    }

    /// So many rows of the change log came from elsewhere.
    pub(super) fn noted(mut self, rows: i64) -> Self {
        self.next_change += rows;
        self
    }

    /// The number that the next batch gets.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// Whether this batch stands in the journal under a number that it was tried with.
    pub(super) fn has_landed(&self, conn: &Connection, batch: &Batch, number: i64) -> Result<bool, StoreError> {
        conn.prepare_cached("SELECT at = ?2 AND inputs = ?3 FROM journal WHERE seq = ?1")
            .and_then(|mut s| s.query_row(params![number, batch.at.micros(), batch.journal], |row| row.get(0)).optional())
            .map(Option::unwrap_or_default)
            .doing("look whether the batch has landed")
    }

    /// Adds the batch's row and deletes the oldest beyond the bound; the tally as it is once this is committed.
    pub(super) fn append(&self, conn: &Connection, batch: &Batch, written: Written) -> Result<Self, StoreError> {
        let mut after = *self;
        after.next += 1;
        after.next_change = written.next_change;
        after.records += written.records;
        after.verdicts += written.verdicts;
        after.bytes += ROW_BYTES + i64::try_from(batch.journal.len()).unwrap_or(i64::MAX / 2);
        conn.prepare_cached("INSERT INTO journal (seq, at, records, verdicts, inputs) VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut s| s.execute(params![self.next, batch.at.micros(), after.records, after.verdicts, batch.journal]))
            .doing("write the journal")?;
        for _ in 0..DELETED_AT_ONCE {
            if after.bytes <= limits::JOURNAL_BYTES {
                break;
            }
            let freed: Option<i64> = conn
                .prepare_cached("DELETE FROM journal WHERE seq = (SELECT min(seq) FROM journal) AND seq < ?1 RETURNING length(inputs)")
                .and_then(|mut s| s.query_row([self.next], |row| row.get(0)).optional())
                .doing("shorten the journal")?;
            match freed {
                Some(bytes) => after.bytes -= bytes + ROW_BYTES,
                None => break,
            }
        }
        Ok(after)
    }
}
