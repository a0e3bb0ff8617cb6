//! Memory records as an index needs them: what a record says, and by what it is found; without payloads.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, word},
    reader::Reader,
};
use crate::domain::{Decision, EntityId};
use rusqlite::{Row, params};
use uuid::Uuid;

/// What an index keeps of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexed {
    pub id: Uuid,
    pub entity: EntityId,
    pub kind: String,
    pub text: String,
    /// In [0, 1].
    pub importance: f64,
    /// The gravest verdict on it; None when nothing was asked.
    pub decision: Option<Decision>,
    /// A newer fact took its place.
    pub superseded: bool,
}

const INDEXED: &str = "SELECT id, entity, kind, text, importance,
    (SELECT decision FROM verdicts WHERE percept = id ORDER BY decision = 'deny' DESC, decision = 'escalate' DESC LIMIT 1),
    superseded_by IS NOT NULL FROM memory_records";

impl Reader {
    /// Records by id, those after `after`: all of them, page by page.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn indexed_after(&self, after: Uuid, limit: u32) -> Result<Vec<Indexed>, StoreError> {
        all(self.conn(), &format!("{INDEXED} WHERE id > ?1 ORDER BY id LIMIT ?2"), params![after.as_bytes(), limit], indexed)
    }

    /// One record, if it is still there.
    pub fn indexed(&self, id: Uuid) -> Result<Option<Indexed>, StoreError> {
        Ok(all(self.conn(), &format!("{INDEXED} WHERE id = ?1"), [id.as_bytes()], indexed)?.pop())
    }

    /// The first and the last number of the change log; None while it is empty.
    pub fn change_log(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let ends = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let (first, last) =
            self.conn().query_row("SELECT min(seq), max(seq) FROM change_log", [], ends).doing("read the ends of the change log")?;
        Ok(first.zip(last))
    }
}

fn indexed(row: &Row<'_>) -> Result<Indexed, StoreError> {
    Ok(Indexed {
        id: Uuid::from_bytes(row.get(0)?),
        entity: entity_id("memory_records", row, 1)?,
        kind: row.get(2)?,
        text: row.get(3)?,
        importance: row.get(4)?,
        decision: match row.get_ref(5)? {
            rusqlite::types::ValueRef::Null => None,
            _ => Some(word("verdicts", row, 5, 0)?),
        },
        superseded: row.get(6)?,
    })
}
