//! What comes first, and what follows on the next page, on real files.

use super::{Mindset, Page, Paged, Query, find, find_in};
use crate::{
    domain::{Body, Change, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Timestamp, percept::Source},
    memory::{index::Follower, working::Working},
    store::{Batch, Entry, Reader, Store},
};
use jiff::tz::TimeZone;
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

const START_MILLIS: u64 = 1_795_000_000_000;

fn id(n: u64) -> Uuid {
    Uuid::from_u64_pair(((START_MILLIS + n * 1_000) << 16) | 0x7000, (1 << 63) | n)
}

/// A second after the n-th record was made.
fn after(n: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from((START_MILLIS + (n + 1) * 1_000) * 1_000).unwrap())
}

fn entry(n: u64, entity: &str, text: &str) -> Entry {
    let entity = EntityId::new(entity).unwrap();
    let percept = Percept {
        id: id(n),
        at: after(n),
        source: Arc::new(Source::own(entity.clone(), "test", "")),
        entity,
        kind: "note".into(),
        topic: "t".into(),
        body: Body::Empty,
        payload: Vec::new(),
        qos: 1,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    };
    let record = MemoryRecord { layer: Layer::ShortTerm, importance: 0.5, text: text.into(), about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

struct House {
    folder: tempfile::TempDir,
    store: Store,
    reader: Reader,
    follower: Follower,
}

impl House {
    /// All of these are in the index.
    fn remembering(entries: Vec<Entry>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.write(&Batch { entries, ..Batch::default() }).unwrap();
        let reader = Reader::open(folder.path()).unwrap();
        let (mut follower, _) = Follower::open(&folder.path().join("index"), &reader).unwrap();
        follower.rebuild(&reader, |_| {}).unwrap();
        Self { folder, store, reader, follower }
    }

    fn recalled(&mut self, n: u64, at: Timestamp) {
        self.store.write(&Batch { changes: vec![Change::Recalled(vec![(id(n), at)])], ..Batch::default() }).unwrap();
    }

    fn find(&self, text: &str, limit: usize, cursor: Option<&str>) -> Page {
        find(self.follower.index(), &self.reader, &query(text), after(100), limit, cursor).unwrap()
    }

    fn find_with(&self, mind: Mindset<'_>, limit: usize, cursor: Option<&str>) -> Page {
        find_in(mind, self.follower.index(), &self.reader, &query("parcel"), after(100), limit, cursor).unwrap()
    }
}

fn query(text: &str) -> Query {
    Query::parse(text, Timestamp::default(), &TimeZone::UTC)
}

fn ids(page: &Page) -> Vec<Uuid> {
    page.records.iter().map(|one| one.record.id).collect()
}

#[test]
fn what_was_recalled_comes_to_mind_sooner_the_next_time() {
    let mut house = House::remembering((0..10).map(|n| entry(n, "gate", "a parcel came")).collect());
    assert_eq!(ids(&house.find("parcel", 1, None)), [id(9)], "equal ones: the newest");
    for second in [80, 90, 99] {
        house.recalled(4, after(second));
    }
    assert_eq!(ids(&house.find("parcel", 2, None)), [id(4), id(9)]);
    assert_eq!(ids(&house.find("", 1, None)), [id(9)], "without words the newest");
}

#[test]
fn what_is_in_focus_comes_to_mind_a_little_sooner() {
    let entries = (0..10).map(|n| entry(n, if n == 3 { "gate" } else { "shed" }, "a parcel came")).collect();
    let house = House::remembering(entries);
    let gate = || Mindset { focus: Some(EntityId::new("gate").unwrap()), working: None, ..Mindset::default() };
    assert_eq!(ids(&house.find_with(Mindset::default(), 1, None)), [id(9)]);
    assert_eq!(ids(&house.find_with(gate(), 1, None)), [id(3)]);
    // Also what the index has not taken yet; and the next page goes on where this one was, whatever is in focus then.
    let mut house = house;
    house.store.write(&Batch { entries: vec![entry(11, "gate", "a parcel came")], ..Batch::default() }).unwrap();
    let first = house.find_with(gate(), 4, None);
    assert_eq!(ids(&first)[..2], [id(11), id(3)]);
    let elsewhere = || Mindset { focus: Some(EntityId::new("shed").unwrap()), working: None, ..Mindset::default() };
    let second = house.find_with(elsewhere(), 20, first.next.as_deref());
    let all: BTreeSet<Uuid> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!((all.len(), ids(&first).len() + ids(&second).len(), second.next), (11, 11, None), "no gap and no double");
}

#[test]
fn recalls_between_two_pages_move_nothing() {
    let mut house = House::remembering((0..30).map(|n| entry(n, "gate", "a parcel came")).collect());
    house.recalled(7, after(50));
    let (mut seen, mut cursor, mut working) = (Vec::new(), None, Working::new(1_000_000));
    loop {
        let mind = Mindset { focus: None, working: Some(&mut working), ..Mindset::default() };
        let page = house.find_with(mind, 7, cursor.as_deref());
        seen.extend(ids(&page));
        // Those that come last are asked for by others, after the first page was given.
        house.recalled(0, after(200));
        house.recalled(1, after(200));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let distinct: BTreeSet<Uuid> = seen.iter().copied().collect();
    assert_eq!((seen.len(), distinct.len()), (30, 30));
    assert_eq!(seen[0], id(7));
    assert!(house.folder.path().exists());
}

#[test]
fn what_is_indexed_between_two_pages_leaves_out_nothing() {
    // Which word says more depends on all that the index has.
    let text = |n: u64| ["a parcel lay there", "something lay there", "a parcel came"][usize::from(n >= 30) + usize::from(n >= 40)];
    let pages = |mut paged: Option<Paged>| {
        let mut house = House::remembering((0..90).map(|n| entry(n, "gate", text(n))).collect());
        let (mut seen, mut cursor, mut next) = (Vec::new(), None, 200);
        loop {
            let mind = Mindset { paged: paged.as_mut(), ..Mindset::default() };
            let page =
                find_in(mind, house.follower.index(), &house.reader, &query("parcel lay"), after(100), 35, cursor.as_deref()).unwrap();
            seen.extend(ids(&page));
            let more = (next..next + 300).map(|n| entry(n, "shed", "a cat lay there")).collect();
            house.store.write(&Batch { entries: more, ..Batch::default() }).unwrap();
            house.follower.follow(&house.reader).unwrap();
            house.follower.commit().unwrap();
            (cursor, next) = (page.next, next + 300);
            if cursor.is_none() {
                break (seen.len(), seen.into_iter().collect::<BTreeSet<Uuid>>().len());
            }
        }
    };
    assert_eq!(pages(Some(Paged::default())), (90, 90));
    assert_ne!(pages(None), (90, 90), "or this shows nothing");
}

#[test]
fn who_may_know_less_is_given_no_page_of_one_who_may_know_more() {
    let mut secret = entry(9, "safe", "parcel parcel parcel");
    secret.percept.topic = "hidden".into();
    let may_know = |row: &crate::store::RecordRow| row.topic != "hidden";
    let house = House::remembering((0..4).map(|n| entry(n, "gate", "a parcel came")).chain([secret]).collect());
    let mut paged = Paged::default();
    let first = house.find_with(Mindset { paged: Some(&mut paged), ..Mindset::default() }, 1, None);
    for _ in 0..2 {
        let mind = Mindset { paged: Some(&mut paged), may_know: Some(&may_know), ..Mindset::default() };
        let theirs = house.find_with(mind, 10, first.next.as_deref());
        assert!(theirs.records.iter().all(|one| one.record.topic != "hidden"), "{:?}", ids(&theirs));
    }
}

#[test]
fn what_may_not_be_known_moves_neither_scores_nor_pages() {
    let mine = |n| entry(n, "gate", "a parcel came");
    let mut secret = entry(9, "safe", "parcel parcel parcel");
    secret.percept.topic = "hidden".into();
    let may_know = |row: &crate::store::RecordRow| row.topic != "hidden";
    let with = House::remembering(vec![mine(1), mine(2), secret]);
    let page = |limit, cursor: Option<&str>| with.find_with(Mindset { may_know: Some(&may_know), ..Mindset::default() }, limit, cursor);
    let all = page(10, None);
    assert_eq!(ids(&all), [id(2), id(1)]);
    assert_eq!(with.find("parcel", 10, None).records.len(), 3, "who may know it finds it");
    let alone = House::remembering(vec![mine(1), mine(2)]);
    let scores = |page: &Page| page.records.iter().map(|one| one.score).collect::<Vec<_>>();
    assert_eq!(scores(&all), scores(&alone.find("parcel", 10, None)), "as if it were not there");
    let first = page(1, None);
    assert_eq!(ids(&first), [id(2)]);
    let second = page(1, first.next.as_deref());
    assert_eq!((ids(&second), second.next), (vec![id(1)], None), "no page is promised that holds only what is hidden");
}

#[test]
fn no_cursor_and_no_time_is_too_far() {
    let house = House::remembering((0..3).map(|n| entry(n, "gate", "a parcel came")).collect());
    let nil = "0".repeat(32);
    for (now, score, found) in [
        ("7fffffffffffffff", 1.0, Some(3)),
        ("7fffffffffffffff", 0.0, Some(0)),
        ("7fffffffffffffff", -0.0, Some(0)),
        // What is newer than the first page is on none.
        ("0", 1.0, Some(0)),
        ("-7fffffffffffffff", 1.0, None),
        ("8000000000000000", 1.0, None),
        ("0", f64::NAN, None),
        ("0", -f64::NAN, None),
        ("0", f64::INFINITY, None),
        ("0", f64::NEG_INFINITY, None),
        ("0", 1.000_001, None),
    ] {
        let cursor = format!("{now}-0-{:x}-{nil}", score.to_bits());
        for text in ["parcel", ""] {
            let page = find(house.follower.index(), &house.reader, &query(text), after(100), 10, Some(&cursor));
            match (page, found) {
                (Ok(page), Some(found)) => assert_eq!(page.records.len(), found, "{cursor} {text}"),
                (Err(super::RecallError::Cursor(_)), None) => {}
                (page, _) => panic!("{cursor} {text}: {page:?}"),
            }
        }
    }
    for text in
        ["parcel since 9998-12 until 1970-01", "parcel 9999-12-31..", "parcel ..0000-01-01", "last 99999 years parcel", "\"a a a a a\""]
    {
        assert!(house.find(text, 10, None).records.len() <= 3, "{text}");
    }
}

#[test]
fn a_sum_is_found_by_what_people_call_the_thing_and_its_values() {
    use crate::{
        domain::{Names, Summary, Tier, Told, ValueName},
        store::Chore,
    };
    let mut house = House::remembering((0..3).map(|n| entry(n, "shed", "a parcel came")).collect());
    let sensor = EntityId::new("0x00158d0001a2b3c4").unwrap();
    let value =
        |name: &str, unit: Option<&str>| ValueName { name: Some(name.into()), unit: unit.map(str::to_owned), ..ValueName::default() };
    let names = Names {
        name: Some("Greenhouse sensor".into()),
        area: Some("Garden".into()),
        values: [
            ("t".to_owned(), value("Temperature", Some("°C"))),
            ("contact".to_owned(), ValueName { class: Some("window".into()), ..ValueName::default() }),
        ]
        .into(),
    };
    house
        .store
        .write(&Batch { changes: vec![Change::Names { entity: sensor.clone(), names: Box::new(names) }], ..Batch::default() })
        .unwrap();
    let body = Body::Json(serde_json::json!({"t": 31.5, "contact": false}));
    let told = Told { id: id(7), entity: sensor.clone(), kind: "state".into(), requester: sensor, body };
    let summary = Summary::of(Tier::Hour, &told, &TimeZone::UTC);
    house.store.chore(&Chore::Consolidate { taken: Vec::new(), summaries: vec![summary.clone()], sweep: None }).unwrap();
    for is_indexed in [false, true] {
        for question in ["greenhouse temperature", "garden window opened", "greenhouse 31.5 °C"] {
            let found = house.find(question, 1, None);
            assert_eq!(ids(&found), [summary.id()], "{question}, indexed: {is_indexed}");
            let text = &found.records[0].record.record.text;
            assert_eq!(text, "Greenhouse sensor (0x00158d0001a2b3c4, garden) state: 1 value; window opened 1; temperature 31.5 °C");
        }
        while house.follower.follow(&house.reader).unwrap() > 0 {}
        house.follower.commit().unwrap();
    }
}
