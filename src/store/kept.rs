//! The owner's word on single memories: kept whatever else goes, or gone.

use super::{
    chain::set,
    chores::changed,
    error::{Doing, StoreError},
    forgetting::SCRUB_DUE,
    load::all,
};
use rusqlite::Connection;
use uuid::Uuid;

pub(super) fn pin(conn: &Connection, records: &[Uuid], pinned: bool) -> Result<(), StoreError> {
    let mut update =
        conn.prepare_cached("UPDATE memory_records SET pinned = ?2 WHERE id = ?1 AND pinned <> ?2").doing("prepare to pin memories")?;
    let mut others = Vec::new();
    for id in records {
        if update.execute((id.as_bytes(), pinned)).doing("pin a memory")? > 0 {
            others.push(*id.as_bytes());
        }
    }
    if !pinned && !others.is_empty() {
        // The sweeps went past them.
        conn.execute("DELETE FROM memory_sweeps", []).doing("begin sweeps anew")?;
    }
    changed(conn, &others).map(drop)
}

/// The records go, and the journal with them: its blocks are compressed, and one that left something out would not be lived again the same.
/// What was asked and judged stays as evidence until its entity is forgotten.
pub(super) fn let_go(conn: &Connection, records: &[Uuid]) -> Result<(), StoreError> {
    let mut gone = Vec::new();
    for id in records {
        let was_fact = all(conn, "DELETE FROM memory_records WHERE id = ?1 RETURNING about IS NOT NULL", [id.as_bytes()], |row| {
            Ok(row.get::<_, bool>(0)?)
        })?;
        conn.execute("DELETE FROM memory_uses WHERE record = ?1", [id.as_bytes()]).doing("let a memory's uses go")?;
        let Some(was_fact) = was_fact.first() else { continue };
        gone.push(*id.as_bytes());
        if *was_fact {
            // The fact before it holds again.
            let sql = "UPDATE memory_records SET superseded_by = NULL WHERE superseded_by = ?1 RETURNING id";
            gone.extend(all(conn, sql, [id.as_bytes()], |row| Ok(row.get::<_, [u8; 16]>(0)?))?);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    conn.execute("DELETE FROM journal", []).doing("begin the journal anew")?;
    set(conn, SCRUB_DUE, "1")?;
    changed(conn, &gone).map(drop)
}
