//! Upkeep of memory: small transactions that the writer makes between batches, off the verdicts' path. What to do is decided elsewhere; a
//! chore that does not fit what it finds does nothing.

use super::{
    database::Store,
    error::{Doing, StoreError},
    writer::Desk,
};
use rusqlite::Connection;
use std::sync::{Weak, mpsc::sync_channel};
use uuid::Uuid;

/// One piece of upkeep: each is done in a few milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Chore {
    /// Records and summaries that are kept no longer. Those that are gone already are no mistake.
    Drop { records: Vec<Uuid>, summaries: Vec<Uuid> },
    /// Every follower has seen the change log up to here; the newest row stays.
    Followed { to: i64 },
}

/// Where upkeep is handed in.
#[derive(Clone)]
pub struct Chores(Weak<Desk>);

impl Chores {
    pub(super) fn at(desk: Weak<Desk>) -> Self {
        Self(desk)
    }

    /// Has a chore done, and waits for it: how many rows it was about. Not for an async task, nor for the mind's thread.
    ///
    /// # Errors
    /// When it could not be written, and nothing was changed; or the store is closing.
    pub fn run(&self, chore: Chore) -> Result<usize, StoreError> {
        let gone = || StoreError::Again("the store is closing");
        let (tell, told) = sync_channel(1);
        self.0.upgrade().ok_or_else(gone)?.ask(chore, tell)?;
        told.recv().map_err(|_| gone())?
    }
}

impl Store {
    /// Does a chore in one transaction; how many rows it was about.
    ///
    /// # Errors
    /// When it cannot be written: nothing is changed then.
    pub fn chore(&mut self, chore: &Chore) -> Result<usize, StoreError> {
        let result = self.connection().and_then(|conn| {
            let whole = conn.unchecked_transaction().doing("begin a chore")?;
            let done = apply(&whole, chore)?;
            whole.commit().doing("commit a chore")?;
            Ok(done)
        });
        match &result {
            Ok(done) => self.noted(done.noted),
            Err(error) => self.heal(error),
        }
        result.map(|done| done.rows)
    }
}

/// What came of a chore: rows it was about, and rows that the change log has more.
struct Did {
    rows: usize,
    noted: i64,
}

fn apply(conn: &Connection, chore: &Chore) -> Result<Did, StoreError> {
    match chore {
        Chore::Drop { records, summaries } => {
            let mut gone = Vec::new();
            for (ids, sql) in [
                (records, "DELETE FROM memory_records WHERE id = ?1 AND pinned = 0"),
                (summaries, "DELETE FROM memory_summaries WHERE id = ?1"),
            ] {
                let mut delete = conn.prepare_cached(sql).doing("prepare to drop memories")?;
                for id in ids {
                    if delete.execute([id.as_bytes()]).doing("drop a memory")? > 0 {
                        gone.push(*id.as_bytes());
                    }
                }
            }
            Ok(Did { rows: gone.len(), noted: changed(conn, &gone)? })
        }
        Chore::Followed { to } => {
            let sql = "DELETE FROM change_log WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM change_log)";
            Ok(Did { rows: conn.execute(sql, [to]).doing("shorten the change log")?, noted: 0 })
        }
    }
}

/// Notes for whoever follows that these are others now, or gone.
pub(super) fn changed(conn: &Connection, ids: &[[u8; 16]]) -> Result<i64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    conn.execute("INSERT INTO change_log (seq, records) SELECT COALESCE(max(seq), 0) + 1, ?1 FROM change_log", [ids.as_flattened()])
        .map(|_| 1)
        .doing("write the change log")
}
