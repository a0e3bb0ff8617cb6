//! What a verdict on disk costs, beside mosquitto's plain forwarding, in one run on one host.
//!
//! `cargo build --release && cargo bench --bench end_to_end` (JAMEY_BIN names another binary). Both brokers get the same load from
//! the same generator in turn: clients with a window of 32, QoS 1, 150-byte JSON over 4,000 topics, one QoS 0 subscriber that
//! takes all. For Jamey, which observes, each message commands a guarded light: it is acknowledged and forwarded after its verdict
//! is stored. The row of each is counted afterwards. `JAMEY_BENCH_SECONDS` (4) is the length of one measurement;
//! `JAMEY_BENCH_ROUNDS` (3) how many there are, alternating, of which the medians are printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures for people")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/support/packet.rs"]
mod packet;

use packet::{Connect, Message, Packet, Pub, Version};
use rusqlite::{Connection, OpenFlags};
use std::{
    cell::{Cell, RefCell},
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream as Stream,
    task::LocalSet,
};

const WINDOW: usize = 32;
const PAYLOAD: usize = 150;
/// So many lights that none of them is commanded more often than a light may be.
const TOPICS: u64 = 4_000;
const WARM_UP: Duration = Duration::from_millis(500);
/// The kernel's USER_HZ, which is 100 on all its platforms that Jamey runs on.
const TICKS_PER_SECOND: f64 = 100.0;

const CONFIG: &str = r#"
[[guard]]
topic = "bench/+/set"
class = "light"
reads = "attributes"
"#;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Mosquitto,
    Jamey,
}

/// A broker that runs on a folder of its own, and dies with this value.
struct Broker {
    kind: Kind,
    child: Child,
    addr: SocketAddr,
    folder: TempDir,
    spawned: Instant,
}

impl Broker {
    fn start(kind: Kind) -> Self {
        let folder = TempDir::with_prefix_in("bench-", scratch()).unwrap();
        match kind {
            Kind::Mosquitto => {
                let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
                let config = format!(
                    "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 0\n\
                     max_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n"
                );
                fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
                let spawned = Instant::now();
                let child = Command::new("mosquitto").arg("-c").arg(folder.path().join("mosquitto.conf")).stderr(Stdio::null()).spawn();
                let child = child.expect("mosquitto must be installed, and be on the PATH: it is what Jamey is measured against");
                let addr = SocketAddr::from(([127, 0, 0, 1], port));
                while TcpStream::connect(addr).is_err() {
                    assert!(spawned.elapsed() < Duration::from_secs(10), "mosquitto does not listen");
                }
                Self { kind, child, addr, folder, spawned }
            }
            Kind::Jamey => {
                fs::write(folder.path().join("jamey.toml"), CONFIG).unwrap();
                let mut command = Command::new(binary());
                command.args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--guard", "observe", "--data"]);
                command.arg(folder.path().join("data")).arg("--config").arg(folder.path().join("jamey.toml"));
                let errors = fs::File::create(folder.path().join("stderr")).unwrap();
                let spawned = Instant::now();
                let mut child = command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                let addr = line.split(' ').find_map(|w| w.strip_prefix("mqtt=")).and_then(|a| a.parse().ok());
                let said = || fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
                let addr = addr.unwrap_or_else(|| panic!("`{}` is not `ready mqtt=ADDR http=ADDR`:\n{}", line.trim(), said()));
                Self { kind, child, addr, folder, spawned }
            }
        }
    }

    /// User and system seconds spent so far.
    fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS_PER_SECOND
    }

    /// A line of /proc/PID/status in MiB.
    fn mib(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Verdict rows by decision.
    fn verdicts(&self) -> Vec<(String, u64)> {
        let path = self.folder.path().join("data/jamey.db");
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.busy_timeout(Duration::from_secs(10)).unwrap();
        let mut rows = db.prepare("select decision, count(*) from verdicts group by decision").unwrap();
        rows.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)? as u64))).unwrap().map(Result::unwrap).collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where data folders and the disk's own figure are: beside the build, which is on a disk where /tmp may be memory.
fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn binary() -> PathBuf {
    let path = std::env::var_os("JAMEY_BIN").map_or_else(|| scratch().with_file_name("release").join("jamey"), PathBuf::from);
    assert!(path.exists(), "{} is not there: cargo build --release, or set JAMEY_BIN", path.display());
    path
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{v}`")))
}

// ---- The load: one thread, so that it takes little from the two cores it shares with the broker. ----

/// What the subscriber and the clients count together.
#[derive(Default)]
struct Tally {
    acknowledged: Cell<u64>,
    forwarded: Cell<u64>,
    sent: Cell<u64>,
    over: Cell<bool>,
    /// Publish to PUBACK in µs, where it is asked for.
    latencies: RefCell<Vec<u32>>,
}

/// One PUBLISH of number `n`, of the size and kind that all have.
fn message(n: u64, id: u16) -> Vec<u8> {
    let head = format!(r#"{{"state":"ON","transition":1,"id":"bench-{n:012}-"#);
    let payload = format!("{head}{}\"}}", "x".repeat(PAYLOAD - head.len() - 2));
    let topic = format!("bench/{}/set", n.wrapping_mul(2_654_435_761) % TOPICS);
    let message = Message { id, ..Message::new(&topic, payload).qos(1) };
    packet::publish(Version::V311, &message)
}

async fn welcomed(addr: SocketAddr, id: &str) -> Stream {
    let mut stream = Stream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&packet::connect(Version::V311, &Connect { id: id.into(), clean: true, ..Default::default() })).await.unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await.unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0], "CONNACK");
    stream
}

/// Takes all messages and counts them.
async fn subscriber(mut stream: Stream, tally: Rc<Tally>) {
    let (mut buffer, mut held) = (vec![0; 1 << 18], 0);
    loop {
        let Ok(read) = stream.read(&mut buffer[held..]).await else { return };
        if read == 0 {
            return;
        }
        held += read;
        let mut at = 0;
        // The remaining length of these packets takes two bytes; other packets are short ones.
        while let Some(head) = buffer.get(at..at + 3).filter(|_| at + 3 <= held) {
            let length = if head[1] & 0x80 == 0 {
                2 + usize::from(head[1])
            } else {
                assert!(head[2] & 0x80 == 0, "a longer packet than was sent");
                3 + (usize::from(head[1] & 0x7f) | usize::from(head[2]) << 7)
            };
            if at + length > held {
                break;
            }
            if head[0] >> 4 == 3 {
                tally.forwarded.set(tally.forwarded.get() + 1);
            }
            at += length;
        }
        buffer.copy_within(at..held, 0);
        held -= at;
    }
}

/// Keeps a window of messages in flight until time is over.
async fn client(mut stream: Stream, tally: Rc<Tally>) {
    let (mut id, mut flying) = (0_u16, 0);
    let (mut acks, mut held, mut out) = ([0_u8; 4_096], 0, vec![]);
    while !tally.over.get() || flying > 0 {
        out.clear();
        while flying < WINDOW && !tally.over.get() {
            id = id % 65_535 + 1;
            let n = tally.sent.replace(tally.sent.get() + 1);
            out.extend(message(n, id));
            flying += 1;
        }
        if !out.is_empty() {
            stream.write_all(&out).await.unwrap();
        }
        let read = stream.read(&mut acks[held..]).await.unwrap();
        assert!(read > 0, "the broker closed the connection");
        held += read;
        let whole = held / 4;
        assert!(acks[..whole * 4].chunks(4).all(|ack| ack[..2] == [0x40, 2]), "only PUBACKs come");
        acks.copy_within(whole * 4..held, 0);
        held -= whole * 4;
        flying -= whole;
        tally.acknowledged.set(tally.acknowledged.get() + whole as u64);
    }
}

struct Load {
    rate: f64,
    forwarded_rate: f64,
    cpu_seconds_per_100k: f64,
}

/// Loads a broker with `clients` for `seconds`.
fn load(broker: &Broker, clients: usize, seconds: Duration, from: &Cell<u64>) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let tally = Rc::new(Tally::default());
        tally.sent.set(from.get());
        let mut all = welcomed(broker.addr, "bench-subscriber").await;
        all.write_all(&packet::subscribe(Version::V311, 1, &[("bench/+/set", 0)])).await.unwrap();
        tokio::task::spawn_local(subscriber(all, Rc::clone(&tally)));
        let mut tasks = vec![];
        for n in 0..clients {
            let stream = welcomed(broker.addr, &format!("bench-client-{n}")).await;
            tasks.push(tokio::task::spawn_local(client(stream, Rc::clone(&tally))));
        }
        tokio::time::sleep(WARM_UP).await;
        let (begun, acked, forwarded, cpu) = (Instant::now(), tally.acknowledged.get(), tally.forwarded.get(), broker.cpu_seconds());
        tokio::time::sleep(seconds).await;
        let took = begun.elapsed().as_secs_f64();
        let acked = (tally.acknowledged.get() - acked) as f64;
        let forwarded_rate = (tally.forwarded.get() - forwarded) as f64 / took;
        let cpu_seconds_per_100k = (broker.cpu_seconds() - cpu) / acked * 100_000.0;
        tally.over.set(true);
        for task in tasks {
            task.await.unwrap();
        }
        from.set(tally.sent.get());
        Load { rate: acked / took, forwarded_rate, cpu_seconds_per_100k }
    })
}

/// Publish to PUBACK, in µs sorted, at 1,000 messages a second from one client.
fn latency(broker: &Broker, seconds: Duration, from: &Cell<u64>) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let tally = Rc::new(Tally::default());
        let mut all = welcomed(broker.addr, "bench-subscriber").await;
        all.write_all(&packet::subscribe(Version::V311, 1, &[("bench/+/set", 0)])).await.unwrap();
        tokio::task::spawn_local(subscriber(all, Rc::clone(&tally)));
        let (mut acks, mut out) = welcomed(broker.addr, "bench-pacer").await.into_split();
        let due: Rc<RefCell<Vec<Instant>>> = Rc::default();
        let (asked, heard) = (Rc::clone(&due), Rc::clone(&tally));
        let reader = tokio::task::spawn_local(async move {
            let mut ack = [0; 4];
            while acks.read_exact(&mut ack).await.is_ok() {
                let n = usize::from(u16::from_be_bytes([ack[2], ack[3]])) - 1;
                let waited = asked.borrow()[n].elapsed();
                heard.latencies.borrow_mut().push(waited.as_micros() as u32);
            }
        });
        let count = u16::try_from(seconds.as_millis().min(60_000)).unwrap();
        let mut beat = tokio::time::interval(Duration::from_millis(1));
        for id in 1..=count {
            beat.tick().await;
            let n = from.replace(from.get() + 1);
            let bytes = message(n, id);
            due.borrow_mut().push(Instant::now());
            out.write_all(&bytes).await.unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while tally.latencies.borrow().len() < usize::from(count) {
            assert!(Instant::now() < deadline, "not all were acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        reader.abort();
        let mut all = tally.latencies.take();
        all.sort_unstable();
        all
    })
}

/// From the start of the process on an empty folder to the first acknowledged command.
fn start_to_first_verdict(kind: Kind) -> f64 {
    let broker = Broker::start(kind);
    let mut stream = TcpStream::connect(broker.addr).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&packet::connect(Version::V311, &Connect { id: "first".into(), clean: true, ..Default::default() })).unwrap();
    stream.write_all(&message(0, 1)).unwrap();
    let (mut buffer, mut chunk) = (vec![], [0; 256]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => panic!("the connection was closed before the first verdict"),
            Ok(n) => buffer.extend(&chunk[..n]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => panic!("{e}"),
        }
        while let Some((packet, length)) = packet::decode(&buffer, Version::V311).unwrap() {
            buffer.drain(..length);
            if matches!(packet, Packet::Ack { kind: Pub::Ack, .. }) {
                return broker.spawned.elapsed().as_secs_f64() * 1e3;
            }
        }
    }
}

/// The disk's own pace: 4 KiB appended and synced, in µs sorted.
fn fdatasync(folder: &Path, times: usize) -> Vec<u32> {
    let path = folder.join("fdatasync");
    let mut file = fs::File::create(&path).unwrap();
    let mut all: Vec<u32> = (0..times)
        .map(|_| {
            file.write_all(&[7; 4_096]).unwrap();
            let begun = Instant::now();
            file.sync_data().unwrap();
            begun.elapsed().as_micros() as u32
        })
        .collect();
    fs::remove_file(path).unwrap();
    all.sort_unstable();
    all
}

fn quantile(sorted: &[u32], q: f64) -> f64 {
    f64::from(sorted[((sorted.len() - 1) as f64 * q) as usize]) / 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One printed figure, with the target it is held to.
fn row(name: &str, value: &str, target: &str) {
    println!("  {name:<46} {value:>22}   {target}");
}

fn main() {
    let seconds = Duration::from_secs(number("JAMEY_BENCH_SECONDS", 4).max(1));
    let rounds = number("JAMEY_BENCH_ROUNDS", 3).max(1);
    let begun = Instant::now();
    println!(
        "QoS 1, {PAYLOAD}-byte JSON, window {WINDOW}, {TOPICS} topics, one QoS 0 subscriber; medians of {rounds} rounds of {seconds:?}"
    );

    let synced = fdatasync(&scratch(), 500);
    let (sync50, sync99) = (quantile(&synced, 0.5), quantile(&synced, 0.99));
    println!(
        "\nThe host: fdatasync of 4 KiB p50 {sync50:.3} ms, p99 {sync99:.3} ms; {} cores",
        std::thread::available_parallelism().unwrap()
    );

    println!("\nStart to the first acknowledged command, on an empty folder");
    let starts = |kind| median((0..5).map(|_| start_to_first_verdict(kind)).collect());
    row("jamey, its verdict stored", &format!("{:.1} ms", starts(Kind::Jamey)), "at most 40 ms");
    row("mosquitto", &format!("{:.1} ms", starts(Kind::Mosquitto)), "");

    let (mosquitto, jamey) = (Broker::start(Kind::Mosquitto), Broker::start(Kind::Jamey));
    std::thread::sleep(Duration::from_secs(1));
    let idle = [mosquitto.mib("VmRSS"), jamey.mib("VmRSS")];
    let sent = [Cell::new(0), Cell::new(0)];

    println!("\nPublish to PUBACK at 1,000/s");
    for (broker, sent) in [(&mosquitto, &sent[0]), (&jamey, &sent[1])] {
        let all: Vec<Vec<u32>> = (0..rounds).map(|_| latency(broker, seconds.min(Duration::from_secs(3)), sent)).collect();
        let middle = |q: f64| median(all.iter().map(|one| quantile(one, q)).collect());
        let target = format!("p50 at most {:.3} ms, p99 at most 1.5 ms", 2.0 * sync50 + 0.15);
        let (name, target) =
            if broker.kind == Kind::Jamey { ("jamey, verdict stored: p50, p99", target.as_str()) } else { ("mosquitto: p50, p99", "") };
        row(name, &format!("{:.3} ms, {:.3} ms", middle(0.5), middle(0.99)), target);
    }

    for (clients, target, aim) in [(8, 0.3, 0.4), (64, 0.6, 0.8)] {
        let (mut plain, mut judged) = (vec![], vec![]);
        for _ in 0..rounds {
            plain.push(load(&mosquitto, clients, seconds, &sent[0]));
            judged.push(load(&jamey, clients, seconds, &sent[1]));
        }
        let middle = |loads: &[Load], what: fn(&Load) -> f64| median(loads.iter().map(what).collect());
        println!("\n{clients} clients");
        row("mosquitto, plain forwarding", &format!("{:.0}/s", middle(&plain, |l| l.rate)), "");
        row("jamey, judged and stored", &format!("{:.0}/s", middle(&judged, |l| l.rate)), "");
        let ratio = median(plain.iter().zip(&judged).map(|(p, j)| j.rate / p.rate).collect());
        row("ratio", &format!("{ratio:.2}"), &format!("at least {target}, aim at {aim}"));
        let all = |loads: &[Load]| middle(loads, |l| l.forwarded_rate / l.rate * 100.0);
        row("reached the subscriber: mosquitto, jamey", &format!("{:.0} %, {:.0} %", all(&plain), all(&judged)), "");
        row("CPU per 100,000: mosquitto", &format!("{:.2} s", middle(&plain, |l| l.cpu_seconds_per_100k)), "");
        row("CPU per 100,000: jamey", &format!("{:.2} s", middle(&judged, |l| l.cpu_seconds_per_100k)), "at most 4 s, aim at 2.5");
    }

    println!("\nResident memory: idle, after the load, at most");
    for (broker, idle) in [(&mosquitto, idle[0]), (&jamey, idle[1])] {
        let jamey = broker.kind == Kind::Jamey;
        let value = format!("{idle:.1}, {:.1}, {:.1} MiB", broker.mib("VmRSS"), broker.mib("VmHWM"));
        row(if jamey { "jamey" } else { "mosquitto" }, &value, if jamey { "at most 25 idle, 70 loaded" } else { "" });
    }

    let rows = jamey.verdicts();
    let total: u64 = rows.iter().map(|(_, n)| n).sum();
    println!("\n{} messages acknowledged, {total} verdicts stored {rows:?}; {:.0} s in all", sent[1].get(), begun.elapsed().as_secs_f64());
    assert!(total >= sent[1].get(), "every acknowledged command has a verdict row of its own");
}
