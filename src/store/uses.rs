//! How often and how lately memories were recalled: a row only where one was.

use super::{
    error::{Doing, StoreError},
    reader::Reader,
};
use crate::domain::{Timestamp, Uses};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Counts that each was recalled; of what is gone nothing is counted.
pub(super) fn recalled(conn: &Connection, records: &[(Uuid, Timestamp)]) -> Result<(), StoreError> {
    let mut is_there = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM memory_records WHERE id = ?1) OR EXISTS (SELECT 1 FROM memory_summaries WHERE id = ?1)",
        )
        .doing("prepare to count recalls")?;
    let mut write = conn
        .prepare_cached("INSERT INTO memory_uses (record, uses) VALUES (?1, ?2) ON CONFLICT (record) DO UPDATE SET uses = excluded.uses")
        .doing("prepare to count recalls")?;
    for (id, at) in records {
        if !is_there.query_row([id.as_bytes()], |row| row.get::<_, bool>(0)).doing("look for what was recalled")? {
            continue;
        }
        let mut uses = read(conn, *id)?.unwrap_or_else(|| Uses::new(Timestamp::of_id(*id)));
        uses.recalled(*at);
        let mut bytes = Vec::with_capacity(64);
        ciborium::into_writer(&uses, &mut bytes).map_err(|_| StoreError::Again("a memory's uses cannot be written down"))?;
        write.execute(params![id.as_bytes(), bytes]).doing("count a recall")?;
    }
    Ok(())
}

impl Reader {
    /// How often and when each of these was recalled; what never was is left out.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn uses(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<BTreeMap<Uuid, Uses>, StoreError> {
        let mut found = BTreeMap::new();
        for id in ids {
            if let Some(uses) = read(self.conn(), id)? {
                found.insert(id, uses);
            }
        }
        Ok(found)
    }
}

fn read(conn: &Connection, id: Uuid) -> Result<Option<Uses>, StoreError> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT uses FROM memory_uses WHERE record = ?1")
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| row.get(0)).optional())
        .doing("read a memory's uses")?;
    let Some(bytes) = bytes else { return Ok(None) };
    // What makes no sense counts as never: it only orders answers.
    Ok(ciborium::from_reader::<Uses, _>(bytes.as_slice()).ok().filter(Uses::is_sound))
}
