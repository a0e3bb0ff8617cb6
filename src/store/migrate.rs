//! The schema's history: numbered steps, only forward, each whole or not at all. A step that was released is never edited.

use super::{
    connect::{self, Found},
    error::{Doing, StoreError},
};
use rusqlite::Connection;
use std::path::Path;

/// Step n stands at n - 1.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
];

/// The schema that this build writes.
#[must_use]
pub fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings the database to the newest schema; refuses one that is newer than that, before anything is changed.
pub(super) fn migrate(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    let from = match connect::inspect(path, conn)? {
        Found::Empty => {
            connect::claim(conn)?;
            0
        }
        Found::Schema(found) if found > known() => return Err(StoreError::Newer { path: path.to_owned(), found, known: known() }),
        Found::Schema(found) => found,
    };
    connect::configure(path, conn)?;
    for (step, number) in STEPS.iter().zip(1_i64..).filter(|(_, number)| *number > from) {
        apply(conn, step, number)?;
    }
    Ok(())
}

fn apply(conn: &Connection, step: &str, number: i64) -> Result<(), StoreError> {
    let whole = conn.unchecked_transaction().doing("begin a migration")?;
    whole.execute_batch(step).doing("migrate")?;
    whole
        .execute(
            "INSERT INTO app_metadata (key, value) VALUES ('schema_version', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [number.to_string()],
        )
        .doing("note the schema's version")?;
    whole.pragma_update(None, "user_version", number).doing("set the schema's version")?;
    whole.commit().doing("commit a migration")
}
