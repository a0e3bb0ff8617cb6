//! How often and how lately memories were recalled: a row only where one was.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
};
use crate::domain::{Timestamp, Uses};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Ids looked up in one statement: the best 200 of a search.
const AT_ONCE: usize = 200;

/// Counts that each was recalled; of what is gone nothing is counted.
pub(super) fn recalled(conn: &Connection, records: &[(Uuid, Timestamp)]) -> Result<(), StoreError> {
    let mut write = conn
        .prepare_cached(
            "INSERT INTO memory_uses (record, uses) SELECT ?1, ?2
             WHERE EXISTS (SELECT 1 FROM memory_records WHERE id = ?1) OR EXISTS (SELECT 1 FROM memory_summaries WHERE id = ?1)
             ON CONFLICT (record) DO UPDATE SET uses = excluded.uses",
        )
        .doing("prepare to count recalls")?;
    for (id, at) in records {
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
        let ids: Vec<[u8; 16]> = ids.into_iter().map(Uuid::into_bytes).collect();
        for some in ids.chunks(AT_ONCE) {
            // Always as many places, so that there is one statement: the last stands in those that are left.
            let places = some.iter().chain(std::iter::repeat(some.last().unwrap_or(&[0; 16]))).take(AT_ONCE);
            let sql = format!("SELECT record, uses FROM memory_uses WHERE record IN (?{})", ", ?".repeat(AT_ONCE - 1));
            let rows = all(self.conn(), &sql, rusqlite::params_from_iter(places), |row| {
                Ok((Uuid::from_bytes(row.get(0)?), row.get::<_, Vec<u8>>(1)?))
            })?;
            found.extend(rows.into_iter().filter_map(|(id, bytes)| Some((id, sound(&bytes)?))));
        }
        Ok(found)
    }
}

fn read(conn: &Connection, id: Uuid) -> Result<Option<Uses>, StoreError> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT uses FROM memory_uses WHERE record = ?1")
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| row.get(0)).optional())
        .doing("read a memory's uses")?;
    Ok(bytes.as_deref().and_then(sound))
}

/// What makes no sense counts as never: it only orders answers.
fn sound(bytes: &[u8]) -> Option<Uses> {
    ciborium::from_reader::<Uses, _>(bytes).ok().filter(Uses::is_sound)
}
