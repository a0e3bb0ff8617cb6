//! The upkeep's thread beside a real store: a full disk and a clock that leaps cost nothing of what was said, and it goes on afterwards.
//!
//! Needs root: the full disk is a tmpfs of its own.

use super::*;
use crate::{
    domain::{Body, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Tier, percept::Source},
    store::{Batch, Entry, Writer},
};
use std::{fs::File, io::Write, process::Command, sync::atomic::AtomicUsize};
use tempfile::TempDir;
use uuid::Uuid;

const START: i64 = 1_795_000_000;
const HOUR: i64 = 3_600;
const PATIENCE: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(START + seconds)
}

/// What a lamp told at that second; by default it is due two days later.
fn entry(seconds: i64) -> Entry {
    let id = Uuid::from_u128(at(seconds).first_id().as_u128() | (7 << 76) | (2 << 62));
    let entity = EntityId::new("lamp").unwrap();
    let percept = Percept {
        id,
        at: at(seconds),
        source: Arc::new(Source::own(entity.clone(), "test", "")),
        entity,
        kind: "power".into(),
        topic: "in/lamp/power".into(),
        body: Body::Number(1.0),
        payload: b"1".to_vec(),
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
    let record = MemoryRecord { layer: Layer::Working, importance: 0.1, text: format!("lamp power {}", "very ".repeat(40)), about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

fn write(store: &mut Store, seconds: impl Iterator<Item = i64>) {
    let entries: Vec<Entry> = seconds.map(entry).collect();
    for some in entries.chunks(500) {
        store.write(&Batch { at: at(0), entries: some.to_vec(), ..Batch::default() }).unwrap();
    }
}

/// Records one by one, and those that the sums of each tier count.
fn kept(data: &Path) -> (u64, [u64; 3]) {
    let store = Reader::open(data).unwrap();
    let _moment = store.moment().unwrap();
    let lamp = EntityId::new("lamp").unwrap();
    let of = |tier| store.summaries(&lamp, "power", tier, at(-9_999_999)..at(9_999_999)).unwrap().iter().map(|sum| sum.records).sum();
    let one_by_one = store.figures().unwrap().layers.values().sum();
    (one_by_one, Tier::ALL.map(of))
}

/// A thread with a clock that the test sets; how often it was looked at.
struct Kept {
    upkeeper: Upkeeper,
    thread: Option<JoinHandle<()>>,
    keeper: Keeper,
    indexing: Option<JoinHandle<()>>,
    _writer: Writer,
    time: Arc<Mutex<(Timestamp, Duration)>>,
    looks: Arc<AtomicUsize>,
}

impl Kept {
    fn start(data: &Path, wall: Timestamp) -> Self {
        let store = Store::open(data).unwrap();
        let time = Arc::new(Mutex::new((wall, Duration::ZERO)));
        let looks = Arc::new(AtomicUsize::new(0));
        let (told, looked) = (Arc::clone(&time), Arc::clone(&looks));
        let clock: Time = Arc::new(move || {
            looked.fetch_add(1, Ordering::AcqRel);
            *told.lock().unwrap()
        });
        let (keeper, indexing) = index::keep(data, &Supervisor::alone()).unwrap();
        let writer = Writer::spawn(store, || {}).unwrap();
        let mut config = Config::default();
        config.store.data = data.to_owned();
        let (upkeeper, thread) = keep(&config, clock, writer.chores(), keeper.clone(), &Supervisor::alone()).unwrap();
        Self { upkeeper, thread: Some(thread), keeper, indexing: Some(indexing), _writer: writer, time, looks }
    }

    /// Sets wall and steady clock on by so much, and waits until the thread has looked at them.
    #[track_caller]
    fn passes(&self, wall_seconds: i64, seconds: u64) {
        {
            let mut time = self.time.lock().unwrap();
            *time = (time.0.plus_seconds(wall_seconds), time.1 + Duration::from_secs(seconds));
        }
        let before = self.looks.load(Ordering::Acquire);
        // Twice: the first of them may have begun before.
        wait_until(|| {
            self.upkeeper.thread.unpark();
            self.looks.load(Ordering::Acquire) >= before + 4
        });
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.upkeeper.stop();
        self.keeper.stop();
        for thread in [self.thread.take(), self.indexing.take()].into_iter().flatten() {
            let _ = thread.join();
        }
    }
}

#[track_caller]
fn wait_until(mut condition: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "it did not come to that");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_clock_that_leaps_lets_nothing_go_and_what_is_due_goes_when_it_is_right_again() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    let mut store = Store::open(data).unwrap();
    write(&mut store, 0..300);
    // Somebody spoke a minute ago, so that this is no start after a long time.
    write(&mut store, std::iter::once(49 * HOUR - 60));
    drop(store);
    let house = Kept::start(data, at(49 * HOUR));
    house.passes(0, 0);
    house.passes(300, 300);
    assert_eq!(kept(data), (301, [0; 3]), "after a start it waits");
    house.passes(300, 301);
    wait_until(|| kept(data).0 == 1);
    let summed = [300; 3];
    assert_eq!(kept(data), (1, summed));
    // Twenty years ahead: by that clock all sums are long due.
    house.passes(20 * 365 * 24 * HOUR, 60);
    house.passes(60, 60);
    house.passes(3_000, 3_000);
    assert_eq!(kept(data), (1, summed), "who leaps is watched first");
    // And back again.
    house.passes(-20 * 365 * 24 * HOUR, 60);
    house.passes(3_000, 3_000);
    assert_eq!(kept(data), (1, summed), "that is a leap too");
    // What came meanwhile is summed up when the clock has been right for an hour.
    house.passes(48 * HOUR, 48 * 3_600);
    wait_until(|| kept(data) == (0, [301; 3]));
    assert!(crate::memory::verify::sums(&Reader::open(data).unwrap()).unwrap().is_whole());
}

/// A small disk of its own; unmounted at the end, however that comes.
struct Disk(TempDir);

impl Disk {
    fn mounted(size: &str) -> Self {
        let folder = TempDir::with_prefix("jamey-upkeep-").unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path()).output().unwrap();
        assert!(done.status.success(), "this test must mount a tmpfs, so it must run as root: {}", String::from_utf8_lossy(&done.stderr));
        Self(folder)
    }

    /// Fills it to the last byte.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        for size in [65_536, 4_096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn on_a_full_disk_nothing_is_summed_up_by_halves_and_it_goes_on_when_there_is_room() {
    const SAID: u64 = 6_000;
    let disk = Disk::mounted("32m");
    let data = disk.0.path().join("data");
    let mut store = Store::open(&data).unwrap();
    write(&mut store, 0..i64::try_from(SAID).unwrap());
    drop(store);
    let house = Kept::start(&data, at(72 * HOUR));
    wait_until(|| house.keeper.figures().records == SAID);
    let filler = disk.fill();
    let mut failed = 0;
    for _ in 0..3 {
        let told = house.upkeeper.round();
        failed += u64::from(told.is_err());
        let (one_by_one, summed) = kept(&data);
        assert_eq!(summed.map(|sums| sums + one_by_one), [SAID; 3], "{told:?}: each is there once, one by one or in a sum");
        disk.fill();
    }
    assert!(failed > 0, "the disk was not full");
    assert!(kept(&data).0 > 0);
    std::fs::remove_file(filler).unwrap();
    wait_until(|| house.upkeeper.round().is_ok());
    assert_eq!(kept(&data), (0, [SAID; 3]));
    assert!(crate::memory::verify::sums(&Reader::open(&data).unwrap()).unwrap().is_whole());
}
