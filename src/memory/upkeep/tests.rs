//! What is due goes, what is not stays; in whatever steps, and whatever happens between two of them.

use super::*;
use crate::{
    domain::{Body, EntityId, MemoryRecord, NamePattern, Outcome, Percept, Purpose, percept::Source},
    store::{Batch, Entry, Store},
};
use proptest::prelude::*;
use std::{path::Path, sync::Arc};

const START: i64 = 1_795_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(START + seconds)
}

fn id(seconds: i64, n: u128) -> Uuid {
    Uuid::from_u128(at(seconds).first_id().as_u128() | (7 << 76) | (2 << 62) | n)
}

fn entry(seconds: i64, n: u128, name: &str, layer: Layer, payload: &str) -> Entry {
    let entity = EntityId::new(name).unwrap();
    let importance = match layer {
        Layer::Working => 0.1,
        Layer::ShortTerm => 0.4,
        Layer::LongTerm => 0.8,
    };
    let percept = Percept {
        id: id(seconds, n),
        at: at(seconds),
        source: Arc::new(Source {
            requester: entity.clone(),
            client_id: name.into(),
            user: None,
            address: "192.0.2.7".into(),
            speaks_for_many: false,
            human: false,
            owner: false,
            role: String::new(),
        }),
        topic: format!("in/{name}/state"),
        entity,
        kind: "state".into(),
        body: Body::parse(payload.as_bytes(), None),
        payload: payload.as_bytes().to_vec(),
        qos: 0,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    };
    let record = MemoryRecord { layer, importance, text: format!("{name} says {payload}"), about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

fn write(store: &mut Store, entries: Vec<Entry>) {
    store.write(&Batch { at: entries.last().map_or(at(0), |e| e.percept.at), entries, ..Batch::default() }).unwrap();
}

fn plan(keeping: Keeping, retentions: Vec<Retention>) -> Plan {
    Plan { keeping, retentions, zone: TimeZone::get("Europe/Berlin").unwrap() }
}

/// One round to its end.
fn keep(store: &mut Store, folder: &Path, upkeep: &mut Upkeep, now: Timestamp) {
    let reader = Reader::open(folder).unwrap();
    while let Some(chore) = upkeep.next(&reader, now).unwrap() {
        let done = store.chore(&chore).unwrap();
        upkeep.done(&chore, done);
    }
}

fn left(folder: &Path) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = Reader::open(folder).unwrap().records(10_000, None).unwrap().iter().map(|row| row.id).collect();
    ids.sort();
    ids
}

/// Every byte of every summary.
fn summaries(folder: &Path) -> Vec<(Uuid, i64, String)> {
    let raw = rusqlite::Connection::open(folder.join("jamey.db")).unwrap();
    let mut rows = raw.prepare("SELECT id, records, hex(first) || hex(last) || hex(series) FROM memory_summaries ORDER BY id").unwrap();
    rows.query_map([], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[test]
fn each_layer_has_its_time_and_what_is_pinned_or_matters_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let layers = [Layer::Working, Layer::ShortTerm, Layer::LongTerm];
    write(&mut store, (0..4).map(|n| entry(0, n, "lamp", layers[usize::try_from(n).unwrap() % 3], "1")).collect());
    let pin = |record, pinned| Batch {
        changes: vec![crate::domain::Change::Pinned { records: vec![record], pinned }],
        at: at(0),
        ..Batch::default()
    };
    store.write(&pin(id(0, 3), true)).unwrap();
    let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
    let after = |store: &mut Store, upkeep: &mut Upkeep, seconds: i64| {
        keep(store, folder.path(), upkeep, at(seconds));
        left(folder.path())
    };
    assert_eq!(after(&mut store, &mut upkeep, 48 * HOUR).len(), 4, "not yet");
    assert_eq!(after(&mut store, &mut upkeep, 48 * HOUR + 1), [id(0, 1), id(0, 2), id(0, 3)]);
    assert_eq!(after(&mut store, &mut upkeep, 29 * DAY).len(), 3);
    assert_eq!(after(&mut store, &mut upkeep, 31 * DAY), [id(0, 2), id(0, 3)]);
    let reader = Reader::open(folder.path()).unwrap();
    let lamp = EntityId::new("lamp").unwrap();
    let of = |tier| reader.summaries(&lamp, "state", tier, at(-DAY)..at(DAY)).unwrap();
    assert_eq!(
        (of(Tier::Day)[0].records, of(Tier::Hour)[0].records, of(Tier::FiveMinutes).len()),
        (2, 2, 0),
        "the finest are gone by then"
    );
    store.write(&pin(id(0, 3), false)).unwrap();
    assert_eq!(after(&mut store, &mut upkeep, 32 * DAY), [id(0, 2)], "the sweeps begin anew");
    assert_eq!(of(Tier::Day)[0].records, 3);
    after(&mut store, &mut upkeep, 3_660 * DAY);
    assert_eq!((of(Tier::Day).len(), of(Tier::Hour).len(), left(folder.path())), (0, 0, vec![id(0, 2)]));
}

#[test]
fn the_owners_word_on_retention_counts_more_than_layers() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let all = [("guest_1", Layer::LongTerm), ("cat", Layer::Working), ("lamp", Layer::Working), ("guest_2", Layer::Working)];
    write(&mut store, all.iter().zip(0..).map(|((name, layer), n)| entry(0, n, name, *layer, "1")).collect());
    let one =
        |entity: &str, days, summaries| Retention { entity: NamePattern::new(entity).unwrap(), kind: NamePattern::all(), days, summaries };
    let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![one("guest_*", 1, false), one("c*", 40, true)]));
    keep(&mut store, folder.path(), &mut upkeep, at(3 * DAY));
    assert_eq!(left(folder.path()), [id(0, 1)]);
    assert_eq!(summaries(folder.path()).len(), 3, "of the lamp alone");
    // Without it the cat's is as all others are, though the sweeps went past it.
    let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
    keep(&mut store, folder.path(), &mut upkeep, at(3 * DAY));
    assert_eq!((left(folder.path()).len(), summaries(folder.path()).len()), (0, 6));
}

#[test]
fn what_a_newer_fact_superseded_goes_as_what_is_of_no_note() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let fact = |seconds, n| {
        let mut entry = entry(seconds, n, "anna", Layer::LongTerm, "home");
        entry.outcome.record.as_mut().unwrap().about = Some("place".into());
        entry
    };
    write(&mut store, vec![fact(0, 1), fact(10 * DAY, 2)]);
    let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
    keep(&mut store, folder.path(), &mut upkeep, at(12 * DAY));
    assert_eq!(left(folder.path()).len(), 2, "48 hours after the newer one");
    keep(&mut store, folder.path(), &mut upkeep, at(12 * DAY + 1));
    assert_eq!(left(folder.path()), [id(10 * DAY, 2)]);
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_be_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    write(&mut store, vec![entry(0, 1, "lamp", Layer::Working, "1"), entry(100 * DAY, 2, "lamp", Layer::Working, "1")]);
    let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
    keep(&mut store, folder.path(), &mut upkeep, at(103 * DAY));
    assert_eq!(left(folder.path()).len(), 0);
    // Set back: what comes now is older than what was swept.
    write(&mut store, vec![entry(DAY, 3, "lamp", Layer::Working, "1"), entry(4 * DAY, 4, "lamp", Layer::Working, "1")]);
    keep(&mut store, folder.path(), &mut upkeep, at(4 * DAY));
    assert_eq!(left(folder.path()), [id(4 * DAY, 4)], "what is due goes, and what is fresh stays");
}

#[test]
fn beyond_its_bytes_what_matters_least_goes_and_the_file_shrinks() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let pad = "x".repeat(4_000);
    let all = |n: u128| entry(i64::try_from(n).unwrap(), n, "camera", if n < 4_500 { Layer::LongTerm } else { Layer::ShortTerm }, &pad);
    for from in (0..6_000).step_by(500) {
        write(&mut store, (from..from + 500).map(all).collect());
    }
    let record = id(3, 3);
    store
        .write(&Batch {
            changes: vec![crate::domain::Change::Pinned { records: vec![record], pinned: true }],
            at: at(0),
            ..Batch::default()
        })
        .unwrap();
    let recalled: Vec<_> = (0..9).map(|_| (id(7, 7), at(3 * DAY))).collect();
    store.write(&Batch { changes: vec![crate::domain::Change::Recalled(recalled)], at: at(0), ..Batch::default() }).unwrap();
    let mut upkeep = Upkeep::new(plan(Keeping { database_mb: 16, ..Keeping::default() }, vec![]));
    keep(&mut store, folder.path(), &mut upkeep, at(DAY));
    assert_eq!(left(folder.path()).len(), 6_000, "nothing of the last days");
    assert!(upkeep.shortage().is_some());
    keep(&mut store, folder.path(), &mut upkeep, at(3 * DAY));
    let left = left(folder.path());
    assert!(upkeep.shortage().is_none() && left.contains(&record) && left.contains(&id(7, 7)), "pinned, and often recalled");
    assert!((1_500..4_000).contains(&left.len()) && !left.contains(&id(5_000, 5_000)), "{}", left.len());
    let pages = Reader::open(folder.path()).unwrap().pages().unwrap();
    assert!(pages.free <= SPARE_PAGES.max(pages.all / SPARE_PART) && pages.all * pages.bytes <= (16 + 5) * MIB, "{pages:?}");
}

#[test]
fn what_never_goes_leaves_memory_its_half() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let taken = || {
        let pages = Reader::open(folder.path()).unwrap().pages().unwrap();
        (pages.all - pages.free) * pages.bytes
    };
    let empty = taken();
    // Verdicts as they are, and so many as are given in years.
    let raw = rusqlite::Connection::open(folder.path().join(crate::store::FILE)).unwrap();
    let judged = |rows: i64| {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
            INSERT INTO verdicts (percept, ordinal, at, requester, client_id, topic, target, verb, decision, score, theta_allow, theta_deny,
                uncertainty, reason, contributions, facts, request)
            SELECT randomblob(16), 0, n, 'zigbee_panel', 'zigbee-panel', 'zigbee2mqtt/hall_light/set', 'hall_light', 'on', 'allow', 0.5, 0.2,
                -0.4, 0.1, 'hall_light on: nothing speaks against it', printf('%.*c', 60 + n % 90, '['), printf('%.*c', 120 + n % 200, '{'),
                '{\"state\":\"ON\"}' FROM n";
        raw.execute(sql, [rows]).unwrap();
    };
    judged(20_000);
    let others = || Reader::open(folder.path()).unwrap().never_goes().unwrap();
    let are = taken() - empty;
    assert!((are * 3 / 4..are * 5 / 4).contains(&others()), "{} of {are}", others());

    let all = |n: u128| entry(i64::try_from(n).unwrap(), n, "camera", Layer::LongTerm, &"x".repeat(40));
    for from in (0..70_000).step_by(5_000) {
        write(&mut store, (from..from + 5_000).map(all).collect());
    }
    let mut upkeep = Upkeep::new(plan(Keeping { database_mb: 24, ..Keeping::default() }, vec![]));
    let mut round = |upkeep: &mut Upkeep| keep(&mut store, folder.path(), upkeep, at(3 * DAY));
    assert!(taken() > 24 * MIB, "{}", taken());
    round(&mut upkeep);
    assert!(upkeep.shortage().is_none() && taken() <= 24 * MIB, "{} {:?}", taken(), upkeep.shortage());
    judged(30_000);
    round(&mut upkeep);
    let memory = taken() - others();
    assert_eq!(upkeep.shortage(), Some(Shortage::Others));
    assert!((10 * MIB..=12 * MIB + MIB / 10).contains(&memory), "{memory}");
    let (kept, before) = (Reader::open(folder.path()).unwrap().figures().unwrap().layers, taken());
    judged(5_000);
    round(&mut upkeep);
    assert!(Reader::open(folder.path()).unwrap().figures().unwrap().layers == kept && taken() > before, "it grows, and memory stays");
    assert_eq!(upkeep.with(plan(Keeping::default(), vec![])).shortage(), Some(Shortage::Others), "until a round has looked");
}

#[test]
fn a_chore_takes_two_milliseconds() {
    let mut pace = Pace(64);
    (0..9).for_each(|_| pace.took(Duration::from_millis(1)));
    assert!(pace.0 > 400);
    (0..99).for_each(|_| pace.took(Duration::from_millis(1)));
    assert_eq!(pace.0, MOST);
    (0..99).for_each(|_| pace.took(Duration::from_millis(3)));
    assert_eq!(pace.0, LEAST);
}

/// What happens after a chore was decided.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Done,
    /// Killed before it was written.
    Lost,
    /// Killed after it was written, before anybody heard of it.
    Unheard,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Exactly once: in steps of any size, killed between any two of them, the same summaries bit for bit.
    #[test]
    fn consolidation_comes_to_the_same_in_any_steps_and_after_any_crash(
        said in prop::collection::vec((0i64..4_000, 0u8..3, -40.0f64..60.0), 1..80),
        steps in prop::collection::vec((1usize..20, prop_oneof![4 => Just(Fate::Done), 1 => Just(Fate::Lost), 1 => Just(Fate::Unheard)]), 1..40),
    ) {
        let entries: Vec<Entry> = said.iter().zip(0..).map(|((seconds, who, value), n)| {
            entry(*seconds, n, &format!("sensor_{who}"), Layer::Working, &format!("{{\"t\":{value},\"on\":{}}}", *value > 0.0))
        }).collect();
        let now = at(5 * DAY);
        let whole = tempfile::tempdir().unwrap();
        let mut store = Store::open(whole.path()).unwrap();
        write(&mut store, entries.clone());
        let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
        upkeep.rows = Pace(1_000);
        keep(&mut store, whole.path(), &mut upkeep, now);

        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        write(&mut store, entries);
        let mut upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
        for (size, fate) in steps {
            upkeep.rows = Pace(size);
            let reader = Reader::open(folder.path()).unwrap();
            let Some(chore) = upkeep.next(&reader, now).unwrap() else { continue };
            drop(reader);
            if !matches!(fate, Fate::Lost) {
                let done = store.chore(&chore).unwrap();
                upkeep.done(&chore, done);
            }
            if !matches!(fate, Fate::Done) {
                drop(store);
                store = Store::open(folder.path()).unwrap();
                upkeep = Upkeep::new(plan(Keeping::default(), vec![]));
            }
        }
        keep(&mut store, folder.path(), &mut upkeep, now);
        keep(&mut store, folder.path(), &mut upkeep, now);
        prop_assert_eq!(left(folder.path()), left(whole.path()));
        prop_assert_eq!(summaries(folder.path()), summaries(whole.path()));
        prop_assert_eq!(summaries(whole.path()).iter().map(|(_, n, _)| *n).sum::<i64>(), 3 * i64::try_from(said.len()).unwrap());
    }
}
