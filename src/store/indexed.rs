//! Memory records, and what many of them came to in an hour or a day, as an index needs them: what one says, and by what it is found.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, word},
    reader::Reader,
    summaries::{SUMMARY, summary},
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

/// What many unimportant records came to matters little, too.
pub(super) const SUMMARY_IMPORTANCE: f64 = 0.2;
const SUMMARISED: &str = "tier IN ('hour', 'day')";
const INDEXED: &str = "SELECT id, entity, kind, text, importance,
    (SELECT decision FROM verdicts WHERE percept = id ORDER BY decision = 'deny' DESC, decision = 'escalate' DESC LIMIT 1),
    superseded_by IS NOT NULL FROM memory_records";

impl Reader {
    /// Records and summaries by id, those after `after`: all of them, page by page.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn indexed_after(&self, after: Uuid, limit: u32) -> Result<Vec<Indexed>, StoreError> {
        let mut page =
            all(self.conn(), &format!("{INDEXED} WHERE id > ?1 ORDER BY id LIMIT ?2"), params![after.as_bytes(), limit], indexed)?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        // No further than the records go: what lies beyond comes with the next page.
        let until = if page.len() < most { Uuid::max() } else { page.last().map_or(Uuid::max(), |last| last.id) };
        let sql = format!("{SUMMARY} WHERE id > ?1 AND id <= ?2 AND {SUMMARISED} ORDER BY id LIMIT ?3");
        page.extend(all(self.conn(), &sql, params![after.as_bytes(), until.as_bytes(), limit], summarised)?);
        page.sort_by_key(|one| one.id);
        page.truncate(most);
        Ok(page)
    }

    /// One record or summary, if it is still there.
    pub fn indexed(&self, id: Uuid) -> Result<Option<Indexed>, StoreError> {
        if let Some(record) = all(self.conn(), &format!("{INDEXED} WHERE id = ?1"), [id.as_bytes()], indexed)?.pop() {
            return Ok(Some(record));
        }
        Ok(all(self.conn(), &format!("{SUMMARY} WHERE id = ?1 AND {SUMMARISED}"), [id.as_bytes()], summarised)?.pop())
    }

    /// The first and the last number of the change log; None while it is empty.
    pub fn change_log(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let ends = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let (first, last) =
            self.conn().query_row("SELECT min(seq), max(seq) FROM change_log", [], ends).doing("read the ends of the change log")?;
        Ok(first.zip(last))
    }
}

fn summarised(row: &Row<'_>) -> Result<Indexed, StoreError> {
    let summary = summary(row)?;
    Ok(Indexed {
        id: Uuid::from_bytes(row.get(0)?),
        text: summary.text(),
        entity: summary.entity,
        kind: summary.kind,
        importance: SUMMARY_IMPORTANCE,
        decision: None,
        superseded: false,
    })
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
