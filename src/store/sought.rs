//! Verdicts and records of one kind, sought from the newest back. There is no index for what they are sought by, so each look is bounded: where it
//! ends without a whole page, it says where the next goes on.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::{RECORD, Reader, RecordRow, VERDICT, VerdictRow, record, verdict},
};
use crate::domain::{Decision, EntityId, Timestamp, limits};
use rusqlite::{Row, ToSql, params};
use uuid::Uuid;

/// Which verdicts are sought; None: whatever it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SoughtVerdicts {
    pub decision: Option<Decision>,
    pub requester: Option<EntityId>,
    pub target: Option<EntityId>,
    /// In whose verdict this rule spoke.
    pub rule: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Up to this time, which is not in it.
    pub to: Option<Timestamp>,
}

/// Which records are sought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoughtRecords {
    pub entity: Option<EntityId>,
    pub kind: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought<T, P> {
    pub rows: Vec<T>,
    /// Where the next look begins, though this one found nothing; None: there is nothing more.
    pub next: Option<P>,
}

/// Ids hold the host's own time, which was set back a little where it differs from the time of what happened.
const APART_SECONDS: i64 = 60;

/// The least id that may be of this time, and the first that can be none any more.
fn ids(from: Option<Timestamp>, to: Option<Timestamp>) -> (Uuid, Uuid) {
    let least = from.map_or(Uuid::nil(), |from| from.plus_seconds(-APART_SECONDS).first_id());
    (least, to.map_or(Uuid::max(), |to| to.plus_seconds(APART_SECONDS).first_id()))
}

fn micros(from: Option<Timestamp>, to: Option<Timestamp>) -> (i64, i64) {
    (from.map_or(i64::MIN, Timestamp::micros), to.map_or(i64::MAX, Timestamp::micros))
}

impl Reader {
    /// Verdicts, the newest percept first and of each its requests in their order, those after a position.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn seek_verdicts(
        &self,
        sought: &SoughtVerdicts,
        limit: u32,
        after: Option<(Uuid, u16)>,
    ) -> Result<Sought<VerdictRow, (Uuid, u16)>, StoreError> {
        let _moment = self.moment()?;
        let ((least, end), (from, to)) = (ids(sought.from, sought.to), micros(sought.from, sought.to));
        let (percept, ordinal) = after.map_or((Uuid::max(), -1), |(percept, ordinal)| (percept, i32::from(ordinal)));
        let rule = sought.rule.as_ref().map(|rule| format!("\"rule\":{}", serde_json::Value::from(rule.as_str())));
        let sql = "SELECT percept, ordinal, at >= ?5 AND at < ?6 AND decision = ifnull(?7, decision) AND requester = ifnull(?8, requester)
                AND target = ifnull(?9, target) AND (?10 IS NULL OR instr(contributions, ?10) > 0)
             FROM verdicts WHERE percept <= ?1 AND percept >= ?3 AND percept < ?4 AND NOT (percept = ?1 AND ordinal <= ?2)
             ORDER BY percept DESC, ordinal";
        let decision = sought.decision.map(Decision::as_str);
        let (requester, target) = (sought.requester.as_ref().map(EntityId::as_str), sought.target.as_ref().map(EntityId::as_str));
        let (first, least, end) = (percept.as_bytes(), least.as_bytes(), end.as_bytes());
        let asked = params![first, ordinal, least, end, from, to, decision, requester, target, rule];
        let read = |row: &Row<'_>| Ok(((Uuid::from_bytes(row.get(0)?), row.get(1)?), row.get(2)?));
        let Sought { rows, next } = self.look_through(sql, asked, limit, read)?;
        let sql = format!("{VERDICT} WHERE percept = ?1 AND ordinal = ?2");
        let mut found = Vec::with_capacity(rows.len());
        for (percept, ordinal) in rows {
            found.extend(all(self.conn(), &sql, params![percept.as_bytes(), ordinal], verdict)?);
        }
        Ok(Sought { rows: found, next })
    }

    /// Records, the newest first, those before one.
    pub fn seek_records(&self, sought: &SoughtRecords, limit: u32, before: Option<Uuid>) -> Result<Sought<RecordRow, Uuid>, StoreError> {
        let _moment = self.moment()?;
        let ((least, end), (from, to)) = (ids(sought.from, sought.to), micros(sought.from, sought.to));
        let end = before.map_or(end, |before| before.min(end));
        let sql = "SELECT id, at >= ?3 AND at < ?4 AND entity = ifnull(?5, entity) AND kind = ifnull(?6, kind) FROM memory_records
             WHERE id >= ?1 AND id < ?2 ORDER BY id DESC";
        let asked = params![least.as_bytes(), end.as_bytes(), from, to, sought.entity.as_ref().map(EntityId::as_str), sought.kind];
        let Sought { rows, next } = self.look_through(sql, asked, limit, |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)))?;
        let sql = format!("{RECORD} WHERE id = ?1");
        let mut found = Vec::with_capacity(rows.len());
        for id in rows {
            found.extend(all(self.conn(), &sql, [id.as_bytes()], record)?);
        }
        Ok(Sought { rows: found, next })
    }

    /// Looks at so many rows at most, and gives the positions of those that are sought.
    pub(super) fn look_through<P: Copy>(
        &self,
        sql: &str,
        params: &[&dyn ToSql],
        limit: u32,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<(P, bool)>,
    ) -> Result<Sought<P, P>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut statement = self.conn().prepare_cached(sql).doing("prepare to look for rows")?;
        let mut rows = statement.query(params).doing("look for rows")?;
        let (mut found, mut last, mut looked) = (Vec::new(), None, 0);
        while let Some(row) = rows.next().doing("look for rows")? {
            if found.len() >= limit || looked >= limits::LOOKED_THROUGH {
                return Ok(Sought { rows: found, next: last });
            }
            let (position, is_sought) = read(row).doing("look at a row")?;
            if is_sought {
                found.push(position);
            }
            (last, looked) = (Some(position), looked + 1);
        }
        Ok(Sought { rows: found, next: None })
    }
}
