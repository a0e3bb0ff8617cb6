//! What waits for a person's word: its rows, from the commit that holds it to the one that settles it.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
};
use crate::domain::{Kept, Percept, Settled, Timestamp, WayOn, limits};
use rusqlite::{Connection, Row, params};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub(super) fn hold(conn: &Connection, kept: &Kept) -> Result<(), StoreError> {
    let p = &*kept.percept;
    conn.prepare_cached(
        "INSERT INTO held (percept, held_at, expires_at, requester, client_id, topic, reason, sha256, message, way_on)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (percept) DO NOTHING",
    )
    .and_then(|mut s| {
        s.execute(params![
            p.id.as_bytes(),
            p.at.micros(),
            kept.expires_at.micros(),
            p.source.requester.as_str(),
            p.source.client_id,
            p.topic,
            kept.reason,
            kept.digest(),
            cbor(p),
            cbor(&kept.way_on),
        ])
    })
    .doing("hold a message")?;
    let mut asked = conn
        .prepare_cached(
            "INSERT INTO approvals (percept, ordinal, nonce, asked_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (percept, ordinal) DO NOTHING",
        )
        .doing("prepare an approval")?;
    for ordinal in &kept.asked {
        asked.execute(params![p.id.as_bytes(), ordinal, kept.nonce, p.at.micros(), kept.expires_at.micros()]).doing("write an approval")?;
    }
    Ok(())
}

pub(super) fn settle(conn: &Connection, settled: &Settled) -> Result<(), StoreError> {
    let id = settled.id.as_bytes();
    let by = settled.by.as_ref().map(crate::domain::EntityId::as_str);
    conn.prepare_cached(
        "UPDATE approvals SET answer = ?2, answered_by = ?3, answered_at = ?4, let_on = ?5, reason = ?6 WHERE percept = ?1 AND answer IS NULL",
    )
    .and_then(|mut s| s.execute(params![id, settled.ending.as_str(), by, settled.at.micros(), settled.lets_on, settled.reason]))
    .doing("settle an approval")?;
    conn.prepare_cached("DELETE FROM held WHERE percept = ?1").and_then(|mut s| s.execute([id])).doing("let a held message go")?;
    if settled.lets_on {
        let again = i64::try_from(limits::AGAIN).unwrap_or(i64::MAX);
        conn.prepare_cached("UPDATE verdicts SET forwarded_at = ?2 WHERE percept = ?1 AND ordinal < ?3")
            .and_then(|mut s| s.execute(params![id, settled.at.micros(), again]))
            .doing("mark a held message as let on")?;
    }
    Ok(())
}

/// All that waits, oldest first; and the ids of those whose bytes are not what people were shown, or cannot be read: nobody could say
/// what would be let on.
pub(super) fn load(conn: &Connection) -> Result<(Vec<Kept>, Vec<Uuid>), StoreError> {
    let rows = all(
        conn,
        "SELECT h.message, h.way_on, h.expires_at, h.reason, h.sha256, h.percept,
             (SELECT min(nonce) FROM approvals a WHERE a.percept = h.percept),
             (SELECT json_group_array(ordinal) FROM approvals a WHERE a.percept = h.percept)
         FROM held h ORDER BY h.held_at, h.percept",
        [],
        |row| {
            let nonce: Option<String> = row.get(6)?;
            let asked: String = row.get(7)?;
            let sha256: String = row.get(4)?;
            let read = || {
                Some(Kept {
                    percept: Box::new(read::<Percept>(row.get_ref(0).ok()?.as_blob().ok()?)?),
                    way_on: read::<WayOn>(row.get_ref(1).ok()?.as_blob().ok()?)?,
                    expires_at: Timestamp::from_micros(row.get(2).ok()?),
                    asked: serde_json::from_str(&asked).ok()?,
                    reason: row.get(3).ok()?,
                    nonce: nonce?,
                })
            };
            Ok(read().filter(|kept| kept.digest() == sha256).ok_or(Uuid::from_bytes(row.get(5)?)))
        },
    )?;
    let (mut kept, mut altered) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(one) => kept.push(one),
            Err(id) => altered.push(id),
        }
    }
    Ok((kept, altered))
}

/// What became of one that waited.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalRow {
    pub percept: Uuid,
    pub asked_at: Timestamp,
    pub answer: String,
    /// None: nobody's word.
    pub by: Option<String>,
    pub at: Timestamp,
    pub let_on: bool,
    pub reason: String,
}

const SETTLED: &str = "SELECT percept, asked_at, answer, answered_by, answered_at, let_on, reason FROM approvals WHERE answer IS NOT NULL";

impl Reader {
    /// All that waits, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn held(&self) -> Result<Vec<Kept>, StoreError> {
        Ok(load(self.conn())?.0)
    }

    /// What waits no more, the latest asked first; those before one, where it is named.
    pub fn settled_approvals(&self, limit: u32, before: Option<(Timestamp, Uuid)>) -> Result<Vec<ApprovalRow>, StoreError> {
        let (at, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
        let sql = format!("{SETTLED} AND (asked_at, percept) < (?2, ?3) GROUP BY percept ORDER BY asked_at DESC, percept DESC LIMIT ?1");
        all(self.conn(), &sql, rusqlite::params![limit, at.micros(), id.as_bytes()], approval)
    }

    /// What became of one; None while it waits, or where it never did.
    pub fn approval(&self, id: Uuid) -> Result<Option<ApprovalRow>, StoreError> {
        Ok(all(self.conn(), &format!("{SETTLED} AND percept = ?1 LIMIT 1"), [id.as_bytes()], approval)?.pop())
    }
}

fn approval(row: &Row<'_>) -> Result<ApprovalRow, StoreError> {
    Ok(ApprovalRow {
        percept: Uuid::from_bytes(row.get(0)?),
        asked_at: Timestamp::from_micros(row.get(1)?),
        answer: row.get(2)?,
        by: row.get(3)?,
        at: Timestamp::from_micros(row.get(4)?),
        let_on: row.get(5)?,
        reason: row.get(6)?,
    })
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    // Into memory, and of types that serialize: it cannot fail; what it gave then would not be read again.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    ciborium::from_reader(bytes).ok()
}
