//! What descriptions say of what entities tell: a row for each that was described.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, from_json},
    reader::Reader,
    rows::append,
};
use crate::domain::{EntityId, Names, Summary};
use rusqlite::{Connection, Row, params};
use std::{cell::RefCell, collections::BTreeMap};

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

impl Reader {
    /// What an entity is called, and where it is.
    ///
    /// # Errors
    /// When the database cannot be read; so for what follows.
    pub fn name(&self, entity: &EntityId) -> Result<Called, StoreError> {
        let found = all(self.conn(), &format!("{CALLED} WHERE entity = ?1"), [entity.as_str()], called)?.pop();
        Ok(found.map(|(_, called)| called).unwrap_or_default())
    }

    /// What all are called.
    pub fn all_names(&self) -> Result<BTreeMap<EntityId, Called>, StoreError> {
        Ok(all(self.conn(), CALLED, [], called)?.into_iter().collect())
    }
}

/// A name and an area, as descriptions have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Called {
    pub name: Option<String>,
    pub area: Option<String>,
}

const CALLED: &str = "SELECT entity, names ->> '$.name', names ->> '$.area' FROM entity_names";

fn called(row: &Row<'_>) -> Result<(EntityId, Called), StoreError> {
    Ok((entity_id("entity_names", row, 0)?, Called { name: row.get(1)?, area: row.get(2)? }))
}

pub(super) fn all_of(conn: &Connection) -> Result<Vec<(EntityId, Names)>, StoreError> {
    all(conn, "SELECT entity, names FROM entity_names ORDER BY entity", [], |row| {
        Ok((entity_id("entity_names", row, 0)?, from_json("entity_names", row, 1, 0)?))
    })
}

/// Names as they are looked up for a page of summaries, each once.
pub(super) struct Known<'c> {
    conn: &'c Connection,
    names: RefCell<BTreeMap<EntityId, Option<Names>>>,
}

impl<'c> Known<'c> {
    pub fn new(conn: &'c Connection) -> Self {
        Self { conn, names: RefCell::default() }
    }

    /// A summary in the words that its entity has now.
    pub fn text(&self, summary: &Summary) -> Result<String, StoreError> {
        let mut names = self.names.borrow_mut();
        if !names.contains_key(&summary.entity) {
            let found = all(self.conn, "SELECT names FROM entity_names WHERE entity = ?1", [summary.entity.as_str()], |row| {
                // What cannot be read names nothing, and takes nothing from what was summed up.
                Ok(row.get_ref(0)?.as_str().ok().and_then(|text| serde_json::from_str(text).ok()))
            })?;
            names.insert(summary.entity.clone(), found.into_iter().next().flatten());
        }
        Ok(summary.text(names.get(&summary.entity).and_then(Option::as_ref)))
    }
}
