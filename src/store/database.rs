//! The store itself: open, write a batch whole or not at all, heal. Only one `Store` writes at a time.

use super::{
    chain::Chain,
    changes, connect,
    error::{Doing, StoreError},
    evidence::Sealing,
    facts::Contexts,
    forgetting,
    journal::Tally,
    key,
    load::{self, Saved},
    migrate,
    refusals::Refusals,
    rows::{self, Places},
};
use crate::domain::{Change, Outcome, Percept, Timestamp, audit::Head};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// A percept with what the mind made of it. `lets_on`: the message goes to its subscribers.
#[derive(Debug, Clone)]
pub struct Entry {
    pub percept: Box<Percept>,
    pub outcome: Outcome,
    pub lets_on: bool,
    /// A held message, judged again: its verdicts stand after those of the first time.
    pub again: bool,
}

/// What one transaction holds.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    pub changes: Vec<Change>,
    /// The mind's inputs of this batch, for replay; may be empty.
    pub journal: Vec<u8>,
    pub at: Timestamp,
}

impl Batch {
    /// Whether an entity or a memory is forgotten in it.
    #[must_use]
    pub fn forgets(&self) -> bool {
        self.changes.iter().any(|change| matches!(change, Change::Forget(_) | Change::LetGo(_)))
    }

    /// Whether the totals are others afterwards than its own rows say.
    fn unsettles(&self) -> bool {
        self.forgets() || self.changes.iter().any(|change| matches!(change, Change::Pinned { .. }))
    }
}

/// How full the write-ahead log is, in frames of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wal {
    pub used: u64,
    pub copied: u64,
}

impl Wal {
    pub(super) fn bytes(self) -> u64 {
        self.used.saturating_mul(connect::PAGE_BYTES + 24)
    }

    /// What a checkpoint has still to copy into the database.
    pub(super) fn backlog_bytes(self) -> u64 {
        self.used.saturating_sub(self.copied).saturating_mul(connect::PAGE_BYTES)
    }
}

/// What rows to come refer to.
pub(super) struct Remembered {
    pub refusals: Refusals,
    pub contexts: Contexts,
    pub chain: Chain,
    /// None: must be read again from the database.
    pub sealing: Option<Sealing>,
}

impl Remembered {
    /// After a failure the database alone knows.
    fn forget(&mut self) {
        self.refusals.forget();
        self.contexts.forget();
        self.chain.forget();
        self.sealing = None;
    }
}

pub struct Store {
    path: PathBuf,
    /// None: it failed in a way that only a new connection heals.
    conn: Option<Connection>,
    /// None: must be read again from the database.
    tally: Option<Tally>,
    /// The number of a batch whose COMMIT failed: it may have landed all the same.
    uncertain: Option<i64>,
    remembered: Remembered,
    json: Vec<u8>,
}

impl Store {
    /// Opens the database in a folder; makes both where they are missing.
    ///
    /// # Errors
    /// When the folder cannot be written, the file is damaged, someone else's, or of a newer jamey, or others may read the audit key.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = connect::create(folder)?;
        Self::of(folder, path.clone()).map_err(|error| error.at(&path))
    }

    fn of(folder: &Path, path: PathBuf) -> Result<Self, StoreError> {
        let conn = connect::open_writer(&path)?;
        migrate::migrate(&path, &conn)?;
        let tally = Tally::read(&conn)?;
        // A key without a head tells of tampering: nothing that may fail or last stands between the two.
        let (key, fresh) = key::read_or_make(folder)?;
        let chain = Chain::open(&conn, key, fresh, load::last_at(&conn)?.unwrap_or_default())?;
        Ok(Self {
            path,
            conn: Some(conn),
            tally: Some(tally),
            uncertain: None,
            remembered: Remembered { refusals: Refusals::default(), contexts: Contexts::default(), chain, sealing: None },
            json: Vec::with_capacity(4_096),
        })
    }

    /// Stores a batch in one transaction. When it returns, the disk has it: where each verdict stands.
    ///
    /// # Errors
    /// When anything fails: nothing is stored then, and the same batch may be written again.
    pub fn write(&mut self, batch: &Batch) -> Result<Places, StoreError> {
        let result = self.attempt(batch);
        if let Err(error) = &result {
            self.heal(error);
        }
        result
    }

    /// All that the mind needs to go on where it stopped.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn load(&self) -> Result<Saved, StoreError> {
        let conn = self.conn.as_ref().ok_or(StoreError::Again("the connection is being opened again"))?;
        load::load(conn).map_err(|error| error.at(&self.path))
    }

    /// The connection, opened again where it was spoiled.
    pub(super) fn connection(&mut self) -> Result<&Connection, StoreError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                let conn = connect::open_writer(&self.path)?;
                connect::configure(&self.path, &conn)?;
                conn
            }
        };
        Ok(self.conn.insert(conn))
    }

    /// Rows were added to the change log beside the batches.
    pub(super) fn noted(&mut self, rows: i64) {
        self.tally = self.tally.map(|tally| tally.noted(rows));
    }

    fn attempt(&mut self, batch: &Batch) -> Result<Places, StoreError> {
        self.connection()?;
        let conn = self.conn.as_ref().ok_or(StoreError::Again("the connection is being opened again"))?;
        let tally = match self.tally {
            Some(tally) => tally,
            None => Tally::read(conn)?,
        };
        run(conn, "BEGIN IMMEDIATE", "begin a batch")?;
        if let Some(number) = self.uncertain
            && tally.has_landed(conn, batch, number)?
        {
            // Copying it into the database syncs it, whatever became of the log's own sync.
            run(conn, "ROLLBACK", "leave a batch that has landed")?;
            checkpoint(conn, "FULL")?;
            self.uncertain = None;
            self.tally = Some(tally);
            return rows::places(conn, batch);
        }
        let mut places = Places::new();
        let written = rows::write(conn, batch, tally.next_change(), &mut self.remembered, &mut self.json, &mut places)?;
        changes::write(conn, &batch.changes, &mut self.remembered, &mut self.json)?;
        let Remembered { refusals, chain, sealing, .. } = &mut self.remembered;
        refusals.write(conn)?;
        if let Some(sealing) = sealing {
            sealing.seal(conn, chain, batch.at)?;
        }
        chain.keep(conn)?;
        let next = tally.append(conn, batch, written)?;
        self.uncertain = Some(tally.next());
        run(conn, "COMMIT", "commit a batch")?;
        self.uncertain = None;
        // The journal of the time before may be gone, and the change log be longer.
        self.tally = (!batch.unsettles()).then_some(next);
        Ok(places)
    }

    /// Writes the file anew where an entity was forgotten, so that nothing of it stays in free pages or the log.
    ///
    /// # Errors
    /// When the disk has no room for the copy, or a reader is in the way for long; the next start tries again.
    pub fn scrub(&mut self) -> Result<(), StoreError> {
        let conn = self.conn.as_ref().ok_or(StoreError::Again("the connection is being opened again"))?;
        if forgetting::is_due(conn)? { forgetting::scrub(conn) } else { Ok(()) }
    }

    /// After a failure: nothing half-written stays, and nothing counted in memory is believed.
    pub(super) fn heal(&mut self, error: &StoreError) {
        self.tally = None;
        self.remembered.forget();
        let rolled_back = self.conn.as_ref().is_some_and(|c| c.is_autocommit() || c.execute_batch("ROLLBACK").is_ok());
        if error.spoils_connection() || !rolled_back {
            self.conn = None;
        }
    }

    /// The audit trail's newest row.
    pub(super) fn audit_head(&self) -> Option<Head> {
        self.remembered.chain.head()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How full the write-ahead log is; does no work.
    pub(super) fn wal(&self) -> Result<Wal, StoreError> {
        self.checkpoint("NOOP")
    }

    /// Runs a checkpoint: `PASSIVE`, `RESTART` or `TRUNCATE`.
    pub(super) fn checkpoint(&self, mode: &'static str) -> Result<Wal, StoreError> {
        checkpoint(self.conn.as_ref().ok_or(StoreError::Again("the connection is being opened again"))?, mode)
    }

    /// The same, but waits for readers no longer than given.
    pub(super) fn checkpoint_within(&self, mode: &'static str, wait: std::time::Duration) -> Result<Wal, StoreError> {
        let conn = self.conn.as_ref().ok_or(StoreError::Again("the connection is being opened again"))?;
        conn.busy_timeout(wait).doing("set the busy timeout")?;
        let result = checkpoint(conn, mode);
        conn.busy_timeout(connect::BUSY).doing("set the busy timeout")?;
        result
    }

    #[cfg(test)]
    pub(super) fn doubt(&mut self, number: i64) {
        self.tally = None;
        self.uncertain = Some(number);
    }

    #[cfg(test)]
    pub(super) fn raw(&self) -> &Connection {
        self.conn.as_ref().unwrap()
    }
}

/// What a checkpoint left; a reader in its way is an error, to be tried again.
pub(super) fn checkpoint(conn: &Connection, mode: &'static str) -> Result<Wal, StoreError> {
    let (busy, used, copied) = conn
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))
        .and_then(|mut s| s.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))))
        .doing("checkpoint the write-ahead log")?;
    if busy != 0 && mode != "PASSIVE" {
        return Err(StoreError::Again("a reader is in the way of a checkpoint"));
    }
    Ok(Wal { used: u64::try_from(used).unwrap_or(0), copied: u64::try_from(copied).unwrap_or(0) })
}

fn run(conn: &Connection, sql: &'static str, doing: &'static str) -> Result<(), StoreError> {
    conn.prepare_cached(sql).and_then(|mut s| s.raw_execute()).map(|_| ()).doing(doing)
}
