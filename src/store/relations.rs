//! Rows of relations: how entities stand to one another.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, word},
    reader::Reader,
    rows::number,
};
use crate::domain::{EntityId, Relation, RelationKind};
use rusqlite::{Connection, Row, params};

const ROW: &str = "SELECT subject, relation, object, weight, told_by, denied FROM relations";

pub(super) fn write(conn: &Connection, relation: &Relation, denied: bool) -> Result<(), StoreError> {
    let Relation { from, kind, to, like, told_by } = relation;
    conn.prepare_cached(
        "INSERT INTO relations (subject, relation, object, weight, told_by, denied) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (subject, relation, object) DO UPDATE SET weight = excluded.weight, told_by = excluded.told_by, denied = excluded.denied",
    )
    .and_then(|mut s| s.execute(params![from.as_str(), kind.as_str(), to.as_str(), number(*like), told_by.as_str(), denied]))
    .map(|_| ())
    .doing("write a relation")
}

pub(super) fn delete(conn: &Connection, from: &EntityId, kind: RelationKind, to: &EntityId) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM relations WHERE subject = ?1 AND relation = ?2 AND object = ?3")
        .and_then(|mut s| s.execute(params![from.as_str(), kind.as_str(), to.as_str()]))
        .map(|_| ())
        .doing("delete a relation")
}

pub(super) fn all_of(conn: &Connection) -> Result<Vec<(Relation, bool)>, StoreError> {
    all(conn, &format!("{ROW} ORDER BY subject, relation, object"), [], row)
}

fn row(row: &Row<'_>) -> Result<(Relation, bool), StoreError> {
    let relation = Relation {
        from: entity_id("relations", row, 0)?,
        kind: word("relations", row, 1, 0)?,
        to: entity_id("relations", row, 2)?,
        like: row.get(3)?,
        told_by: word("relations", row, 4, 0)?,
    };
    Ok((relation, row.get(5)?))
}

impl Reader {
    /// All relations in which an entity stands, either way; true: the owner says that it is not so.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn relations(&self, entity: &EntityId) -> Result<Vec<(Relation, bool)>, StoreError> {
        let sql = format!("{ROW} WHERE subject = ?1 UNION {ROW} WHERE object = ?1 ORDER BY subject, relation, object");
        all(self.conn(), &sql, [entity.as_str()], row)
    }
}
