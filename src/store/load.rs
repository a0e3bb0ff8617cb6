//! What the mind gets back when the house starts, and how rows become words again.

use super::{
    error::{Doing, StoreError},
    held,
};
use crate::domain::{Device, EntityId, Kept, Names, Relation, ShadowTally, SignalValue, Timestamp, limits, percept::digest, signal::Heard};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The state as it was committed last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Saved {
    /// Each entity with the soul's own state of it, and its rhythms and series, by id.
    pub entities: Vec<(EntityId, Vec<u8>, Option<Vec<u8>>)>,
    pub emotion: Option<Vec<u8>>,
    pub devices: Vec<Device>,
    pub signals: Vec<(String, Heard)>,
    /// What waits for a person's word.
    pub held: Vec<Kept>,
    /// What waited and is not what people were shown.
    pub altered: Vec<Uuid>,
    /// What devices last said of themselves.
    pub states: Vec<(EntityId, String)>,
    /// What descriptions say of what entities tell.
    pub names: Vec<(EntityId, Names)>,
    /// How entities stand to one another; true: the owner says that it is not so.
    pub relations: Vec<(Relation, bool)>,
    /// What stood against entities that left, by a digest of their ids.
    pub departed: Vec<([u8; 16], Vec<u8>)>,
    /// What a candidate's judging came to.
    pub shadow: Option<ShadowTally>,
    /// What the identity is counted from, and each objective, by id.
    pub identity: Option<Vec<u8>>,
    pub missions: Vec<(String, Vec<u8>)>,
    /// What the last start said of itself in the audit trail.
    pub last_start: Option<String>,
    /// The latest time that was stored; the mind's clock goes on from here.
    pub last_at: Option<Timestamp>,
    /// Remembered QoS 1 and 2 percepts of the last minute before `last_at`, oldest first: a sender that was not acknowledged repeats one of these.
    pub recent: Vec<Recent>,
}

/// What tells a repetition: the same client, packet id, topic and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub percept: Uuid,
    pub at: Timestamp,
    pub client_id: String,
    pub packet_id: u16,
    /// Of topic and payload, as `domain::percept::digest` makes it.
    pub digest: u64,
}

pub(super) fn load(conn: &Connection) -> Result<Saved, StoreError> {
    let last_at = last_at(conn)?;
    let (held, altered) = held::load(conn)?;
    Ok(Saved {
        entities: all(conn, "SELECT entity, state, senses FROM soul_entities ORDER BY entity", [], |row| {
            Ok((entity_id("soul_entities", row, 0)?, row.get(1)?, row.get(2)?))
        })?,
        emotion: conn
            .query_row("SELECT state FROM soul_emotions WHERE slot = 1", [], |row| row.get(0))
            .optional()
            .doing("read the emotions")?,
        devices: devices(conn)?,
        signals: all(conn, "SELECT name, type, value, at FROM signals ORDER BY name", [], |row| {
            let (kind, value): (String, f64) = (row.get(1)?, row.get(2)?);
            let value = if kind == "bool" { SignalValue::Bool(value != 0.0) } else { SignalValue::Number(value) };
            Ok((row.get(0)?, Heard { value, at: Timestamp::from_micros(row.get(3)?) }))
        })?,
        held,
        altered,
        states: all(conn, "SELECT device, state FROM device_states ORDER BY device", [], |row| {
            Ok((entity_id("device_states", row, 0)?, row.get(1)?))
        })?,
        names: super::names::all_of(conn)?,
        departed: all(conn, "SELECT id, state FROM soul_departed ORDER BY id", [], |row| Ok((row.get(0)?, row.get(1)?)))?,
        relations: super::relations::all_of(conn)?,
        shadow: super::shadow::read_tally(conn)?,
        identity: super::mind::identity_state(conn)?,
        missions: super::mind::mission_states(conn)?,
        last_start: conn
            .query_row("SELECT detail FROM audit_log WHERE action = 'start' ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
            .optional()
            .doing("read the last start")?,
        recent: last_at.map_or(Ok(Vec::new()), |at| recent(conn, at))?,
        last_at,
    })
}

pub(super) fn devices(conn: &Connection) -> Result<Vec<Device>, StoreError> {
    all(conn, "SELECT device, id FROM devices ORDER BY id", [], |row| from_json("devices", row, 0, 1))
}

pub(super) fn last_at(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    conn.query_row(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM (SELECT at FROM journal ORDER BY seq DESC LIMIT 1)
             UNION ALL SELECT max(at) FROM (SELECT at FROM memory_records ORDER BY id DESC LIMIT ?1))",
        [i64::try_from(limits::BATCH_MESSAGES).unwrap_or(i64::MAX)],
        |row| Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp::from_micros)),
    )
    .doing("read the last time")
}

fn recent(conn: &Connection, last: Timestamp) -> Result<Vec<Recent>, StoreError> {
    let newest = i64::try_from(limits::INBOX_MESSAGES).unwrap_or(i64::MAX);
    let since = last.plus_seconds(-limits::REPEAT_SECONDS).micros();
    all(
        conn,
        "SELECT id, at, client_id, topic, packet_id, payload
         FROM (SELECT id, at, client_id, topic, packet_id, payload FROM memory_records ORDER BY id DESC LIMIT ?1)
         WHERE at >= ?2 AND packet_id IS NOT NULL ORDER BY id",
        [newest, since],
        |row| {
            Ok(Recent {
                percept: Uuid::from_bytes(row.get(0)?),
                at: Timestamp::from_micros(row.get(1)?),
                client_id: row.get(2)?,
                packet_id: row.get(4)?,
                digest: digest(
                    row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?,
                    row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?,
                ),
            })
        },
    )
}

/// All rows of a query.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql).doing("prepare to read")?;
    let mut rows = statement.query(params).doing("read")?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().doing("read")? {
        out.push(read(row)?);
    }
    Ok(out)
}

pub(super) fn entity_id(table: &'static str, row: &Row<'_>, at: usize) -> Result<EntityId, StoreError> {
    let text: String = row.get(at)?;
    EntityId::new(&text).map_err(|e| StoreError::Row { table, key: text, text: e.to_string() })
}

/// A value from a JSON column; `key` is the column that names the row.
pub(super) fn from_json<T: DeserializeOwned>(table: &'static str, row: &Row<'_>, at: usize, key: usize) -> Result<T, StoreError> {
    let text = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
    let key = row.get_ref(key)?;
    serde_json::from_str(text).map_err(|e| StoreError::Row { table, key: name(key), text: e.to_string() })
}

/// A word of a closed list, written as serde writes it.
pub(super) fn word<T: DeserializeOwned>(table: &'static str, row: &Row<'_>, at: usize, key: usize) -> Result<T, StoreError> {
    let text: String = row.get(at)?;
    let key = row.get_ref(key)?;
    serde_json::from_value(text.into()).map_err(|e| StoreError::Row { table, key: name(key), text: e.to_string() })
}

fn name(key: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match key {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).map_or_else(|_| String::from("?"), |id| id.to_string()),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Integer(number) => number.to_string(),
        _ => String::from("?"),
    }
}
