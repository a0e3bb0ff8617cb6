//! What descriptions say of what entities tell: a row for each that was described.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, from_json},
    rows::append,
};
use crate::domain::{EntityId, Names};
use rusqlite::{Connection, params};

pub(super) fn write(conn: &Connection, entity: &EntityId, names: &Names, json: &mut Vec<u8>) -> Result<(), StoreError> {
    json.clear();
    append(json, names, "an entity's names")?;
    conn.prepare_cached(
        "INSERT INTO entity_names (entity, names) VALUES (?1, ?2) ON CONFLICT (entity) DO UPDATE SET names = excluded.names",
    )
    .and_then(|mut s| s.execute(params![entity.as_str(), std::str::from_utf8(json).unwrap_or_default()]))
    .map(|_| ())
    .doing("write an entity's names")
}

pub(super) fn all_of(conn: &Connection) -> Result<Vec<(EntityId, Names)>, StoreError> {
    all(conn, "SELECT entity, names FROM entity_names ORDER BY entity", [], |row| {
        Ok((entity_id("entity_names", row, 0)?, from_json("entity_names", row, 1, 0)?))
    })
}
