//! Reading beside the writer: connections that cannot write, each seeing the last commit. Whatever is listed is bounded and paged.

use super::{
    chain::metadata,
    connect,
    connect::Found,
    error::{Doing, StoreError},
    facts::{StoredFacts, StoredRequest},
    giving_way::Turns,
    indexed::SUMMARY_IMPORTANCE,
    load::{all, devices, entity_id, from_json, word},
    migrate,
    names::Known,
};
use crate::domain::{Device, EntityId, Facts, Layer, MemoryRecord, OpinionView, Origin, Request, Summary, Timestamp, Unit01, Verdict};
use rusqlite::{Connection, Row, Transaction, params};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// One judged request, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRow {
    pub percept: Uuid,
    /// Which of the percept's requests, from 0.
    pub ordinal: u16,
    pub at: Timestamp,
    pub requester: EntityId,
    pub client_id: String,
    pub topic: String,
    pub request: Request,
    pub verdict: Verdict,
    pub facts: Facts,
    pub origin: Option<Origin>,
    /// When the batch that let it on was made; None: it was not let on.
    pub forwarded_at: Option<Timestamp>,
    pub repeat_of: Option<Uuid>,
}

/// One memory record with the percept it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    pub id: Uuid,
    pub at: Timestamp,
    pub entity: EntityId,
    pub kind: String,
    pub topic: String,
    pub body_kind: String,
    pub payload: Vec<u8>,
    pub record: MemoryRecord,
    pub requester: EntityId,
    pub client_id: String,
    pub user: Option<String>,
    pub qos: u8,
    pub retained: bool,
    pub own_id: Option<String>,
    /// The owner wants it kept.
    pub pinned: bool,
    /// The newer fact about the same.
    pub superseded_by: Option<Uuid>,
}

/// How much is stored. Records and verdicts are running totals of what was ever written, read from one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub batches: u64,
    pub records: u64,
    pub verdicts: u64,
    /// Refusals that were counted without a row of their own.
    pub summarised: u64,
    pub entities: u64,
    pub devices: u64,
}

pub struct Reader {
    pub(super) conn: Connection,
}

/// Holds what is read to one moment, until it is dropped.
pub struct Moment<'r>(#[expect(dead_code, reason = "it ends when it is dropped")] Transaction<'r>);

pub(super) const VERDICT: &str =
    "SELECT percept, ordinal, at, requester, client_id, topic, decision, score, theta_allow, theta_deny, uncertainty, reason,
    contributions, facts, request, origin, forwarded_at, repeat_of, target, verb, signals FROM verdicts JOIN contexts ON contexts.id = context";
pub(super) const RECORD: &str =
    "SELECT id, at, entity, kind, topic, body_kind, payload, text, importance, layer, requester, client_id, user, qos,
    retained, own_id, about, pinned, superseded_by FROM memory_records";
/// Steps of SQLite's machine, or pages that it looks through, after which a patient one looks whether its turn is over.
const STEPS: i32 = 100;

const OPINION: &str = "SELECT entity, standing, belief, disbelief, uncertainty, base_rate, expectation, lower_bound, reasons, events,
    last_seen, detail FROM soul_entities";

impl Reader {
    /// Opens the database of a folder; makes nothing.
    ///
    /// # Errors
    /// When there is none, or it is not one that this build can read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(connect::FILE);
        let conn = connect::open_reader(&path)?;
        let known = migrate::known();
        match connect::inspect(&path, &conn)? {
            Found::Schema(found) if found > known => Err(StoreError::Newer { path, found, known }),
            Found::Schema(found) if found == known => Ok(Self { conn }),
            Found::Schema(found) => Err(StoreError::Older { path, found, known }),
            Found::Empty => Err(StoreError::Older { path, found: 0, known }),
        }
    }

    /// For one who is in no hurry: while it reads it lets others have the core, and goes on as long as it is told to.
    ///
    /// # Errors
    /// When the database cannot be read. Then each that is asked for while it is not to go on, too.
    pub fn patient(self, goes_on: impl Fn() -> bool + Send + 'static) -> Result<Self, StoreError> {
        let turns = Turns::default();
        let ends = move || {
            turns.pass();
            !goes_on()
        };
        self.conn.progress_handler(STEPS, Some(ends)).doing("read patiently")?;
        Ok(self)
    }

    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// What is read while it lasts is of one moment, and costs no lock each time. Not within another one.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn moment(&self) -> Result<Moment<'_>, StoreError> {
        self.conn.unchecked_transaction().map(Moment).doing("begin to read")
    }

    /// Opinions by entity, those after `after`.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for all that follow.
    pub fn entities(&self, limit: u32, after: Option<&EntityId>) -> Result<Vec<OpinionView>, StoreError> {
        let after = after.map_or("", EntityId::as_str);
        all(&self.conn, &format!("{OPINION} WHERE entity > ?1 ORDER BY entity LIMIT ?2"), params![after, limit], opinion)
    }

    pub fn entity(&self, id: &EntityId) -> Result<Option<OpinionView>, StoreError> {
        Ok(all(&self.conn, &format!("{OPINION} WHERE entity = ?1"), [id.as_str()], opinion)?.pop())
    }

    /// Verdicts, newest percept first, those before `before`.
    pub fn verdicts(&self, limit: u32, before: Option<Uuid>) -> Result<Vec<VerdictRow>, StoreError> {
        let before = before.unwrap_or(Uuid::max());
        let sql = format!("{VERDICT} WHERE percept < ?1 ORDER BY percept DESC, ordinal LIMIT ?2");
        all(&self.conn, &sql, params![before.as_bytes(), limit], verdict)
    }

    /// All verdicts on one percept, in its order.
    pub fn verdict(&self, percept: Uuid) -> Result<Vec<VerdictRow>, StoreError> {
        all(&self.conn, &format!("{VERDICT} WHERE percept = ?1 ORDER BY ordinal"), [percept.as_bytes()], verdict)
    }

    /// Memory records, newest first, those before `before`.
    pub fn records(&self, limit: u32, before: Option<Uuid>) -> Result<Vec<RecordRow>, StoreError> {
        let before = before.unwrap_or(Uuid::max());
        all(&self.conn, &format!("{RECORD} WHERE id < ?1 ORDER BY id DESC LIMIT ?2"), params![before.as_bytes(), limit], record)
    }

    /// What an entity told last, among the last so many records: there is no index by entity.
    pub fn last_told(&self, entity: &EntityId, among: u32) -> Result<Option<RecordRow>, StoreError> {
        let sql = format!(
            "{RECORD} WHERE id IN (SELECT id FROM memory_records ORDER BY id DESC LIMIT ?1) AND entity = ?2 ORDER BY id DESC LIMIT 1"
        );
        Ok(all(&self.conn, &sql, params![among, entity.as_str()], record)?.pop())
    }

    /// What was told of one kind, the newest first, among the last so many records.
    pub fn told(&self, kind: &str, among: u32) -> Result<Vec<RecordRow>, StoreError> {
        let sql = format!("{RECORD} WHERE id IN (SELECT id FROM memory_records ORDER BY id DESC LIMIT ?1) AND kind = ?2 ORDER BY id DESC");
        all(&self.conn, &sql, params![among, kind], record)
    }

    /// What was asked of a device last, among the last so many verdicts.
    pub fn last_asked(&self, target: &EntityId, among: u32) -> Result<Option<VerdictRow>, StoreError> {
        let sql = format!(
            "{VERDICT} WHERE verdicts.rowid IN (SELECT rowid FROM verdicts ORDER BY percept DESC LIMIT ?1) AND target = ?2 ORDER BY percept DESC LIMIT 1"
        );
        Ok(all(&self.conn, &sql, params![among, target.as_str()], verdict)?.pop())
    }

    /// A record; or a summary, as a record whose body is what many came to (`body_kind` is `summary`, the payload its JSON).
    pub fn record(&self, id: Uuid) -> Result<Option<RecordRow>, StoreError> {
        if let Some(record) = all(&self.conn, &format!("{RECORD} WHERE id = ?1"), [id.as_bytes()], record)?.pop() {
            return Ok(Some(record));
        }
        self.summary(id)?.map(|summary| of_summary(summary, &Known::new(&self.conn))).transpose()
    }

    /// What changed among the memory records after a number of the change log, transaction by transaction: what an index has to
    /// look at again.
    pub fn changed_records(&self, after: i64, limit: u32) -> Result<Vec<(i64, Vec<Uuid>)>, StoreError> {
        all(&self.conn, "SELECT seq, records FROM change_log WHERE seq > ?1 ORDER BY seq LIMIT ?2", params![after, limit], |row| {
            let ids = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            Ok((row.get(0)?, ids.as_chunks().0.iter().map(|id| Uuid::from_bytes(*id)).collect()))
        })
    }

    /// The recorded inputs of transactions from a number on, oldest first; transactions without inputs are left out.
    pub fn journal(&self, from: i64, limit: u32) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        all(
            &self.conn,
            "SELECT seq, inputs FROM journal WHERE seq >= ?1 AND length(inputs) > 0 ORDER BY seq LIMIT ?2",
            params![from, limit],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        devices(&self.conn)
    }

    /// Mood and emotions as shown, with their time.
    pub fn emotion(&self) -> Result<Option<(Timestamp, Value)>, StoreError> {
        self.view("soul_emotions", "SELECT at, view, slot FROM soul_emotions WHERE slot = 1")
    }

    /// State and focus as shown, with their time.
    pub fn consciousness(&self) -> Result<Option<(Timestamp, Value)>, StoreError> {
        self.view("consciousness_state", "SELECT at, view, slot FROM consciousness_state WHERE slot = 1")
    }

    pub fn counts(&self) -> Result<Counts, StoreError> {
        let sql = "SELECT COALESCE(max(seq), 0), COALESCE(records, 0), COALESCE(verdicts, 0),
                (SELECT COALESCE(sum(summarised), 0) FROM summaries), (SELECT count(*) FROM soul_entities), (SELECT count(*) FROM devices)
             FROM journal";
        let read = |row: &Row<'_>| {
            let at = |column| row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or(0));
            Ok(Counts { batches: at(0)?, records: at(1)?, verdicts: at(2)?, summarised: at(3)?, entities: at(4)?, devices: at(5)? })
        };
        self.conn.query_row(sql, [], read).doing("count the rows")
    }

    pub fn metadata(&self, key: &str) -> Result<Option<String>, StoreError> {
        metadata(&self.conn, key)
    }

    /// The latest time that is known to the store; None: it knows nothing yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_at(&self) -> Result<Option<Timestamp>, StoreError> {
        super::load::last_at(&self.conn)
    }

    /// Looks through the whole file for damage; empty: none found. Takes as long as reading it.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        match all(&self.conn, "PRAGMA quick_check(20)", [], |row| Ok(row.get::<_, String>(0)?)) {
            Ok(mut found) => {
                found.retain(|line| line != "ok");
                Ok(found)
            }
            // So damaged that not even the look goes through.
            Err(error) if error.is_damage() => Ok(vec![error.to_string()]),
            Err(error) => Err(error),
        }
    }

    fn view(&self, table: &'static str, sql: &str) -> Result<Option<(Timestamp, Value)>, StoreError> {
        Ok(all(&self.conn, sql, [], |row| Ok((Timestamp::from_micros(row.get(0)?), from_json(table, row, 1, 2)?)))?.pop())
    }
}

/// Connections for many readers: one is opened when all are taken, and a few are kept.
pub struct Readers {
    folder: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

/// Each holds a page cache of up to 2 MiB.
const KEPT: usize = 3;

impl Readers {
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Reads with a connection of one's own. Blocks on the disk: not for an async task.
    ///
    /// # Errors
    /// When no connection can be opened, or as `read` says.
    pub fn with<T>(&self, read: impl FnOnce(&Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.map_or_else(|| Reader::open(&self.folder), Ok)?;
        let result = read(&reader)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(reader);
        }
        Ok(result)
    }
}

fn opinion(row: &Row<'_>) -> Result<OpinionView, StoreError> {
    Ok(OpinionView {
        entity: entity_id("soul_entities", row, 0)?,
        standing: word("soul_entities", row, 1, 0)?,
        belief: row.get(2)?,
        disbelief: row.get(3)?,
        uncertainty: row.get(4)?,
        base_rate: row.get(5)?,
        expectation: Unit01::clamped(row.get(6)?),
        lower_bound: Unit01::clamped(row.get(7)?),
        reasons: from_json("soul_entities", row, 8, 0)?,
        events: u64::try_from(row.get::<_, i64>(9)?).unwrap_or(0),
        last_seen: Timestamp::from_micros(row.get(10)?),
        detail: from_json("soul_entities", row, 11, 0)?,
    })
}

pub(super) fn verdict(row: &Row<'_>) -> Result<VerdictRow, StoreError> {
    let request = from_json::<StoredRequest<'_>>("verdicts", row, 14, 0)?.whole(entity_id("verdicts", row, 18)?, row.get(19)?);
    let facts = from_json::<StoredFacts<'_>>("verdicts", row, 13, 0)?.whole(&request, from_json("contexts", row, 20, 0)?);
    Ok(VerdictRow {
        percept: Uuid::from_bytes(row.get(0)?),
        ordinal: row.get(1)?,
        at: Timestamp::from_micros(row.get(2)?),
        requester: entity_id("verdicts", row, 3)?,
        client_id: row.get(4)?,
        topic: row.get(5)?,
        verdict: Verdict {
            decision: word("verdicts", row, 6, 0)?,
            score: row.get(7)?,
            theta_allow: row.get(8)?,
            theta_deny: row.get(9)?,
            uncertainty: Unit01::clamped(row.get(10)?),
            reason: row.get(11)?,
            contributions: from_json("verdicts", row, 12, 0)?,
        },
        facts,
        request,
        origin: if row.get_ref(15)? == rusqlite::types::ValueRef::Null { None } else { Some(word("verdicts", row, 15, 0)?) },
        forwarded_at: row.get::<_, Option<i64>>(16)?.map(Timestamp::from_micros),
        repeat_of: row.get::<_, Option<[u8; 16]>>(17)?.map(Uuid::from_bytes),
    })
}

fn of_summary(summary: Summary, known: &Known<'_>) -> Result<RecordRow, StoreError> {
    let payload = serde_json::to_vec(&summary).map_err(|source| StoreError::Json { what: "a summary", source })?;
    Ok(RecordRow {
        id: summary.id(),
        at: summary.begins,
        topic: String::new(),
        body_kind: "summary".into(),
        payload,
        record: MemoryRecord { text: known.text(&summary)?, importance: SUMMARY_IMPORTANCE, layer: Layer::LongTerm, about: None },
        entity: summary.entity,
        kind: summary.kind,
        requester: summary.requester,
        client_id: String::new(),
        user: None,
        qos: 0,
        retained: false,
        own_id: None,
        pinned: false,
        superseded_by: None,
    })
}

pub(super) fn record(row: &Row<'_>) -> Result<RecordRow, StoreError> {
    Ok(RecordRow {
        id: Uuid::from_bytes(row.get(0)?),
        at: Timestamp::from_micros(row.get(1)?),
        entity: entity_id("memory_records", row, 2)?,
        kind: row.get(3)?,
        topic: row.get(4)?,
        body_kind: row.get(5)?,
        payload: row.get(6)?,
        record: MemoryRecord { text: row.get(7)?, importance: row.get(8)?, layer: word("memory_records", row, 9, 0)?, about: row.get(16)? },
        requester: entity_id("memory_records", row, 10)?,
        client_id: row.get(11)?,
        user: row.get(12)?,
        qos: row.get(13)?,
        retained: row.get(14)?,
        own_id: row.get(15)?,
        pinned: row.get(17)?,
        superseded_by: row.get::<_, Option<[u8; 16]>>(18)?.map(Uuid::from_bytes),
    })
}
