//! Forgetting an entity: its rows go, and of what is evidence only what does not name it stays. One transaction, then the file is written anew.

use super::{
    chain::{metadata, set},
    chores::unused,
    database::Remembered,
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
    unreadable,
};
use crate::domain::{EntityId, Forgetting, Timestamp, is_named};
use rusqlite::{Connection, Params, params};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// In `app_metadata` from the forgetting until the file was written anew.
const SCRUB_DUE: &str = "scrub_due";
/// How often something was forgotten that files beside the database may still hold.
const PURGES: &str = "purges";
/// The kind of records that tell of descriptions of devices.
const DESCRIPTIONS: &str = "discovery";

/// The names under which an entity stands in rows: its id, and what clients and users called themselves who spoke as it.
pub(super) struct Names(pub BTreeSet<String>);

impl Names {
    fn of(conn: &Connection, entity: &EntityId) -> Result<Self, StoreError> {
        let sql = "SELECT client_id FROM memory_records WHERE requester = ?1 UNION SELECT user FROM memory_records WHERE requester = ?1
                   UNION SELECT client_id FROM verdicts WHERE requester = ?1";
        let mut names: BTreeSet<String> = BTreeSet::new();
        // Whoever has no name of their own shares one: what they called themselves is nobody's.
        if *entity != EntityId::anonymous() {
            names.extend(all(conn, sql, [entity.as_str()], |row| Ok(row.get::<_, Option<String>>(0)?))?.into_iter().flatten());
            names.retain(|name| !name.is_empty());
        }
        names.insert(entity.as_str().to_owned());
        Ok(Self(names))
    }

    pub(super) fn is_one(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    pub(super) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|name| is_named(text, name))
    }
}

pub(super) fn forget(conn: &Connection, remembered: &mut Remembered, forgetting: &Forgetting) -> Result<(), StoreError> {
    let entity = &forgetting.entity;
    let id = entity.as_str();
    let names = Names::of(conn, entity)?;
    let mut counts = Map::new();
    let mut count = |what: &str, rows: usize| {
        let sum = counts.get(what).and_then(Value::as_u64).unwrap_or(0) + u64::try_from(rows).unwrap_or(u64::MAX);
        counts.insert(what.to_owned(), sum.into());
    };
    let number: i64 =
        conn.query_row("SELECT COALESCE(max(number), 0) + 1 FROM forgettings", [], |row| row.get(0)).doing("number the forgetting")?;

    // What was counted in memory is of rows that say something else now; it is read again.
    remembered.refusals.write(conn)?;
    remembered.refusals.forget();
    let sealed_to = remembered.sealing.take();
    drop(sealed_to);
    let unreadable = unreadable::make(conn, &names, entity, number)?;
    count("verdicts_made_unreadable", unreadable.percepts.len());
    count("audit_rows_made_unreadable", unreadable.rows);

    count("opinion", delete(conn, "DELETE FROM soul_entities WHERE entity = ?1", [id])?);
    count("history", delete(conn, "DELETE FROM soul_history WHERE entity = ?1", [id])? + reasons(conn, &names)?);
    count("relations", delete(conn, "DELETE FROM relations WHERE subject = ?1 OR object = ?1", [id])?);
    let gone = memories(conn, &names, id, &unreadable.percepts)?;
    count("memories", gone.memories);
    count("summaries", gone.summaries);
    count("recalls", gone.recalls);
    count("names", delete(conn, "DELETE FROM entity_names WHERE entity = ?1", [id])?);
    count("states", delete(conn, "DELETE FROM device_states WHERE device = ?1", [id])?);
    for signal in &forgetting.signals {
        count("signals", delete(conn, "DELETE FROM signals WHERE name = ?1", [signal])?);
    }
    count("held", forgetting.held);
    for percept in &unreadable.percepts {
        count("held", delete(conn, "DELETE FROM held WHERE percept = ?1", [percept])?);
        delete(conn, "UPDATE approvals SET reason = 'forgotten' WHERE percept = ?1", [percept])?;
    }
    count("held", delete(conn, "DELETE FROM held WHERE requester = ?1", [id])?);
    for name in &names.0 {
        count("refusal_counts", delete(conn, "DELETE FROM summaries WHERE client = ?1", [name])?);
    }
    count("answers", delete(conn, "UPDATE approvals SET answered_by = 'forgotten', reason = 'forgotten' WHERE answered_by = ?1", [id])?);
    let sql = "DELETE FROM disagreements WHERE ?1 IN (json_extract(disagreement, '$.requester'), json_extract(disagreement, '$.target'))";
    count("disagreements", delete(conn, sql, [id])?);
    // Its blocks are compressed, and one that left something out would not be lived again the same: the journal begins anew.
    count("journal_blocks", delete(conn, "DELETE FROM journal", [])?);

    let counts = Value::Object(counts).to_string();
    conn.execute(
        "INSERT INTO forgettings (number, word, at, counts) VALUES (?1, ?2, ?3, ?4)",
        params![number, forgetting.word.as_bytes(), forgetting.at.micros(), counts],
    )
    .doing("write down the forgetting")?;
    is_to_go(conn)?;
    unreadable::vouch(conn, &mut remembered.chain, forgetting, number, &unreadable)
}

/// Why others moved, where the reason names it: the row stays without its reason.
fn reasons(conn: &Connection, names: &Names) -> Result<usize, StoreError> {
    let mut emptied = 0;
    for name in &names.0 {
        let rows = all(conn, "SELECT entity, at, why FROM soul_history WHERE instr(why, ?1)", [name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        for (entity, at, _) in rows.iter().filter(|(.., why)| names.are_in(why)) {
            emptied += delete(conn, "UPDATE soul_history SET why = '(forgotten)' WHERE entity = ?1 AND at = ?2", params![entity, at])?;
        }
    }
    Ok(emptied)
}

/// What is remembered of it, by it, and of what was asked by or of it; the index is told which records those were.
fn memories(conn: &Connection, names: &Names, id: &str, percepts: &BTreeSet<[u8; 16]>) -> Result<Gone, StoreError> {
    let gone = |sql: &str, params: &[&dyn rusqlite::ToSql]| all(conn, sql, params, |row| Ok(row.get::<_, [u8; 16]>(0)?));
    let mut ids = gone("DELETE FROM memory_records WHERE entity = ?1 OR requester = ?1 RETURNING id", &[&id])?;
    for percept in percepts {
        ids.extend(gone("DELETE FROM memory_records WHERE id = ?1 RETURNING id", &[percept])?);
    }
    let told = all(conn, "SELECT id, CAST(payload AS TEXT) || text FROM memory_records WHERE kind = ?1", [DESCRIPTIONS], |row| {
        Ok((row.get::<_, [u8; 16]>(0)?, String::from_utf8_lossy(row.get_ref(1)?.as_bytes().unwrap_or_default()).into_owned()))
    })?;
    for (id, _) in told.iter().filter(|(_, text)| names.are_in(text)) {
        ids.extend(gone("DELETE FROM memory_records WHERE id = ?1 RETURNING id", &[id])?);
    }
    let memories = ids.len();
    ids.extend(gone("DELETE FROM memory_summaries WHERE entity = ?1 OR requester = ?1 RETURNING id", &[&id])?);
    let recalls = unused(conn, &ids)?;
    if !ids.is_empty() {
        conn.execute("INSERT INTO change_log (seq, records) SELECT COALESCE(max(seq), 0) + 1, ?1 FROM change_log", [ids.as_flattened()])
            .doing("write the change log")?;
    }
    Ok(Gone { memories, summaries: ids.len() - memories, recalls })
}

/// How many of what was remembered went.
struct Gone {
    memories: usize,
    summaries: usize,
    recalls: usize,
}

fn delete(conn: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    conn.execute(sql, params).doing("forget an entity")
}

/// What was deleted is to go from the files as well: from this one, and from the index.
pub(super) fn is_to_go(conn: &Connection) -> Result<(), StoreError> {
    set(conn, SCRUB_DUE, "1")?;
    set(conn, PURGES, &(purges(conn)? + 1).to_string())
}

fn purges(conn: &Connection) -> Result<i64, StoreError> {
    Ok(metadata(conn, PURGES)?.and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// Whether the file still has pages with what was forgotten.
pub(super) fn is_due(conn: &Connection) -> Result<bool, StoreError> {
    Ok(metadata(conn, SCRUB_DUE)?.is_some())
}

/// Writes the file anew, so that neither free pages nor the log keep what was deleted. Takes as long as copying the file.
pub(super) fn scrub(conn: &Connection) -> Result<(), StoreError> {
    // In a file: the copy of a large database is more than a small host's memory.
    let done = conn.execute_batch("PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM;");
    conn.execute_batch("PRAGMA temp_store = MEMORY;").doing("have what is for a moment in memory again")?;
    done.doing("write the database anew")?;
    super::database::checkpoint(conn, "TRUNCATE")?;
    conn.execute("DELETE FROM app_metadata WHERE key = ?1", [SCRUB_DUE]).doing("note that the database was written anew")?;
    super::database::checkpoint(conn, "TRUNCATE").map(|_| ())
}

/// What went with a forgetting.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgotten {
    pub number: i64,
    pub at: Timestamp,
    /// How many of what.
    pub counts: Value,
    /// Whether the file was written anew since, so that no free page keeps it.
    pub scrubbed: bool,
}

impl Reader {
    /// Whether anything is kept that names an entity. To forget whom nobody knows would cost the whole journal for a slip of the pen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn keeps(&self, entity: &EntityId) -> Result<bool, StoreError> {
        // The cheap ones first; of a text it is enough that the name may be in it.
        const PLACES: [&str; 14] = [
            "soul_entities WHERE entity = ?1",
            "devices WHERE id = ?1",
            "relations WHERE subject = ?1 OR object = ?1",
            "device_states WHERE device = ?1",
            "entity_names WHERE entity = ?1",
            "memory_summaries WHERE entity = ?1 OR requester = ?1",
            "held WHERE requester = ?1",
            "approvals WHERE answered_by = ?1",
            "summaries WHERE client = ?1",
            "soul_history WHERE entity = ?1 OR instr(why, ?1)",
            "verdicts WHERE requester = ?1 OR target = ?1 OR client_id = ?1",
            "disagreements WHERE instr(disagreement, ?1)",
            "audit_log WHERE action <> 'entity.forgotten' AND (actor = ?1 OR subject = ?1)",
            "memory_records WHERE entity = ?1 OR requester = ?1 OR user = ?1 OR client_id = ?1 OR kind = 'discovery' AND instr(CAST(payload AS TEXT), ?1)",
        ];
        for place in PLACES {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {place})");
            if self.conn().query_row(&sql, [entity.as_str()], |row| row.get(0)).doing("look for what is kept of an entity")? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How often something was forgotten: an index that was made before still has its words.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges(&self) -> Result<i64, StoreError> {
        purges(self.conn())
    }

    /// What came of a word that asked to forget; None: it was not done.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn forgotten(&self, word: Uuid) -> Result<Option<Forgotten>, StoreError> {
        let scrubbed = !is_due(self.conn())?;
        let rows = all(self.conn(), "SELECT number, at, counts FROM forgettings WHERE word = ?1", [word.as_bytes()], |row| {
            let counts: String = row.get(2)?;
            let counts = serde_json::from_str(&counts).unwrap_or_default();
            Ok(Forgotten { number: row.get(0)?, at: Timestamp::from_micros(row.get(1)?), counts, scrubbed })
        })?;
        Ok(rows.into_iter().next())
    }
}
