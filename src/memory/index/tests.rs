//! Index and store agree, whatever happens between them, on real files.

use super::{Doubt, Follower, Index};
use crate::{
    domain::{Body, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Timestamp, percept::Source},
    memory::recall::{self, Query},
    store::{Batch, Entry, Reader, Store},
};
use jiff::tz::TimeZone;
use std::{path::Path, sync::Arc};
use uuid::Uuid;

const START_MILLIS: u64 = 1_795_000_000_000;

fn entry(n: u64, entity: &str, text: &str) -> Entry {
    let id = Uuid::from_u64_pair(((START_MILLIS + n * 1_000) << 16) | 0x7000, (1 << 63) | n);
    let entity = EntityId::new(entity).unwrap();
    let percept = Percept {
        id,
        at: super::time_of(id),
        source: Arc::new(Source::own(entity.clone(), "test", "")),
        entity,
        kind: "state".into(),
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

fn write(store: &mut Store, entries: Vec<Entry>) {
    let at = entries.last().map_or(Timestamp::default(), |e| e.percept.at);
    store.write(&Batch { entries, at, ..Batch::default() }).unwrap();
}

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("index")
    }

    fn reader(&self) -> Reader {
        Reader::open(self.folder.path()).unwrap()
    }

    fn follower(&self) -> (Follower, Option<Doubt>) {
        Follower::open(&self.path(), &self.reader()).unwrap()
    }
}

fn texts(index: &Index, reader: &Reader, words: &str) -> Vec<String> {
    let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 3_600_000_000);
    let query = Query::parse(words, now, &TimeZone::UTC);
    let page = recall::find(index, reader, &query, now, 10, None).unwrap();
    page.records.into_iter().map(|r| r.record.record.text).collect()
}

fn all(follower: &mut Follower, reader: &Reader) {
    while follower.follow(reader).unwrap() > 0 {}
    follower.commit().unwrap();
}

#[test]
fn what_was_written_is_found_before_and_after_it_is_indexed() {
    let mut bench = Bench::new();
    write(&mut bench.store, vec![entry(1, "front_door", "front_door state locked"), entry(2, "kitchen", "kitchen temperature 21.5")]);
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, Some(Doubt::Missing));
    let reader = bench.reader();
    follower.rebuild(&reader, |_| {}).unwrap();
    write(&mut bench.store, vec![entry(3, "front_door", "front_door state unlocked by anna")]);
    for indexed in [false, true] {
        if indexed {
            all(&mut follower, &reader);
        }
        let index = follower.index();
        assert_eq!(texts(index, &reader, "front door unlocked")[0], "front_door state unlocked by anna", "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "temperatures"), ["kitchen temperature 21.5"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "\"unlocked by anna\""), ["front_door state unlocked by anna"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "state -anna"), ["front_door state locked"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "entity:kitchen"), ["kitchen temperature 21.5"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "")[0], "front_door state unlocked by anna", "the newest first; indexed: {indexed}");
        assert_eq!(texts(index, &reader, "nothing of the kind"), [""; 0], "indexed: {indexed}");
    }
    let index = Index::open(&bench.path()).unwrap();
    assert_eq!(index.records(), 3);
}

#[test]
fn an_index_goes_on_where_it_was_and_is_made_anew_on_doubt() {
    let mut bench = Bench::new();
    write(&mut bench.store, (1..=50).map(|n| entry(n, "lamp", &format!("lamp number {n}"))).collect());
    let (mut follower, _) = bench.follower();
    follower.rebuild(&bench.reader(), |_| {}).unwrap();
    follower.close().unwrap();
    write(&mut bench.store, vec![entry(51, "lamp", "lamp number 51")]);
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, None);
    all(&mut follower, &bench.reader());
    assert_eq!(follower.index().records(), 51);
    follower.close().unwrap();
    // Another house's index, or a store that was set back.
    let other = Bench::new();
    copy(&bench.path(), &other.path());
    assert!(matches!(other.follower().1, Some(Doubt::Ahead { .. })));
    // A file that was cut, and one that is no index.
    std::fs::write(bench.path().join("meta.json"), b"{").unwrap();
    let (mut follower, doubt) = bench.follower();
    assert!(matches!(doubt, Some(Doubt::Unreadable(_))), "{doubt:?}");
    assert_eq!(follower.rebuild(&bench.reader(), |_| {}).unwrap(), 51);
    assert_eq!(texts(follower.index(), &bench.reader(), "51"), ["lamp number 51"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn pages_have_no_gaps_and_no_doubles() {
    let mut bench = Bench::new();
    write(&mut bench.store, (1..=57).map(|n| entry(n, "lamp", &format!("lamp number {}", n % 7))).collect());
    let (mut follower, _) = bench.follower();
    let reader = bench.reader();
    follower.rebuild(&reader, |_| {}).unwrap();
    for words in ["lamp 3", ""] {
        let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 3_600_000_000);
        let query = Query::parse(words, now, &TimeZone::UTC);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            // Time goes on between two pages.
            let later = now.plus_seconds(i64::try_from(seen.len()).unwrap());
            let page = recall::find(follower.index(), &reader, &query, later, 10, cursor.as_deref()).unwrap();
            seen.extend(page.records.iter().map(|r| r.record.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut unique = seen.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (57, 57), "`{words}`");
    }
    let wrong = recall::find(follower.index(), &reader, &Query::default(), Timestamp::default(), 10, Some("nonsense"));
    assert!(wrong.unwrap_err().to_string().contains("no cursor"));
}

#[test]
fn what_is_left_out_may_be_several_words() {
    let mut bench = Bench::new();
    let texts = (1..60).map(|n| entry(n, "a", if n % 3 == 0 { "reading of dev_1 and dev_2" } else { "reading of dev_1 and lamp dev 9" }));
    write(&mut bench.store, texts.collect());
    let reader = Reader::open(bench.folder.path()).unwrap();
    let (mut follower, _) = Follower::open(&bench.path(), &reader).unwrap();
    follower.rebuild(&reader, |_| {}).unwrap();
    let query = Query::parse("reading -dev_2 -\"lamp dev\"", Timestamp::default(), &TimeZone::UTC);
    assert_eq!(follower.index().search(&query, 100).unwrap(), []);
    let query = Query::parse("dev_1 -dev_2", Timestamp::default(), &TimeZone::UTC);
    assert_eq!(follower.index().search(&query, 100).unwrap().len(), 40);
}
