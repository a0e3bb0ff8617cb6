//! A look into a database file that is nobody's at the moment, of whatever schema: how much it holds of what, and whether it is whole. Nothing
//! is migrated, and nothing is made beside it.

use super::{
    connect::{self, Found},
    error::{Doing, StoreError},
    load::all,
};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::Path};

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspected {
    pub schema: i64,
    /// By name; what its schema did not have yet is not there.
    pub counts: BTreeMap<String, u64>,
}

/// How thoroughly to look whether it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Every page, and that the rows are in order.
    Quick,
    /// Also that every index says the same as its table; takes several times as long.
    Thorough,
}

/// Each table of which a person may ask how much is in it, by the name of what is counted.
const COUNTED: [(&str, &str); 22] = [
    ("approvals", "approvals"),
    ("audit_rows", "audit_log"),
    ("certificates", "certificates"),
    ("contexts", "contexts"),
    ("departed", "soul_departed"),
    ("devices", "devices"),
    ("disagreements", "disagreements"),
    ("entities", "soul_entities"),
    ("held", "held"),
    ("history", "soul_history"),
    ("identities", "identity_matrices"),
    ("journal_blocks", "journal"),
    ("metrics", "consciousness_metrics"),
    ("missions", "mission_objectives"),
    ("records", "memory_records"),
    ("refusals", "summaries"),
    ("relations", "relations"),
    ("signals", "signals"),
    ("summaries", "memory_summaries"),
    ("tokens", "tokens"),
    ("users", "users"),
    ("verdicts", "verdicts"),
];

/// Counts.
///
/// # Errors
/// When there is no such file, it is not jamey's, of a newer one, or damaged where it is counted.
pub fn inspect(path: &Path) -> Result<Inspected, StoreError> {
    count(path).map_err(|error| error.at(path))
}

/// What is wrong with it; empty: nothing.
///
/// # Errors
/// When it cannot be read at all.
pub fn faults(path: &Path, look: Look) -> Result<Vec<String>, StoreError> {
    let sql = match look {
        Look::Quick => "PRAGMA quick_check(20)",
        Look::Thorough => "PRAGMA integrity_check(20)",
    };
    let found = open(path).and_then(|(conn, _)| all(&conn, sql, [], |row| Ok(row.get::<_, String>(0)?)));
    match found {
        Ok(mut found) => {
            found.retain(|line| line != "ok");
            Ok(found)
        }
        // So damaged that not even the look goes through.
        Err(error) if error.is_damage() => Ok(vec![error.to_string()]),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> Result<(Connection, i64), StoreError> {
    let conn = connect::open_reader(path)?;
    let known = super::migrate::known();
    match connect::inspect(path, &conn)? {
        Found::Schema(found) if found > known => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        Found::Schema(found) => Ok((conn, found)),
        Found::Empty => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}

fn count(path: &Path) -> Result<Inspected, StoreError> {
    let (conn, schema) = open(path)?;
    let tables = all(&conn, "SELECT name FROM sqlite_schema WHERE type = 'table'", [], |row| Ok(row.get::<_, String>(0)?))?;
    let mut counts = BTreeMap::new();
    for (name, table) in COUNTED.iter().filter(|(_, table)| tables.iter().any(|there| there == table)) {
        let rows: i64 = conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).doing("count rows")?;
        counts.insert((*name).to_owned(), u64::try_from(rows).unwrap_or(0));
    }
    Ok(Inspected { schema, counts })
}
