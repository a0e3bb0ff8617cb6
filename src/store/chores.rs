//! Upkeep of memory: small transactions that the writer makes between batches, off the verdicts' path. What to do is decided elsewhere; a
//! chore that does not fit what it finds does nothing.

use super::{
    database::Store,
    error::{Doing, StoreError},
    metrics, summaries,
    writer::Desk,
};
use crate::domain::{Summary, Tier, Timestamp};
use rusqlite::{Connection, params};
use std::{
    sync::{Weak, mpsc::sync_channel},
    time::Duration,
};
use uuid::Uuid;

/// One piece of upkeep: each is done in a few milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Chore {
    /// Records and summaries that are kept no longer; how far the sweep has come that found them. Those that are gone already are no mistake.
    Drop { records: Vec<Uuid>, summaries: Vec<Uuid>, sweep: Option<(String, Uuid)> },
    /// These records go, these summaries come in the place of those before, and the sweep has come so far: all of it or, where a record
    /// is gone or pinned meanwhile, nothing.
    Consolidate { taken: Vec<Uuid>, summaries: Vec<Summary>, sweep: Option<(String, Uuid)> },
    /// Sweeps whose names begin otherwise begin anew: they were of another retention.
    Sweeps { prefix: String },
    /// So many free pages are given back to the file system.
    Vacuum { pages: usize },
    /// The figures of an hour become one, in their place.
    SumHour { metric: String, hour: Timestamp },
    /// Figures of a kind from before a time go: so many at most.
    DropMetrics { metric: String, before: Timestamp, most: usize },
    /// Every follower has seen the change log up to here; the newest row stays.
    Followed { to: i64 },
}

/// What came of a chore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChoreDone {
    /// Rows that it was about, or pages. None of a `Consolidate`: it did not fit, and nothing was changed.
    pub rows: usize,
    /// How long the writer was busy with it.
    pub took: Duration,
}

/// Where upkeep is handed in.
#[derive(Clone)]
pub struct Chores(Weak<Desk>);

impl Chores {
    pub(super) fn at(desk: Weak<Desk>) -> Self {
        Self(desk)
    }

    /// Has a chore done, and waits for it. Not for an async task, nor for the mind's thread.
    ///
    /// # Errors
    /// When it could not be written, and nothing was changed; or the store is closing.
    pub fn run(&self, chore: Chore) -> Result<ChoreDone, StoreError> {
        let gone = || StoreError::Again("the store is closing");
        let (tell, told) = sync_channel(1);
        self.0.upgrade().ok_or_else(gone)?.ask(chore, tell)?;
        told.recv().map_err(|_| gone())?
    }
}

impl Store {
    /// Does a chore in one transaction.
    ///
    /// # Errors
    /// When it cannot be written: nothing is changed then.
    pub fn chore(&mut self, chore: &Chore) -> Result<ChoreDone, StoreError> {
        let begun = std::time::Instant::now();
        let result = self.connection().and_then(|conn| {
            let whole = conn.unchecked_transaction().doing("begin a chore")?;
            match apply(&whole, chore)? {
                Some(done) => whole.commit().doing("commit a chore").map(|()| done),
                None => whole.rollback().doing("leave a chore that does not fit").map(|()| Did { rows: 0, noted: 0 }),
            }
        });
        match &result {
            Ok(done) => self.noted(done.noted),
            Err(error) => self.heal(error),
        }
        result.map(|done| ChoreDone { rows: done.rows, took: begun.elapsed() })
    }
}

/// What came of a chore: rows it was about, and rows that the change log has more.
struct Did {
    rows: usize,
    noted: i64,
}

/// None: it does not fit.
fn apply(conn: &Connection, chore: &Chore) -> Result<Option<Did>, StoreError> {
    match chore {
        Chore::Drop { records, summaries, sweep } => {
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
            unused(conn, &gone)?;
            came(conn, sweep.as_ref())?;
            Ok(Some(Did { rows: gone.len(), noted: changed(conn, &gone)? }))
        }
        Chore::Consolidate { taken, summaries, sweep } => consolidate(conn, taken, summaries, sweep.as_ref()),
        Chore::Sweeps { prefix } => {
            let sql = "DELETE FROM memory_sweeps WHERE substr(sweep, 1, length(?1)) <> ?1";
            Ok(Some(Did { rows: conn.execute(sql, [prefix]).doing("begin sweeps anew")?, noted: 0 }))
        }
        Chore::Vacuum { pages } => {
            let mut vacuum = conn.prepare(&format!("PRAGMA incremental_vacuum({pages})")).doing("prepare to give pages back")?;
            let before = free(conn)?;
            let mut steps = vacuum.query([]).doing("give pages back")?;
            // Each step gives one back.
            while steps.next().doing("give pages back")?.is_some() {}
            let given = before.saturating_sub(free(conn)?);
            Ok(Some(Did { rows: usize::try_from(given).unwrap_or(0), noted: 0 }))
        }
        Chore::SumHour { metric, hour } => Ok(Some(Did { rows: metrics::sum_hour(conn, metric, *hour)?, noted: 0 })),
        Chore::DropMetrics { metric, before, most } => {
            Ok(Some(Did { rows: metrics::drop_metrics(conn, metric, *before, *most)?, noted: 0 }))
        }
        Chore::Followed { to } => {
            let sql = "DELETE FROM change_log WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM change_log)";
            Ok(Some(Did { rows: conn.execute(sql, [to]).doing("shorten the change log")?, noted: 0 }))
        }
    }
}

fn consolidate(conn: &Connection, taken: &[Uuid], put: &[Summary], sweep: Option<&(String, Uuid)>) -> Result<Option<Did>, StoreError> {
    let mut delete = conn.prepare_cached("DELETE FROM memory_records WHERE id = ?1 AND pinned = 0").doing("prepare to sum up")?;
    let mut ids = Vec::with_capacity(taken.len() + put.len());
    for id in taken {
        if delete.execute([id.as_bytes()]).doing("take a record that was summed up")? == 0 {
            return Ok(None);
        }
        ids.push(*id.as_bytes());
    }
    unused(conn, &ids)?;
    for summary in put {
        summaries::put(conn, summary)?;
        // The finest are for curves, and nobody searches them for words.
        if summary.tier != Tier::FiveMinutes {
            ids.push(*summary.id().as_bytes());
        }
    }
    came(conn, sweep)?;
    Ok(Some(Did { rows: taken.len() + put.len() + usize::from(sweep.is_some()), noted: changed(conn, &ids)? }))
}

fn came(conn: &Connection, sweep: Option<&(String, Uuid)>) -> Result<(), StoreError> {
    let Some((name, after)) = sweep else { return Ok(()) };
    let sql = "INSERT INTO memory_sweeps (sweep, after) VALUES (?1, ?2) ON CONFLICT (sweep) DO UPDATE SET after = excluded.after";
    conn.prepare_cached(sql).and_then(|mut s| s.execute(params![name, after.as_bytes()])).map(|_| ()).doing("note how far a sweep has come")
}

/// Of what is gone nobody counts the recalls any more.
pub(super) fn unused(conn: &Connection, gone: &[[u8; 16]]) -> Result<usize, StoreError> {
    let mut delete = conn.prepare_cached("DELETE FROM memory_uses WHERE record = ?1").doing("prepare to drop recalls")?;
    gone.iter().try_fold(0, |sum, id| Ok(sum + delete.execute([id]).doing("drop a memory's recalls")?))
}

fn free(conn: &Connection) -> Result<i64, StoreError> {
    conn.query_row("PRAGMA freelist_count", [], |row| row.get(0)).doing("count free pages")
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
