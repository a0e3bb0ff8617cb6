//! The record of judged requests, read row by row: however long it is, one request at a time is in memory.

use super::{
    error::{Doing, StoreError},
    facts::{StoredFacts, StoredRequest},
    load::{all, entity_id, from_json, word},
    reader::{Reader, VERDICT, VerdictRow, verdict},
};
use crate::domain::{Decision, Facts, Signals, Timestamp};
use rusqlite::params;
use std::ops::{ControlFlow, Range};
use uuid::Uuid;

/// A recorded request, as whoever judges it again needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub percept: Uuid,
    pub ordinal: u16,
    pub at: Timestamp,
    pub facts: Facts,
    pub decision: Decision,
}

/// A request that was held, and what a person answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub row: VerdictRow,
    pub approved: bool,
    pub by: Option<String>,
    pub at: Option<Timestamp>,
}

/// How often a rule is in the record's verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fired {
    pub times: u64,
    pub last_at: Option<Timestamp>,
}

/// What people answered that is looked at, newest first: more than one house gathers in years.
const ANSWERS: u32 = 10_000;

impl Reader {
    /// About how many requests are on record; quick.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn recorded(&self) -> Result<u64, StoreError> {
        let rows: i64 =
            self.conn().query_row("SELECT COALESCE(max(rowid), 0) FROM verdicts", [], |row| row.get(0)).doing("count verdicts")?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Every request of a time, in the order in which they were judged, until `take` has had enough; repetitions are left out.
    pub fn each_judged(&self, time: Range<Timestamp>, mut take: impl FnMut(Recorded) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached(
                "SELECT percept, ordinal, at, decision, facts, request, target, verb, context FROM verdicts
                 WHERE at >= ?1 AND at < ?2 AND repeat_of IS NULL ORDER BY rowid",
            )
            .doing("prepare to read verdicts")?;
        let mut rows = statement.query(params![time.start.micros(), time.end.micros()]).doing("read verdicts")?;
        let mut context: Option<(i64, Signals)> = None;
        while let Some(row) = rows.next().doing("read verdicts")? {
            let number: i64 = row.get(8)?;
            let signals = match &context {
                Some((last, signals)) if *last == number => signals.clone(),
                _ => {
                    let signals = self.signals(number)?;
                    context = Some((number, signals.clone()));
                    signals
                }
            };
            let request = from_json::<StoredRequest<'_>>("verdicts", row, 5, 0)?.whole(entity_id("verdicts", row, 6)?, row.get(7)?);
            let facts = from_json::<StoredFacts<'_>>("verdicts", row, 4, 0)?.whole(&request, signals);
            let flow = take(Recorded {
                percept: Uuid::from_bytes(row.get(0)?),
                ordinal: row.get(1)?,
                at: Timestamp::from_micros(row.get(2)?),
                facts,
                decision: word("verdicts", row, 3, 0)?,
            });
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn signals(&self, context: i64) -> Result<Signals, StoreError> {
        let found =
            all(self.conn(), "SELECT signals, id FROM contexts WHERE id = ?1", [context], |row| from_json("contexts", row, 0, 1))?.pop();
        found.ok_or_else(|| StoreError::Row { table: "contexts", key: context.to_string(), text: "it is not there".into() })
    }

    /// How often a rule is in the verdicts of a time.
    pub fn fired(&self, rule: &str) -> Result<Fired, StoreError> {
        // As serde writes a contribution; ids have no letter that LIKE or JSON would take for another.
        let pattern = format!("%\"rule\":\"{}\"%", rule.replace(['%', '\\'], ""));
        self.conn()
            .query_row("SELECT count(*), max(at) FROM verdicts WHERE contributions LIKE ?1", [pattern], |row| {
                let last: Option<i64> = row.get(1)?;
                Ok(Fired { times: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0), last_at: last.map(Timestamp::from_micros) })
            })
            .doing("count a rule's verdicts")
    }

    /// What people answered when they were asked, newest first.
    pub fn answers(&self) -> Result<Vec<Answered>, StoreError> {
        let sql = format!(
            "SELECT v.*, a.answer, a.answered_by, a.answered_at FROM ({VERDICT}) v
             JOIN approvals a ON a.percept = v.percept AND a.ordinal = v.ordinal
             WHERE a.answer IN ('approved', 'refused') ORDER BY a.answered_at DESC LIMIT ?1"
        );
        all(self.conn(), &sql, [ANSWERS], |row| {
            Ok(Answered {
                row: verdict(row)?,
                approved: row.get::<_, String>(21)? == "approved",
                by: row.get(22)?,
                at: row.get::<_, Option<i64>>(23)?.map(Timestamp::from_micros),
            })
        })
    }
}
