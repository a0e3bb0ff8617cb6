//! Memory records, and what many of them came to in an hour or a day, as an index needs them: what one says, and by what it is found.

use super::{
    error::{Doing, StoreError},
    load::{all, entity_id, word},
    names::Known,
    reader::Reader,
    summaries::{SUMMARY, summary},
};
use crate::domain::{Decision, EntityId};
use rusqlite::{Row, params};
use std::collections::BTreeSet;
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
// The gravest verdict without sorting: this is read for every record once.
const INDEXED: &str = "SELECT id, entity, kind, text, importance,
    (SELECT CASE max(CASE decision WHEN 'deny' THEN 2 WHEN 'escalate' THEN 1 ELSE 0 END) WHEN 2 THEN 'deny' WHEN 1 THEN 'escalate'
        ELSE min(decision) END FROM verdicts WHERE percept = id),
    superseded_by IS NOT NULL FROM memory_records";
/// Ids looked up in one statement.
const AT_ONCE: usize = 50;

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
        let known = Known::new(self.conn());
        page.extend(all(self.conn(), &sql, params![after.as_bytes(), until.as_bytes(), limit], |row| summarised(row, &known))?);
        page.sort_by_key(|one| one.id);
        page.truncate(most);
        Ok(page)
    }

    /// Of these records and summaries those that are still there, in the order of their ids.
    pub fn indexed(&self, ids: &[Uuid]) -> Result<Vec<Indexed>, StoreError> {
        let (mut found, names) = (Vec::with_capacity(ids.len()), Known::new(self.conn()));
        for some in ids.chunks(AT_ONCE) {
            let from = found.len();
            found.extend(self.those(INDEXED, "TRUE", some, indexed)?);
            let known: BTreeSet<Uuid> = found.iter().skip(from).map(|one: &Indexed| one.id).collect();
            let others: Vec<Uuid> = some.iter().copied().filter(|id| !known.contains(id)).collect();
            if !others.is_empty() {
                found.extend(self.those(SUMMARY, SUMMARISED, &others, |row| summarised(row, &names))?);
            }
        }
        found.sort_by_key(|one| one.id);
        Ok(found)
    }

    /// Rows of at most `AT_ONCE` ids.
    fn those(
        &self,
        select: &str,
        also: &str,
        ids: &[Uuid],
        read: impl Fn(&Row<'_>) -> Result<Indexed, StoreError>,
    ) -> Result<Vec<Indexed>, StoreError> {
        // Always as many places, so that there is one statement: the last stands in those that are left.
        let last = ids.last().copied().unwrap_or_default();
        let places = ids.iter().chain(std::iter::repeat(&last)).take(AT_ONCE).map(Uuid::as_bytes);
        let sql = format!("{select} WHERE {also} AND id IN (?{})", ", ?".repeat(AT_ONCE - 1));
        all(self.conn(), &sql, rusqlite::params_from_iter(places), read)
    }

    /// The first and the last number of the change log; None while it is empty.
    pub fn change_log(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let ends = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        // Two questions: together they would look through all of it.
        let (first, last) = self
            .conn()
            .prepare_cached("SELECT (SELECT min(seq) FROM change_log), (SELECT max(seq) FROM change_log)")
            .and_then(|mut s| s.query_row([], ends))
            .doing("read the ends of the change log")?;
        Ok(first.zip(last))
    }
}

fn summarised(row: &Row<'_>, known: &Known<'_>) -> Result<Indexed, StoreError> {
    let summary = summary(row)?;
    Ok(Indexed {
        id: Uuid::from_bytes(row.get(0)?),
        text: known.text(&summary)?,
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
