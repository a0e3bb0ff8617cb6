//! What remembering costs: `cargo bench --bench memory`. A house's records (`JAMEY_RECORDS`, a million unless told otherwise) are written,
//! indexed and asked for, on real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "nanoseconds and percentiles, by the clock by which the kernel tells when something came"
)]

use jamey::{
    domain::{Body, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Timestamp, percept::Source},
    memory::{
        index::{Follower, Index, time_of},
        recall::{self, Query},
    },
    store::{Batch, Entry, Reader, Store},
};
use jiff::tz::TimeZone;
use nix::{
    cmsg_space,
    sys::{
        resource::{UsageWho, getrusage},
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns},
        time::{TimeSpec, TimeValLike},
    },
};
use std::{
    fs::File,
    io::{BufRead, BufReader, IoSliceMut, Read, Write},
    net::TcpStream,
    os::{fd::AsRawFd, unix::fs::FileExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

const START_MILLIS: u64 = 1_790_000_000_000;
const ROOMS: [&str; 12] =
    ["kitchen", "bathroom", "cellar", "attic", "garage", "hall", "bedroom", "nursery", "office", "garden", "living_room", "laundry"];
const THINGS: [(&str, &str); 10] = [
    ("temperature", "temperature"),
    ("humidity", "humidity"),
    ("door", "contact"),
    ("window", "contact"),
    ("motion", "occupancy"),
    ("lamp", "state"),
    ("plug", "power"),
    ("smoke", "smoke"),
    ("leak", "water_leak"),
    ("valve", "position"),
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn entry(n: u64, dice: &mut Dice) -> Entry {
    let (room, (thing, kind)) = (ROOMS[dice.below(12) as usize], THINGS[dice.below(10) as usize]);
    let entity = EntityId::new(&format!("{room}_{thing}")).unwrap();
    let value = match kind {
        "temperature" | "humidity" | "power" | "position" => format!("{}.{}", 10 + dice.below(60), dice.below(10)),
        "state" => ["on", "off"][dice.below(2) as usize].to_owned(),
        _ => ["true", "false"][dice.below(2) as usize].to_owned(),
    };
    let id = Uuid::from_u64_pair(((START_MILLIS + n * 500) << 16) | 0x7000 | dice.below(4096), (1 << 63) | (dice.below(1 << 62)));
    let percept = Percept {
        id,
        at: time_of(id),
        source: Arc::new(Source::own(entity.clone(), "zigbee2mqtt", "device")),
        topic: format!("zigbee2mqtt/{entity}"),
        kind: kind.into(),
        body: Body::Empty,
        payload: value.clone().into_bytes(),
        qos: 1,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
        entity,
    };
    let text = format!("{} {kind} {value}", percept.entity);
    let record = MemoryRecord { layer: Layer::ShortTerm, importance: dice.below(100) as f64 / 100.0, text, about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

fn bytes(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().metadata().unwrap()).map(|m| if m.is_file() { m.len() } else { 0 }).sum()
}

/// What this thread has had of the processor, in nanoseconds: where others are at work too, it tells more than the clock.
fn on_processor() -> u64 {
    let used = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    (used.user_time() + used.system_time()).num_microseconds() as u64 * 1_000
}

/// How long this thread has waited for a core, in nanoseconds.
fn waited() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Memory of a process in MiB: its own, and of files that are mapped, which the kernel takes back when it likes.
fn resident(process: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mib = |name: &str| {
        let kib = status.lines().find_map(|l| l.strip_prefix(name)).and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1024.0
    };
    format!("{:.0} MiB (its own {:.0}, of files {:.0})", mib("VmRSS:"), mib("RssAnon:"), mib("RssFile:"))
}

/// The most that it ever was.
fn most(process: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    format!("{:.0} MiB", kib.unwrap_or(0.0) / 1024.0)
}

/// This disk without Jamey: 4 KiB in a file that does not grow, and on the disk.
struct Disk {
    file: File,
    block: u64,
}

impl Disk {
    const BLOCKS: u64 = 1_024;

    fn of(folder: &Path) -> Self {
        let file = File::create(folder.join("disk_alone")).unwrap();
        file.write_all_at(&vec![1; 4_096 * Self::BLOCKS as usize], 0).unwrap();
        file.sync_all().unwrap();
        Self { file, block: 0 }
    }

    /// How long it takes, in nanoseconds, without what whoever measures waits for a core.
    fn sync(&mut self) -> u64 {
        self.block += 1;
        let (from, waited) = (Instant::now(), waited());
        self.file.write_all_at(&[2; 4_096], self.block % Self::BLOCKS * 4_096).unwrap();
        self.file.sync_data().unwrap();
        (from.elapsed().as_nanos() as u64).saturating_sub(self::waited() - waited)
    }
}

/// A running house, and a connection to it.
struct Running {
    child: Child,
    stream: TcpStream,
}

fn jamey(folder: &Path, words: &[&str]) -> Command {
    let config = folder.join("jamey.toml");
    std::fs::write(&config, "[[guard]]\ntopic = \"bench/+/set\"\nclass = \"light\"\nreads = \"attributes\"\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.args(words).arg("--data").arg(folder).arg("--config").arg(config).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut command = jamey(folder, &["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--guard", "observe"]);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.split(' ').find_map(|word| word.strip_prefix("mqtt=")).unwrap_or_else(|| panic!("it is not ready: {line}"));
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        // CONNECT of MQTT 3.1.1 as `b`.
        stream.write_all(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01b").unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!((answer[0], answer[3]), (0x20, 0), "it was welcomed");
        setsockopt(&stream, ReceiveTimestampns, &true).unwrap();
        Self { child, stream }
    }

    /// A command at QoS 1, until it is acknowledged: its verdict is stored then. In nanoseconds how long that took, by the kernel's clock of when
    /// the acknowledgement came: for how long whoever measures waits for a core after that is not Jamey's.
    fn command(&mut self) -> u64 {
        let since = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let sent = since(SystemTime::now());
        self.stream.write_all(b"\x32\x1d\0\x0bbench/1/set\0\x01{\"state\":\"ON\"}").unwrap();
        let (mut answer, mut space) = ([0; 4], cmsg_space!(TimeSpec));
        let mut parts = [IoSliceMut::new(&mut answer)];
        let told = recvmsg::<()>(self.stream.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_WAITALL).unwrap();
        let came = told.cmsgs().unwrap().find_map(|said| match said {
            ControlMessageOwned::ScmTimestampns(at) => Some(at.num_nanoseconds() as u64),
            _ => None,
        });
        assert_eq!(answer[0], 0x40, "it was acknowledged");
        // It begins to tell a little after it was asked to.
        came.unwrap_or_else(|| since(SystemTime::now())).saturating_sub(sent)
    }

    /// A command every five milliseconds, for so long; and in the middle between two what the disk alone does in that moment.
    fn commands(&mut self, name: &str, lasting: Duration, disk: &mut Disk) {
        const HALF: Duration = Duration::from_micros(2_500);
        let (from, mut nanos, mut alone) = (Instant::now(), Vec::new(), Vec::new());
        while from.elapsed() < lasting {
            nanos.push(self.command());
            std::thread::sleep(HALF);
            alone.push(disk.sync());
            std::thread::sleep(HALF);
        }
        let more = over(&nanos) - over(&alone);
        pause(name, nanos);
        pause("   4 KiB and a sync without Jamey", alone);
        println!("   so many more of Jamey's: {more:+.3} %");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// From the start of a process on this folder to the first acknowledged command, in ms.
fn first_verdict(folder: &Path) -> f64 {
    let from = Instant::now();
    let mut house = Running::start(folder);
    house.command();
    let millis = from.elapsed().as_secs_f64() * 1e3;
    house.kill();
    millis
}

/// What a command waits, at rest and while memory is looked after and searched: each wait has a sync of this disk in it.
fn pauses(folder: &Path) {
    const LASTING: Duration = Duration::from_secs(20);
    let (mut house, mut disk) = (Running::start(folder), Disk::of(folder));
    house.commands("a command, at rest", LASTING, &mut disk);
    println!("the house: resident {}", resident(&house.child.id().to_string()));
    let mut optimise = jamey(folder, &["memory", "optimise"]).spawn().unwrap();
    house.commands("a command, while what is due goes", LASTING, &mut disk);
    let over = optimise.try_wait().unwrap().is_some();
    println!("{}", if over { "(that was over before)" } else { "(that was not over then)" });
    optimise.kill().unwrap();
    optimise.wait().unwrap();
    let mut rebuild = jamey(folder, &["memory", "rebuild"]).spawn().unwrap();
    house.commands("a command, while the index is made", LASTING / 4, &mut disk);
    rebuild.kill().unwrap();
    rebuild.wait().unwrap();
    println!("the house then: resident {}, {} at most", resident(&house.child.id().to_string()), most(&house.child.id().to_string()));
    house.kill();
}

fn percentiles(name: &str, mut nanos: Vec<u64>) {
    nanos.sort_unstable();
    let at = |p: f64| nanos[((nanos.len() - 1) as f64 * p) as usize] as f64 / 1e6;
    println!("{name:<34} p50 {:.3} ms   p95 {:.3} ms   p99 {:.3} ms   max {:.3} ms", at(0.5), at(0.95), at(0.99), at(1.0));
}

/// How many in a hundred took longer than 5 ms.
fn over(nanos: &[u64]) -> f64 {
    nanos.iter().filter(|nanos| **nanos > 5_000_000).count() as f64 * 100.0 / nanos.len() as f64
}

/// What the host itself does now and then is in it also at rest.
fn pause(name: &str, nanos: Vec<u64>) {
    println!("{name:<34} longer than 5 ms: {:.3} % of {}", over(&nanos), nanos.len());
    percentiles("", nanos);
}

fn main() {
    let records: u64 = std::env::var("JAMEY_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(11);
    let mut store = Store::open(folder.path()).unwrap();
    let from = Instant::now();
    for start in (0..records).step_by(2_000) {
        let entries: Vec<Entry> = (start..(start + 2_000).min(records)).map(|n| entry(n, &mut dice)).collect();
        store.write(&Batch { at: entries.last().unwrap().percept.at, entries, ..Batch::default() }).unwrap();
    }
    println!(
        "{records} records written in {:.1} s, {:.0} MiB of database",
        from.elapsed().as_secs_f64(),
        bytes(folder.path()) as f64 / 1_048_576.0
    );

    let path = folder.path().join("index");
    let reader = Reader::open(folder.path()).unwrap();
    let before = resident("self");
    let (mut follower, _) = Follower::open(&path, &reader).unwrap();
    let from = Instant::now();
    follower.rebuild(&reader, |_| {}).unwrap();
    let seconds = from.elapsed().as_secs_f64();
    println!("indexed in {seconds:.1} s: {:.0} records/s; resident {before} → {}", records as f64 / seconds, resident("self"));
    follower.close().unwrap();
    println!("the index has {:.1} bytes a record", bytes(&path) as f64 / records as f64);

    let from = Instant::now();
    let (mut follower, doubt) = Follower::open(&path, &reader).unwrap();
    println!("opened again in {:.1} ms ({doubt:?})", from.elapsed().as_secs_f64() * 1e3);
    let index = Index::open(&path).unwrap();
    let now = Timestamp::from_micros(((START_MILLIS + records * 500) * 1_000) as i64);
    let ask = |words: &str| {
        let from = Instant::now();
        let page = recall::find(&index, &reader, &Query::parse(words, now, &TimeZone::UTC), now, 10, None).unwrap();
        (from.elapsed().as_nanos() as u64, page.records.len())
    };
    let mut run = |name: &str, words: &dyn Fn(&mut Dice) -> String| {
        let (mut nanos, mut worked) = (Vec::new(), Vec::new());
        for _ in 0..2_000 {
            let words = words(&mut dice);
            let before = on_processor();
            nanos.push(ask(&words).0);
            worked.push(on_processor() - before);
        }
        percentiles(name, nanos);
        percentiles("   on the processor", worked);
    };
    let room = |d: &mut Dice| ROOMS[d.below(12) as usize].replace('_', " ");
    let thing = |d: &mut Dice| THINGS[d.below(10) as usize].0;
    run("two words", &|d| format!("{} {}", room(d), thing(d)));
    run("words and a value", &|d| format!("{} temperature {}.5", room(d), 10 + d.below(60)));
    run("entity and a day", &|d| format!("entity:kitchen_{} yesterday", thing(d)));
    run("a sentence", &|d| format!("who was in the {} when the {} was open", room(d), thing(d)));
    run("words, one excluded, important", &|d| format!("{} -temperature importance:0.9", room(d)));
    run("a phrase", &|d| format!("\"{} {}\"", room(d), thing(d)));
    run("the newest", &|_| String::new());
    println!("resident {}", resident("self"));

    // What is written while it runs is found before it is indexed.
    let mut nanos = Vec::new();
    for n in 0..200 {
        let mut one = entry(records + n, &mut dice);
        one.outcome.record.as_mut().unwrap().text = format!("brand_new marker{n}");
        let from = Instant::now();
        store.write(&Batch { at: one.percept.at, entries: vec![one], ..Batch::default() }).unwrap();
        assert_eq!(ask(&format!("marker{n}")).1, 1);
        nanos.push(from.elapsed().as_nanos() as u64);
        follower.follow(&reader).unwrap();
    }
    percentiles("written, committed and recalled", nanos);

    follower.commit().unwrap();
    follower.close().unwrap();
    drop((index, reader, store));
    let starts: Vec<String> = (0..5).map(|_| format!("{:.0}", first_verdict(folder.path()))).collect();
    println!("from the start of a process to its first verdict: {} ms", starts.join(", "));
    pauses(folder.path());
}
