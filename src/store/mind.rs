//! What consciousness keeps: figures over time, who Jamey has been, how its objectives stand.

use super::{
    error::{Doing, StoreError},
    load::all,
};
use crate::domain::{Timestamp, limits};
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use serde_json::{Map, Value, json};

/// A day of micros: identities are kept by the day.
const DAY_MICROS: i64 = 86_400 * 1_000_000;

pub(super) fn metric(conn: &Connection, at: Timestamp, metric: &str, value: f64, detail: &Value) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO consciousness_metrics (metric, at, value, detail) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (metric, at) DO UPDATE SET value = excluded.value, detail = excluded.detail",
    )
    .and_then(|mut s| s.execute(params![metric, at.micros(), value, detail.to_string()]))
    .map(|_| ())
    .doing("write a figure of consciousness")
}

/// The row of its day. Of the days before, the strengths stay: what was done names entities, and one that is forgotten must be in no row but
/// this, which is written anew then. Rows past `limits::IDENTITY_DAYS` go here and not with the upkeep: there is one more of them each day at
/// most, and a Jamey that does nothing writes none.
pub(super) fn identity(conn: &Connection, at: Timestamp, view: &Value, state: &[u8]) -> Result<(), StoreError> {
    let day = at.micros().div_euclid(DAY_MICROS) * DAY_MICROS;
    let oldest = day - limits::IDENTITY_DAYS * DAY_MICROS;
    let run = |sql: &str, params: &[&dyn ToSql]| conn.prepare_cached(sql).and_then(|mut s| s.execute(params));
    run(
        "INSERT INTO identity_matrices (at, view, state) VALUES (?1, ?2, ?3)
         ON CONFLICT (at) DO UPDATE SET view = excluded.view, state = excluded.state",
        &[&day, &view.to_string(), &state],
    )
    .and_then(|_| run("DELETE FROM identity_matrices WHERE at < ?1", &[&oldest]))
    .map(|_| ())
    .doing("write the identity")?;
    let over = all(conn, "SELECT at, view FROM identity_matrices WHERE at < ?1 AND length(state) > 0", [day], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    for (at, view) in over {
        // What cannot be read any more is no reason to write nothing.
        let view: Value = serde_json::from_str(&view).unwrap_or_default();
        // Taken out and put in again: a row that shrinks in its place leaves a page all but empty, for ever.
        run("DELETE FROM identity_matrices WHERE at = ?1", &[&at])
            .and_then(|_| {
                run("INSERT INTO identity_matrices (at, view, state) VALUES (?1, ?2, x'')", &[&at, &strengths(&view).to_string()])
            })
            .doing("keep the strengths of a day")?;
    }
    Ok(())
}

/// What stays of a day: of each role strength, low and high, and of each context the strengths. A year of whole views is half a megabyte.
fn strengths(view: &Value) -> Value {
    let roles = |of: &Value, keep: &dyn Fn(&Value) -> Value| -> Map<String, Value> {
        of.get("roles").and_then(Value::as_object).into_iter().flatten().map(|(name, role)| (name.clone(), keep(role))).collect()
    };
    let contexts = view.get("contexts").and_then(Value::as_object).into_iter().flatten();
    json!({
        "v": view.get("v"),
        "drift": view.get("drift"),
        "roles": roles(view, &|role| json!([role.get("strength"), role.get("low"), role.get("high")])),
        "contexts": contexts
            .map(|(name, of)| (name.clone(), Value::Object(roles(of, &|role| json!(role.get("strength"))))))
            .collect::<Map<_, _>>(),
    })
}

pub(super) fn mission(conn: &Connection, id: &str, at: Timestamp, view: &Value, state: &[u8]) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO mission_objectives (id, at, view, state) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET at = excluded.at, view = excluded.view, state = excluded.state",
    )
    .and_then(|mut s| s.execute(params![id, at.micros(), view.to_string(), state]))
    .map(|_| ())
    .doing("write an objective")
}

/// The newest state of the identity.
pub(super) fn identity_state(conn: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    conn.query_row("SELECT state FROM identity_matrices WHERE length(state) > 0 ORDER BY at DESC LIMIT 1", [], |row| row.get(0))
        .optional()
        .doing("read the identity")
}

/// The state of each objective, by id.
pub(super) fn mission_states(conn: &Connection) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    all(conn, "SELECT id, state FROM mission_objectives ORDER BY id", [], |row| Ok((row.get(0)?, row.get(1)?)))
}
