//! The log's file reaches further than what stands in it. A commit within it changes neither its length nor where it lies: the sync waits for
//! the commit's own data, and not for the file system's journal, in which whatever else is being written stands too.

use super::error::{Doing, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// It is lengthened by so much: a dozen commits. More would be in the way of the next of them.
const PIECE_BYTES: usize = 256 * 1_024;
/// When less than that is left.
const LEFT_BYTES: u64 = 128 * 1_024;

/// Where the log of a database is.
fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Lengthens the log of a database when its frames come near the end of it: true, and it is to be synced. Zeros are no frame, whoever reads them.
///
/// # Errors
/// When another process writes to the database, or there is no room: it stays as it is, and the next commit lengthens it.
pub(super) fn reach(conn: &Connection, database: &Path, used_bytes: u64) -> Result<bool, StoreError> {
    let log = log_of(database);
    let length = || std::fs::metadata(&log).map(|file| file.len());
    if length().is_ok_and(|length| length > used_bytes.saturating_add(LEFT_BYTES)) {
        return Ok(false);
    }
    // Nobody but who may write lengthens it: nothing that was written is written over.
    let alone = Transaction::new_unchecked(conn, TransactionBehavior::Immediate).doing("hold the log")?;
    let longer = length().and_then(|length| {
        let file = OpenOptions::new().write(true).open(&log)?;
        // Half of it would take the room that the next commit needs.
        file.write_all_at(&[0; PIECE_BYTES], length).inspect_err(|_| drop(file.set_len(length)))
    });
    alone.rollback().doing("let the log go")?;
    longer.map(|()| true).map_err(|_| StoreError::Again("the log could not be lengthened"))
}

/// Has what was lengthened on the disk before the next commit waits for it.
///
/// # Errors
/// When the disk would not: that commit syncs it itself.
pub(super) fn sync(database: &Path) -> io::Result<()> {
    File::open(log_of(database))?.sync_data()
}
