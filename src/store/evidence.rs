//! Verdicts as evidence: each refused or held one has an audit row with the digest of all it says; all of them are counted and digested
//! in the order of their rows, and one audit row seals an hour of them, or 16,384. What lets a held message on later is no part of it.

use super::{
    chain::{Chain, metadata, set},
    error::{Doing, StoreError},
    unreadable::Vouched,
};
use crate::domain::{
    EntityId, Judged, Percept, Timestamp,
    audit::{Event, fields, hex},
    limits,
};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use uuid::Uuid;

/// The last verdict that a row sealed, in `app_metadata`. Rows keep their number also through VACUUM, for the table has an index.
const SEALED_TO: &str = "audit_verdicts";
pub(super) const REFUSED: &str = "verdict.refused";
pub(super) const SEALED: &str = "verdicts.sealed";

/// What the next seal will hold.
pub(super) struct Sealing {
    from: i64,
    to: i64,
    count: u64,
    since: Option<Timestamp>,
    hasher: Sha256,
}

/// What a verdict's row says in few bytes: enough to tell whether it is the one that was given.
pub(super) struct Given<'v> {
    pub rowid: i64,
    pub percept: &'v [u8],
    pub ordinal: i64,
    pub at: i64,
    pub requester: &'v str,
    pub target: &'v str,
    pub verb: &'v str,
    pub decision: &'v str,
    pub score: f64,
}

impl Sealing {
    fn after(row: i64) -> Self {
        Self { from: row.saturating_add(1), to: row, count: 0, since: None, hasher: Sha256::new() }
    }

    pub(super) fn take(&mut self, given: &Given<'_>) {
        let numbers = [given.rowid, given.ordinal, given.at].map(i64::to_be_bytes);
        numbers.iter().for_each(|n| self.hasher.update(n));
        self.hasher.update(given.score.to_bits().to_be_bytes());
        let texts = [given.requester, given.target, given.verb, given.decision].map(str::as_bytes);
        fields(&mut self.hasher, &[given.percept]);
        fields(&mut self.hasher, &texts);
        self.to = given.rowid;
        self.count += 1;
        self.since.get_or_insert(Timestamp::from_micros(given.at));
    }

    /// What was stored before a row, and is not sealed yet.
    pub(super) fn read_before(conn: &Connection, row: i64) -> Result<Self, StoreError> {
        let sealed_to = metadata(conn, SEALED_TO)?.and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut sealing = Self::after(sealed_to);
        sealing.gather(conn, row.saturating_sub(1))?;
        Ok(sealing)
    }

    fn gather(&mut self, conn: &Connection, to: i64) -> Result<(), StoreError> {
        let mut statement = conn
            .prepare_cached(
                "SELECT rowid, percept, ordinal, at, requester, target, verb, decision, score FROM verdicts
                 WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid",
            )
            .doing("prepare to read verdicts")?;
        let mut rows = statement.query([self.from, to]).doing("read verdicts")?;
        while let Some(row) = rows.next().doing("read verdicts")? {
            let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
            let given = Given {
                rowid: row.get(0)?,
                percept: row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?,
                ordinal: row.get(2)?,
                at: row.get(3)?,
                requester: text(4)?,
                target: text(5)?,
                verb: text(6)?,
                decision: text(7)?,
                score: row.get(8)?,
            };
            self.take(&given);
        }
        Ok(())
    }

    /// Seals them, where it is time.
    pub(super) fn seal(&mut self, conn: &Connection, chain: &mut Chain, now: Timestamp) -> Result<(), StoreError> {
        let Some(since) = self.since else { return Ok(()) };
        let hour = |at: Timestamp| at.micros().div_euclid(3_600_000_000);
        if self.count < limits::SEALED_VERDICTS && hour(since) == hour(now) {
            return Ok(());
        }
        let sealed = std::mem::replace(self, Self::after(self.to));
        let subject = format!("{}-{}", sealed.from, sealed.to);
        let detail = format!("{} verdicts since {since}; sha256 {}", sealed.count, hex(&sealed.hasher.finalize()));
        set(conn, SEALED_TO, &sealed.to.to_string())?;
        chain.append(conn, &Event::new(now, "host", SEALED, Some(&subject), &detail))
    }
}

/// Puts a refused verdict on record.
pub(super) fn refused(conn: &Connection, chain: &mut Chain, percept: &Percept, judged: &Judged, ordinal: i64) -> Result<(), StoreError> {
    let Some(digest) = whole(conn, percept.id, ordinal)? else { return Ok(()) };
    let (request, verdict) = (&judged.request, &judged.verdict);
    let actor: &EntityId = &percept.source.requester;
    let mut detail = format!("{} {} {}: ", verdict.decision.as_str(), request.target, request.verb.0);
    detail.extend(verdict.reason.chars().take(160));
    // Writing into a text cannot fail.
    let _ = write!(detail, "; sha256 {}", hex(&digest));
    chain.append(conn, &Event::new(percept.at, actor.as_str(), REFUSED, Some(&format!("{}/{ordinal}", percept.id)), &detail))
}

/// The digest of all that a verdict's row says, and its signals. None: there is no such row.
fn whole(conn: &Connection, percept: Uuid, ordinal: i64) -> Result<Option<[u8; 32]>, StoreError> {
    conn.prepare_cached(
        "SELECT verdicts.at, requester, client_id, topic, target, verb, decision, score, theta_allow, theta_deny, uncertainty, reason,
             contributions, facts, request, origin, signals
         FROM verdicts LEFT JOIN contexts ON contexts.id = context WHERE percept = ?1 AND ordinal = ?2",
    )
    .and_then(|mut s| {
        s.query_row(params![percept.as_bytes(), ordinal], |row| {
            use rusqlite::types::ValueRef;
            let mut hasher = Sha256::new();
            for column in 0..17 {
                match row.get_ref(column)? {
                    ValueRef::Null => fields(&mut hasher, &[b"null"]),
                    ValueRef::Integer(number) => fields(&mut hasher, &[&number.to_be_bytes()]),
                    ValueRef::Real(number) => fields(&mut hasher, &[&number.to_bits().to_be_bytes()]),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => fields(&mut hasher, &[bytes]),
                }
            }
            Ok(hasher.finalize().into())
        })
        .optional()
    })
    .doing("read a verdict for the audit trail")
}

/// The same in hex; empty where there is no such row.
pub(super) fn digest_of(conn: &Connection, percept: &[u8; 16], ordinal: i64) -> Result<String, StoreError> {
    Ok(whole(conn, Uuid::from_bytes(*percept), ordinal)?.map_or_else(String::new, |digest| hex(&digest)))
}

/// What a seal over these rows would say now.
pub(super) fn sealed_digest(conn: &Connection, from: i64, to: i64) -> Result<String, StoreError> {
    let mut again = Sealing::after(from.saturating_sub(1));
    again.gather(conn, to)?;
    Ok(hex(&again.hasher.finalize()))
}

/// What a look at evidence gave.
pub(super) enum Found {
    AsItWas,
    /// Made unreadable by a forgetting.
    Forgotten,
    Wrong(String),
}

/// Whether what an audit row is evidence of is as it was.
pub(super) fn look(conn: &Connection, event: &Event, vouched: &Vouched) -> Result<Found, StoreError> {
    let (Some(subject), Some((_, said))) = (&event.subject, event.detail.rsplit_once("; sha256 ")) else { return Ok(Found::AsItWas) };
    if event.action == REFUSED {
        let Some((percept, ordinal)) = subject.split_once('/').and_then(|(p, o)| Some((p.parse::<Uuid>().ok()?, o.parse::<i64>().ok()?)))
        else {
            return Ok(Found::AsItWas);
        };
        return Ok(match whole(conn, percept, ordinal)?.map(|digest| hex(&digest)) {
            None => Found::Wrong(format!("the verdict {subject} is gone")),
            Some(digest) if digest == said => Found::AsItWas,
            Some(digest) if vouched.explains(&format!("verdict {subject}"), said, &digest) => Found::Forgotten,
            Some(_) => Found::Wrong(format!("the verdict {subject} is not the one that was given")),
        });
    }
    if let Some((from, to)) = range(event) {
        let digest = sealed_digest(conn, from, to)?;
        if digest != said && !vouched.explains(&format!("verdicts {subject}"), said, &digest) {
            return Ok(Found::Wrong(format!("the verdicts in rows {subject} are not those that were given: it sealed {}", event.detail)));
        }
    }
    Ok(Found::AsItWas)
}

/// The first and last row that a seal covers.
pub(super) fn range(event: &Event) -> Option<(i64, i64)> {
    let (from, to) = event.subject.as_deref().filter(|_| event.action == SEALED)?.split_once('-')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}
