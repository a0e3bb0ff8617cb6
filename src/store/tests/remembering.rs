//! History, relations and those who left, on real files.

use super::*;
use crate::{
    domain::{Change, Detail, OpinionView, Relation, RelationKind, Standing, ToldBy},
    store::{Reader, Store},
};

fn view(entity: &str, hours: i64, minutes: i64, p: f64) -> Change {
    let view = OpinionView {
        entity: id(entity),
        standing: Standing::Newcomer,
        belief: 0.0,
        disbelief: 0.0,
        uncertainty: 1.0,
        base_rate: 0.3,
        expectation: Unit01::clamped(p),
        lower_bound: Unit01::clamped(p / 2.0),
        reasons: Vec::new(),
        events: 1,
        last_seen: Timestamp::from_micros(START).plus_seconds(hours * 3_600 + minutes * 60),
        detail: Detail { lately: Some("something".into()), ..Detail::default() },
    };
    Change::Entity { view: Box::new(view), state: Vec::new(), senses: None }
}

fn write(store: &mut Store, n: u64, changes: Vec<Change>) {
    store.write(&Batch { changes, at: at(n), ..Batch::default() }).unwrap();
}

#[test]
fn history_is_written_sparingly() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    for (n, (hours, minutes, p)) in
        [(0, 0, 0.3), (0, 5, 0.31), (0, 6, 0.33), (0, 6, 0.9), (0, 59, 0.34), (1, 0, 0.34), (1, 30, 0.345)].into_iter().enumerate()
    {
        write(&mut store, n as u64, vec![view("lamp", hours, minutes, p)]);
    }
    let reader = Reader::open(folder.path()).unwrap();
    let rows = reader.history(&id("lamp"), Timestamp::default()).unwrap();
    let minutes = |at: Timestamp| (at.micros() - START) / 60_000_000;
    let told: Vec<(i64, f64)> = rows.iter().map(|r| (minutes(r.at), r.expectation)).collect();
    assert_eq!(told, [(0, 0.3), (6, 0.33), (60, 0.34)], "the hour's first, and what moved by .02, a minute apart");
    assert_eq!(rows[0].why, "something");
    assert_eq!(reader.history(&id("lamp"), Timestamp::from_micros(START).plus_seconds(3_600)).unwrap().len(), 1);
}

#[test]
fn a_history_one_day_past_each_age_is_thinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut n = 0;
    for hour in 0..24 * 420 {
        // Up and down all day long.
        let changes = (0..3).map(|m| view("lamp", hour, m * 20, if m % 2 == 0 { 0.3 } else { 0.6 })).collect();
        if !(24 * 3..=24 * 402).contains(&hour) || hour % 24 == 0 {
            write(&mut store, n, changes);
            n += 1;
        }
    }
    // One more day lets the last steps be made.
    for hour in 24 * 420..24 * 421 {
        write(&mut store, n, vec![view("lamp", hour, 0, 0.3)]);
        n += 1;
    }
    let rows = Reader::open(folder.path()).unwrap().history(&id("lamp"), Timestamp::default()).unwrap();
    let now = rows.last().unwrap().at;
    let days = |at: Timestamp| now.seconds_since(at) / 86_400.0;
    let between = |from: f64, to: f64| rows.iter().filter(|r| (from..to).contains(&days(r.at))).count();
    assert_eq!(between(400.1, 1_000.0), 0, "after 400 days they go");
    assert!((380..=390).contains(&between(14.1, 400.0)), "a row a day: {}", between(14.1, 400.0));
    let hourly = between(1.1, 14.0);
    assert!((305..=315).contains(&hourly), "a row an hour: {hourly}");
}

#[test]
fn relations_and_those_who_left_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let relation = |like: f64| Relation { from: id("lamp"), kind: RelationKind::OwnedBy, to: id("anna"), like, told_by: ToldBy::Owner };
    let related = |like, denied| Change::Related { relation: Box::new(relation(like)), denied };
    write(&mut store, 1, vec![related(0.5, false), Change::Departed { id: [7; 16], state: Some(vec![1, 2]) }]);
    write(&mut store, 2, vec![related(-0.25, true)]);
    let saved = store.load().unwrap();
    assert_eq!(saved.relations, [(relation(-0.25), true)]);
    assert_eq!(saved.departed, [([7; 16], vec![1, 2])]);
    assert_eq!(Reader::open(folder.path()).unwrap().relations(&id("anna")).unwrap(), saved.relations, "also the other way");
    let gone = Change::Unrelated { from: id("lamp"), kind: RelationKind::OwnedBy, to: id("anna") };
    write(&mut store, 3, vec![gone, Change::Departed { id: [7; 16], state: None }]);
    let saved = store.load().unwrap();
    assert_eq!((saved.relations.len(), saved.departed.len()), (0, 0));
}

#[test]
fn who_leaves_takes_their_rows_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    write(&mut store, 1, vec![view("lamp", 0, 0, 0.3), view("other", 0, 0, 0.3)]);
    write(&mut store, 2, vec![Change::EntityGone(id("lamp"))]);
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.entities(10, None).unwrap().iter().map(|v| v.entity.as_str()).collect::<Vec<_>>(), ["other"]);
    assert_eq!(reader.history(&id("lamp"), Timestamp::default()).unwrap(), []);
}

#[test]
fn recalls_are_counted_of_what_is_there_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&batch((1..4).map(told).collect())).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let ids: Vec<uuid::Uuid> = reader.records(10, None).unwrap().into_iter().map(|row| row.id).collect();
    let gone = uuid::Uuid::from_u128(9);
    write(&mut store, 2, vec![Change::Recalled(vec![(ids[0], at(10)), (gone, at(10))])]);
    write(&mut store, 3, vec![Change::Recalled(vec![(ids[0], at(20)), (ids[1], at(20))])]);
    let uses = reader.uses(ids.iter().copied().chain([gone])).unwrap();
    assert_eq!(uses.keys().copied().collect::<std::collections::BTreeSet<_>>(), [ids[0], ids[1]].into());
    let (twice, once) = (uses[&ids[0]], uses[&ids[1]]);
    assert_eq!((twice.n, twice.latest[0], twice.latest[1]), (3, Some(at(20)), Some(at(10))), "made once, and recalled twice");
    assert_eq!((once.n, once.latest[0]), (2, Some(at(20))));
    let raw = rusqlite::Connection::open(folder.path().join("jamey.db")).unwrap();
    raw.execute("UPDATE memory_uses SET uses = x'00'", []).unwrap();
    assert!(reader.uses(ids.iter().copied()).unwrap().is_empty(), "what makes no sense counts as never");
}
