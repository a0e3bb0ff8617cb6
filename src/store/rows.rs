//! Percepts and verdicts into rows: the path that every message waits for. Statements are prepared once, text goes through one buffer.

use super::{
    database::{Batch, Entry, Remembered},
    error::{Doing, StoreError},
    evidence::{self, Given, Sealing},
    facts::{StoredFacts, StoredRequest},
};
use crate::domain::{Decision, Judged, Layer, MemoryRecord, Origin, Purpose, Timestamp, limits};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde::Serialize;

/// What was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub records: i64,
    pub verdicts: i64,
    pub next_change: i64,
}

/// Writes the entries of a batch. A key that is there already stays as it is: the same percept is never stored twice.
pub(super) fn write(
    conn: &Connection,
    batch: &Batch,
    next_change: i64,
    remembered: &mut Remembered,
    json: &mut Vec<u8>,
    places: &mut Places,
) -> Result<Written, StoreError> {
    let mut rows = Rows::prepare(conn).doing("prepare the rows")?;
    let mut written = Written { records: 0, verdicts: 0, next_change };
    let mut changed = Vec::with_capacity(16 * batch.entries.len());
    for entry in &batch.entries {
        // A repetition has its record already.
        if let Some(record) = &entry.outcome.record
            && entry.percept.repeat_of.is_none()
            && rows.record(entry, record).doing("write a memory record")?
        {
            changed.extend(entry.percept.id.as_bytes());
            written.records += 1;
            if let Some(about) = &record.about {
                changed.extend(rows.supersede(entry, about)?.as_flattened());
            }
        }
        for (judged, ordinal) in entry.outcome.judged.iter().zip(first(entry)..) {
            let refused = !entry.lets_on && judged.verdict.decision != Decision::Allow;
            if refused && !remembered.refusals.full_row(conn, &entry.percept, judged.verdict.decision)? {
                places.push(None);
                continue;
            }
            let context = remembered.contexts.row(conn, &judged.facts.ctx, json)?;
            let added = rows.verdict(entry, judged, ordinal, batch.at, context, json)?;
            written.verdicts += added;
            if added == 0 {
                places.push(place(conn, entry, ordinal)?);
            } else {
                places.push(Some(conn.last_insert_rowid()));
                let sealing = match &mut remembered.sealing {
                    Some(sealing) => sealing,
                    none => none.insert(Sealing::read_before(conn, conn.last_insert_rowid())?),
                };
                sealing.take(&given(conn.last_insert_rowid(), entry, judged, ordinal));
                if refused {
                    evidence::refused(conn, &mut remembered.chain, &entry.percept, judged, ordinal)?;
                }
            }
        }
    }
    if !changed.is_empty() {
        rows.change.execute(params![next_change, changed]).doing("write the change log")?;
        written.next_change += 1;
    }
    Ok(written)
}

/// Where each verdict of a batch stands, in the batch's order: rows grow from commit to commit. None: it was counted only.
pub type Places = Vec<Option<i64>>;

/// The same of a batch that turned out to be stored already.
pub(super) fn places(conn: &Connection, batch: &Batch) -> Result<Places, StoreError> {
    let mut places = Places::new();
    for entry in &batch.entries {
        for (_, ordinal) in entry.outcome.judged.iter().zip(first(entry)..) {
            places.push(place(conn, entry, ordinal)?);
        }
    }
    Ok(places)
}

fn place(conn: &Connection, entry: &Entry, ordinal: i64) -> Result<Option<i64>, StoreError> {
    conn.prepare_cached("SELECT rowid FROM verdicts WHERE percept = ?1 AND ordinal = ?2")
        .and_then(|mut s| s.query_row(params![entry.percept.id.as_bytes(), ordinal], |row| row.get(0)).optional())
        .doing("look where a verdict stands")
}

fn first(entry: &Entry) -> i64 {
    if entry.again { i64::try_from(limits::AGAIN).unwrap_or(i64::MAX) } else { 0 }
}

fn given<'v>(rowid: i64, entry: &'v Entry, judged: &'v Judged, ordinal: i64) -> Given<'v> {
    Given {
        rowid,
        percept: entry.percept.id.as_bytes(),
        ordinal,
        at: entry.percept.at.micros(),
        requester: entry.percept.source.requester.as_str(),
        target: judged.request.target.as_str(),
        verb: &judged.request.verb.0,
        decision: judged.verdict.decision.as_str(),
        score: number(judged.verdict.score),
    }
}

struct Rows<'c> {
    record: CachedStatement<'c>,
    older: CachedStatement<'c>,
    change: CachedStatement<'c>,
    verdict: CachedStatement<'c>,
}

impl<'c> Rows<'c> {
    fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            record: conn.prepare_cached(
                "INSERT INTO memory_records (id, at, entity, kind, topic, body_kind, payload, text, importance, layer, requester, client_id,
                     user, qos, retained, own_id, packet_id, about)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) ON CONFLICT (id) DO NOTHING",
            )?,
            older: conn.prepare_cached(
                "UPDATE memory_records SET superseded_by = ?1
                 WHERE entity = ?2 AND about = ?3 AND superseded_by IS NULL AND id < ?1 RETURNING id",
            )?,
            change: conn.prepare_cached("INSERT INTO change_log (seq, records) VALUES (?1, ?2)")?,
            verdict: conn.prepare_cached(
                "INSERT INTO verdicts (percept, ordinal, at, requester, client_id, topic, target, verb, decision, score, theta_allow,
                     theta_deny, uncertainty, reason, contributions, facts, request, origin, forwarded_at, repeat_of, context)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
                 ON CONFLICT (percept, ordinal) DO NOTHING",
            )?,
        })
    }

    /// False when it is there already.
    fn record(&mut self, entry: &Entry, record: &MemoryRecord) -> rusqlite::Result<bool> {
        let p = &*entry.percept;
        let added = self.record.execute(params![
            p.id.as_bytes(),
            p.at.micros(),
            p.entity.as_str(),
            p.kind,
            p.topic,
            p.body.kind(),
            p.payload,
            record.text,
            number(record.importance),
            layer(record.layer),
            p.source.requester.as_str(),
            p.source.client_id,
            p.source.user,
            p.qos,
            p.retained,
            p.own_id,
            p.packet_id,
            record.about,
        ])?;
        Ok(added > 0)
    }

    /// What was known of the same is so no more; the records that say it.
    fn supersede(&mut self, entry: &Entry, about: &str) -> Result<Vec<[u8; 16]>, StoreError> {
        let p = &*entry.percept;
        self.older
            .query_map(params![p.id.as_bytes(), p.entity.as_str(), about], |row| row.get(0))
            .and_then(Iterator::collect)
            .doing("supersede an older fact")
    }

    /// How many rows it added: none when it is there already.
    fn verdict(
        &mut self,
        entry: &Entry,
        judged: &Judged,
        ordinal: i64,
        at: Timestamp,
        context: i64,
        json: &mut Vec<u8>,
    ) -> Result<i64, StoreError> {
        let p = &*entry.percept;
        let v = &judged.verdict;
        json.clear();
        append(json, &v.contributions, "a verdict's contributions")?;
        let first = json.len();
        append(json, &StoredFacts::of(judged), "a verdict's facts")?;
        let second = json.len();
        append(json, &StoredRequest::of(&judged.request), "a request")?;
        let text = std::str::from_utf8(json).unwrap_or_default();
        let added = self
            .verdict
            .execute(params![
                p.id.as_bytes(),
                ordinal,
                p.at.micros(),
                p.source.requester.as_str(),
                p.source.client_id,
                p.topic,
                judged.request.target.as_str(),
                judged.request.verb.0,
                v.decision.as_str(),
                number(v.score),
                number(v.theta_allow),
                number(v.theta_deny),
                v.uncertainty.get(),
                v.reason,
                text.get(..first),
                text.get(first..second),
                text.get(second..),
                origin(&p.purpose),
                entry.lets_on.then_some(at.micros()),
                p.repeat_of.as_ref().map(|id| id.as_bytes()),
                context,
            ])
            .doing("write a verdict")?;
        Ok(i64::from(added > 0))
    }
}

/// Adds a value to the buffer as JSON.
pub(super) fn append(json: &mut Vec<u8>, value: &impl Serialize, what: &'static str) -> Result<(), StoreError> {
    serde_json::to_writer(json, value).map_err(|source| StoreError::Json { what, source })
}

/// SQLite has no NaN: it would become NULL and be refused, and the batch with it.
pub(super) fn number(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

pub(super) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Working => "working",
        Layer::ShortTerm => "short_term",
        Layer::LongTerm => "long_term",
    }
}

fn origin(purpose: &Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Requests { origin: Origin::Act, .. } => Some("act"),
        Purpose::Requests { origin: Origin::Guard, .. } => Some("guard"),
        Purpose::Requests { origin: Origin::Observed, .. } => Some("observed"),
        Purpose::Observation | Purpose::Discovery => None,
    }
}
