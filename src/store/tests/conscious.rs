//! What consciousness keeps: who Jamey has been, by the day.

use super::{START, batch};
use crate::{
    domain::{Change, Timestamp, limits},
    store::{Batch, Reader, Store},
};
use rusqlite::Connection;
use serde_json::json;

const DAY: i64 = 86_400;

/// 2026-11-18T00:00:00Z.
fn day(n: i64) -> Timestamp {
    Timestamp::from_micros(START - 11 * 3_600 * 1_000_000).plus_seconds(n * DAY)
}

fn write(store: &mut Store, at: Timestamp, name: &str) {
    let role = json!({"strength": 0.5, "low": 0.4, "high": 0.6, "today": 0.5});
    let view = json!({
        "v": 1, "text": name, "drift": 0.1, "acts": [{"entity": name}], "roles": {"guardian": role},
        "contexts": {"night_away": {"roles": {"guardian": role}}},
    });
    let change = Change::Identity { at, view, state: name.as_bytes().to_vec() };
    store.write(&Batch { changes: vec![change], ..batch(vec![]) }).unwrap();
}

#[test]
fn a_day_has_one_row_and_only_the_last_one_names_anybody() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    write(&mut store, day(0), "morning");
    write(&mut store, day(0).plus_seconds(DAY - 1), "evening");
    write(&mut store, day(1), "next");
    let db = Connection::open(folder.path().join("jamey.db")).unwrap();
    let mut rows = db.prepare("SELECT at, view, CAST(state AS TEXT) FROM identity_matrices ORDER BY at").unwrap();
    let rows: Vec<(i64, String, String)> =
        rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap().collect::<Result<_, _>>().unwrap();
    let wanted = [
        (
            day(0).micros(),
            json!({"v": 1, "drift": 0.1, "roles": {"guardian": [0.5, 0.4, 0.6]}, "contexts": {"night_away": {"guardian": 0.5}}})
                .to_string(),
            String::new(),
        ),
        (day(1).micros(), rows[1].1.clone(), "next".to_owned()),
    ];
    assert!(rows[1].1.contains("acts"));
    let same =
        |a: &str, b: &str| serde_json::from_str::<serde_json::Value>(a).unwrap() == serde_json::from_str::<serde_json::Value>(b).unwrap();
    assert_eq!(rows.len(), wanted.len());
    for (row, wanted) in rows.iter().zip(&wanted) {
        assert!(row.0 == wanted.0 && same(&row.1, &wanted.1) && row.2 == wanted.2, "{row:?}");
    }
    assert_eq!(store.load().unwrap().identity, Some(b"next".to_vec()));
    assert_eq!(Reader::open(folder.path()).unwrap().identity().unwrap().unwrap()["text"], "next");
}

#[test]
fn one_day_past_the_limit_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    [0, 1, 2].into_iter().for_each(|n| write(&mut store, day(n), "x"));
    let oldest = || {
        let db = Connection::open(folder.path().join("jamey.db")).unwrap();
        db.query_row("SELECT min(at) FROM identity_matrices", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    write(&mut store, day(limits::IDENTITY_DAYS), "x");
    assert_eq!(oldest(), day(0).micros());
    write(&mut store, day(limits::IDENTITY_DAYS + 1), "x");
    assert_eq!(oldest(), day(1).micros());
}
