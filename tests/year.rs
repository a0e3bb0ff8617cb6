//! Promise: a year of a house takes a twentieth of the room that it took as it was said, and nothing that mattered is missing: every anomaly
//! and every refused request is still there, and what became sums is summed up as if from all that was said.
//!
//! A seeded year of 60 devices is lived through mind, store and upkeep, each day kept in order as the upkeep's thread does. So that it takes
//! a minute, a device is heard one day in 180, every minute then: four devices on each twelfth day, and 180,000 records in all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes and percentiles")]

mod alive;
use alive::{Alive, percept};
use jamey::{
    domain::{Decision, EntityId, Input, Origin, Percept, Purpose, Request, Source, Tier, Timestamp, Verb},
    memory::upkeep::{Plan, Upkeep},
    store::{Batch, Chore, Entry, Reader, Store},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

const DEVICES: i64 = 60;
const DAYS: i64 = 365;
/// A device is heard one day in so many, each so many seconds.
const HEARD_EVERY: i64 = 180;
const APART: i64 = 60;
const DAY: i64 = 86_400;
/// Days without upkeep, from which it is known what a record takes as it is said.
const RAW_DAYS: i64 = 20;
/// Days between two requests.
const ASKED: i64 = 5;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What was said in an hour or on a day, added up the plain way.
#[derive(Default)]
struct Naive {
    values: Vec<f64>,
    words: BTreeMap<String, u32>,
}

struct House {
    alive: Alive,
    store: Store,
    folder: tempfile::TempDir,
    upkeep: Upkeep,
    plan: Plan,
    sources: BTreeMap<String, Arc<Source>>,
    ids: u128,
    waiting: Vec<Entry>,
    naive: BTreeMap<(Tier, Timestamp, EntityId), Naive>,
    odd: BTreeSet<Uuid>,
    refused: BTreeSet<Uuid>,
    kept_whole: u64,
    records: u64,
    took: Vec<Duration>,
}

impl House {
    fn new(start: Timestamp) -> Self {
        let mut config = "timezone = \"Europe/Berlin\"\n".to_owned();
        for n in 0..DEVICES {
            let _ = writeln!(config, "[[entity]]\nid = \"device_{n}\"\nwatched = false");
        }
        config.push_str("[[device]]\nid = \"front_door\"\nclass = \"lock\"\n");
        let alive = Alive::new(&config, start);
        let plan = Plan { keeping: alive.config.memory, retentions: vec![], zone: alive.config.zone() };
        let folder = tempfile::tempdir().unwrap();
        Self {
            alive,
            store: Store::open(folder.path()).unwrap(),
            folder,
            upkeep: Upkeep::new(plan.clone()),
            plan,
            sources: BTreeMap::new(),
            ids: 0,
            waiting: vec![],
            naive: BTreeMap::new(),
            odd: BTreeSet::new(),
            refused: BTreeSet::new(),
            kept_whole: 0,
            records: 0,
            took: vec![],
        }
    }

    fn hear(&mut self, at: Timestamp, name: &str, kind: &str, payload: String, purpose: Purpose) -> Entry {
        self.ids += 1;
        let id = Uuid::from_u128(at.first_id().as_u128() | (7 << 76) | (2 << 62) | self.ids);
        let source = self.sources.entry(name.to_owned()).or_insert_with(|| alive::Who::client(name).0);
        let retained = matches!(purpose, Purpose::Requests { .. });
        let topic = format!("jamey/in/{name}/{kind}");
        let told = percept(name, &topic, payload.as_bytes());
        let percept = Percept { id, at, source: Arc::clone(source), kind: kind.into(), purpose, retained, ..told };
        self.alive.now = at;
        let outcome = self.alive.mind.step(&Input::Percept(Box::new(percept.clone())));
        let lets_on = outcome.decision().is_none_or(|decision| decision == Decision::Allow);
        Entry { percept: Box::new(percept), outcome, lets_on, again: false }
    }

    fn tell(&mut self, at: Timestamp, device: i64, chance: &mut Chance, is_odd: bool) {
        let name = format!("device_{device}");
        let noise = chance.unit() + chance.unit() + chance.unit() - 1.5;
        let value = if is_odd { 95.0 } else { ((20.0 + (device % 7) as f64 + noise) * 100.0).round() / 100.0 };
        let word = if chance.unit() < 0.5 { "heat" } else { "idle" };
        let payload = format!("{{\"temperature\":{value},\"mode\":\"{word}\"}}");
        let entry = self.hear(at, &name, "state", payload, Purpose::Observation);
        if is_odd {
            self.odd.insert(entry.percept.id);
        }
        let layer = entry.outcome.record.as_ref().unwrap().layer;
        if layer == jamey::domain::Layer::LongTerm {
            self.kept_whole += 1;
        } else {
            for tier in [Tier::Hour, Tier::Day] {
                let naive = self.naive.entry((tier, tier.span(at, &self.plan.zone).0, EntityId::new(&name).unwrap())).or_default();
                naive.values.push(value);
                *naive.words.entry(word.to_owned()).or_default() += 1;
            }
        }
        self.records += 1;
        self.waiting.push(entry);
    }

    /// A retained command to the lock, which nobody may give.
    fn ask(&mut self, at: Timestamp) {
        let target = EntityId::new("front_door").unwrap();
        let request = Request { target, endpoint: None, verb: Verb("unlock".into()), value: None, args: serde_json::Map::new(), id: None };
        let purpose = Purpose::Requests { origin: Origin::Act, requests: vec![request] };
        let entry = self.hear(at, "tablet", "request", "{}".into(), purpose);
        assert_ne!(entry.outcome.decision(), Some(Decision::Allow));
        self.refused.insert(entry.percept.id);
        self.waiting.push(entry);
    }

    fn write(&mut self, at: Timestamp) {
        let batch = Batch { entries: std::mem::take(&mut self.waiting), changes: self.alive.mind.take_changes(), journal: vec![], at };
        self.store.write(&batch).unwrap();
    }

    fn keep(&mut self, now: Timestamp) {
        let reader = Reader::open(self.folder.path()).unwrap();
        while let Some(chore) = self.upkeep.next(&reader, now).unwrap() {
            let done = self.store.chore(&chore).unwrap();
            self.took.push(done.took);
            self.upkeep.done(&chore, done);
        }
        if let Some((_, last)) = reader.change_log().unwrap() {
            self.store.chore(&Chore::Followed { to: last }).unwrap();
        }
    }

    fn bytes(&self) -> u64 {
        let pages = Reader::open(self.folder.path()).unwrap().pages().unwrap();
        pages.all * pages.bytes
    }
}

#[test]
fn a_year_takes_a_twentieth_and_nothing_that_mattered_is_missing() {
    let seed = std::env::var("JAMEY_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut chance = Chance(seed);
    let start = Timestamp::read("2026-01-05T00:00:00+01:00").unwrap();
    let mut house = House::new(start);
    let empty = house.bytes();
    let mut raw_bytes = 0.0;
    for day in 0..DAYS {
        let midnight = start.plus_seconds(day * DAY);
        for second in (0..DAY).step_by(usize::try_from(APART).unwrap()) {
            let at = midnight.plus_seconds(second);
            for device in (0..DEVICES).filter(|device| day % HEARD_EVERY == device / 4 * 12) {
                // Once it is known what is usual.
                let is_odd = second == DAY / 4 * 3;
                house.tell(at.plus_seconds(device % 60), device, &mut chance, is_odd);
            }
            if day % ASKED == 0 && second == DAY / 3 {
                house.ask(at.plus_seconds(APART - 1));
            }
            if second % (6 * 3_600) == 0 {
                house.alive.pass(1);
                house.write(at);
            }
        }
        let now = midnight.plus_seconds(DAY);
        house.write(now);
        if day == RAW_DAYS {
            raw_bytes = (house.bytes() - empty) as f64 / house.records as f64;
        }
        if day > RAW_DAYS {
            house.keep(now);
        }
    }
    let House { store, folder, plan, naive, odd, refused, kept_whole, records, mut took, .. } = house;
    drop(store);
    drop(Store::open(folder.path()).unwrap());
    let file = folder.path().join("jamey.db");
    let raw = rusqlite::Connection::open(&file).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(raw);

    let reader = Reader::open(folder.path()).unwrap();
    let (pages, figures) = (reader.pages().unwrap(), reader.figures().unwrap());
    let size = std::fs::metadata(&file).unwrap().len();
    assert_eq!(size, pages.all * pages.bytes);
    assert!(pages.free <= 32.max(pages.all / 50), "{pages:?}");
    took.sort();
    let at = |part: usize| took[(took.len() - 1) * part / 1_000].as_secs_f64() * 1e3;
    let whole = raw_bytes * records as f64;
    println!(
        "JAMEY_SEED={seed}: {records} records of {raw_bytes:.0} bytes, {kept_whole} of them kept one by one; {:.1} MB as they were said, {:.2} MB after \
         the year: {:.2} % less. {figures:?}. {} chores: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        whole / 1e6,
        size as f64 / 1e6,
        100.0 * (1.0 - size as f64 / whole),
        took.len(),
        at(500),
        at(990),
        at(1_000),
    );
    assert!(odd.len() >= 120 && refused.len() == 73);
    for id in odd.iter().chain(&refused) {
        assert!(reader.record(*id).unwrap().is_some(), "{id} is gone");
    }
    let last = start.plus_seconds(DAYS * DAY);
    let (mut hours, mut days) = (0, 0);
    for ((tier, begins, entity), naive) in &naive {
        let fades = if *tier == Tier::Hour { plan.keeping.hourly_days } else { plan.keeping.daily_days };
        let (from, to) = (last.plus_seconds(-i64::from(fades) * DAY), last.plus_seconds(-32 * DAY));
        // What matters somewhat is not summed up yet.
        if !(from..to).contains(begins) {
            continue;
        }
        let found = reader.summaries(entity, "state", *tier, *begins..begins.plus_seconds(1)).unwrap();
        let [summary] = &found[..] else { panic!("{tier:?} {begins} {entity}: {found:?}") };
        let number = summary.values.paths["temperature"].number.unwrap();
        let n = naive.values.len() as f64;
        let mean = naive.values.iter().sum::<f64>() / n;
        let m2 = naive.values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        assert_eq!((summary.records as usize, number.n as usize), (naive.values.len(), naive.values.len()));
        assert!((number.mean - mean).abs() < 1e-9 && (number.m2 - m2).abs() < 1e-6, "{number:?} {mean} {m2}");
        assert_eq!((number.first.1, number.last.1), (naive.values[0], naive.values[naive.values.len() - 1]));
        assert_eq!(number.min, naive.values.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(number.max, naive.values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        assert_eq!(summary.values.paths["mode"].words.as_ref().unwrap().said, naive.words);
        if *tier == Tier::Hour { hours += 1 } else { days += 1 }
    }
    assert!(hours > 400 && days > 100, "{hours} hours and {days} days were compared");
    assert!((size as f64) < 0.05 * whole, "{size} bytes of {whole}");
}
