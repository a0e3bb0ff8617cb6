//! How the database is opened: the folder, the pragmas, and what is refused. Nothing else sets a pragma.

use super::error::{Doing, StoreError};
use crate::runtime::files::OwnersAlone;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    fs::{DirBuilder, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

/// The file in the data folder.
pub const FILE: &str = "jamey.db";
/// `JAMY`, in the header of the file: whose database it is.
const APPLICATION_ID: i64 = 0x4a41_4d59;
/// Bytes of one page; a multiple of what flash and file systems write at once.
pub(super) const PAGE_BYTES: u64 = 4_096;
/// How long a writer waits for another process (`jamey user add`) before it reports itself as failing.
pub(super) const BUSY: Duration = Duration::from_secs(1);

/// What `prepare` found in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Empty,
    Schema(i64),
}

/// Makes the folder (0700) and the file (0600; its WAL gets the same mode) where they are missing.
pub(super) fn create(folder: &Path) -> Result<PathBuf, StoreError> {
    let path = folder.join(FILE);
    DirBuilder::new()
        .recursive(true)
        .owners_alone()
        .create(folder)
        .and_then(|()| OpenOptions::new().append(true).create(true).owners_alone().open(&path))
        .map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
    Ok(path)
}

/// Looks into the file before anything is changed in it.
pub(super) fn inspect(path: &Path, conn: &Connection) -> Result<Found, StoreError> {
    let number = |sql| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|e| damaged(path, "look into the database", e));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let version = number("PRAGMA user_version")?;
    let owner = number("PRAGMA application_id")?;
    match (tables, version, owner) {
        (0, 0, 0) => Ok(Found::Empty),
        (_, _, APPLICATION_ID) => Ok(Found::Schema(version)),
        _ => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}

/// The connection that writes; nothing in the file is changed yet.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).doing("open the database")?;
    conn.busy_timeout(BUSY).doing("set the busy timeout")?;
    conn.set_prepared_statement_cache_capacity(48);
    keep_plans(&conn)?;
    Ok(conn)
}

/// Brings a writing connection into the state that the promise needs: WAL, and an fsync for every commit.
pub(super) fn configure(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    // No mmap: a read error of a worn card must be an error that heals, and in a mapping it is a SIGBUS that kills.
    // The WAL is never cut while running (journal_size_limit): overwriting it needs no new blocks, so fdatasync stays cheap.
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;
         PRAGMA mmap_size = 0; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = -1; PRAGMA trusted_schema = OFF;",
    )
    .map_err(|e| damaged(path, "configure the connection", e))?;
    let mode: String =
        conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(|e| damaged(path, "turn on the write-ahead log", e))?;
    if mode == "wal" { Ok(()) } else { Err(StoreError::Again("this file system cannot hold a write-ahead log; choose a local folder")) }
}

/// Marks an empty file as ours; page size, and that free pages can be given back, are chosen now.
pub(super) fn claim(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {APPLICATION_ID};"
    ))
    .doing("claim the database")
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).doing("open the database for reading")?;
    conn.busy_timeout(BUSY).doing("set the busy timeout")?;
    conn.set_prepared_statement_cache_capacity(32);
    keep_plans(&conn)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048;")
        .map_err(|e| damaged(path, "configure the connection", e))?;
    Ok(conn)
}

/// A statement is planned once, whatever is bound to it: SQLite would plan those with a bound `LIMIT` anew each time.
fn keep_plans(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ()).doing("have statements planned once")
}

/// Tells damage from every other failure.
pub(super) fn damaged(path: &Path, doing: &'static str, source: rusqlite::Error) -> StoreError {
    StoreError::Sqlite { doing, source }.at(path)
}
