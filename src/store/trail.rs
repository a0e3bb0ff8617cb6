//! Reading the audit trail: the newest rows for people, and the look at all of them, one row in hand at a time and in one snapshot, also while
//! Jamey writes.

use super::{
    Reader,
    chain::sealed_head,
    error::{Doing, StoreError},
    evidence::{self, Found},
    load::all,
    sought::Sought,
    unreadable::Vouched,
};
use crate::domain::{
    Timestamp,
    audit::{Check, Event, Finding, Head, Key, Row, Wrong, content_hash, hex},
    limits,
};
use rusqlite::{Connection, params};

/// What a look at the trail gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audited {
    pub rows: u64,
    /// Rows of which only is shown that they follow each other: no seal of this key proves them.
    pub unproven: u64,
    /// Rows, and verdicts that they are evidence of, which were made unreadable because somebody was forgotten.
    pub forgotten: u64,
    pub head: Option<Head>,
    /// The first of them; `wrong` counts all.
    pub findings: Vec<Finding>,
    pub wrong: u64,
}

const ROW: &str = "SELECT seq, at, actor, action, subject, detail, previous, hash, seal FROM audit_log";

fn row(row: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let event = Event {
        at: Timestamp::from_micros(row.get(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
    };
    Ok(Row { seq: row.get(0)?, event, previous: row.get(6)?, hash: row.get(7)?, seal: row.get(8)? })
}

/// Rows in their order, those after one.
pub(super) fn rows_after(conn: &Connection, after: i64, limit: u32) -> Result<Vec<Row>, StoreError> {
    all(conn, &format!("{ROW} WHERE seq > ?1 ORDER BY seq LIMIT ?2"), params![after, limit], row)
}

impl Reader {
    /// Rows of the trail, newest first, those before `before`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit(&self, limit: u32, before: Option<i64>) -> Result<Vec<Row>, StoreError> {
        all(&self.conn, &format!("{ROW} WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"), params![before.unwrap_or(i64::MAX), limit], row)
    }

    /// The same of one actor, or of one action: none stands for any. There is no index for either, so each look is bounded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn seek_audit(
        &self,
        actor: Option<&str>,
        action: Option<&str>,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Sought<Row, i64>, StoreError> {
        let _moment = self.moment()?;
        let sql = "SELECT seq, actor = ifnull(?2, actor) AND action = ifnull(?3, action) FROM audit_log WHERE seq < ?1 ORDER BY seq DESC";
        let asked = params![before.unwrap_or(i64::MAX), actor, action];
        let Sought { rows, next } = self.look_through(sql, asked, limit, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut found = Vec::with_capacity(rows.len());
        for seq in rows {
            found.extend(all(&self.conn, &format!("{ROW} WHERE seq = ?1"), [seq], row)?);
        }
        Ok(Sought { rows: found, next })
    }

    /// Looks at every row, and at the verdicts that it is evidence of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn verify_audit(&self, key: Option<&Key>) -> Result<Audited, StoreError> {
        // One snapshot: head and rows are of the same commit.
        let _snapshot = self.conn.unchecked_transaction().doing("begin to look at the audit trail")?;
        let sealed = sealed_head(&self.conn)?;
        let mut audited = Audited { head: sealed.as_ref().and_then(|s| s.claimed()), ..Audited::default() };
        let (mut findings, mut wrong) = (Vec::new(), 0_u64);
        let mut tell = |finding: Finding| {
            wrong += 1;
            if findings.len() < limits::FINDINGS {
                findings.push(finding);
            }
        };
        let vouched = Vouched::read(&self.conn)?;
        let mut unvouched = vouched.numbers();
        let mut check = Check::new(key, sealed);
        let mut sealed_to = None;
        let mut statement = self.conn.prepare(&format!("{ROW} ORDER BY seq")).doing("prepare to read the audit trail")?;
        let mut rows = statement.query([]).doing("read the audit trail")?;
        while let Some(found) = rows.next().doing("read the audit trail")? {
            let row = row(found)?;
            let said = (hex(&row.hash), hex(&content_hash(&row)));
            let unreadable = said.0 != said.1 && vouched.explains(&format!("row {}", row.seq), &said.0, &said.1);
            check.row(&row, unreadable, &mut tell);
            let found = evidence::look(&self.conn, &row.event, &vouched)?;
            audited.forgotten += u64::from(unreadable || matches!(found, Found::Forgotten));
            let mut differs = match found {
                Found::Wrong(text) => Some(text),
                Found::AsItWas | Found::Forgotten => vouched.differs(&row.event, &mut unvouched),
            };
            if let Some((from, to)) = evidence::range(&row.event) {
                if sealed_to.is_some_and(|last: i64| last.saturating_add(1) != from) {
                    differs = Some(format!("it seals verdicts from row {from} on, and the seal before ended elsewhere"));
                }
                sealed_to = Some(to);
            }
            if let Some(text) = differs {
                tell(Finding { seq: row.seq, wrong: Wrong::Evidence, text });
            }
        }
        for number in unvouched {
            let text = format!("things were made unreadable as if by forgetting {number}, and no row says that somebody was forgotten");
            tell(Finding { seq: 0, wrong: Wrong::Evidence, text });
        }
        (audited.rows, audited.unproven) = check.end(&mut tell);
        (audited.findings, audited.wrong) = (findings, wrong);
        Ok(audited)
    }
}
