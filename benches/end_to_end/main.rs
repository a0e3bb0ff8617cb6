//! What a verdict on disk costs, beside mosquitto's plain forwarding, in one run on one host.
//!
//! `cargo build --release && cargo bench --bench end_to_end` (JAMEY_BIN names another binary). Both brokers get the same load from
//! the same generator in turn: clients with a window of 32, QoS 1, 150-byte JSON over 4,000 topics, one QoS 1 subscriber that
//! takes and acknowledges all. For Jamey, which observes, each message commands a guarded light: it is acknowledged and forwarded
//! after its verdict is stored. The same over TLS, to both with a certificate of the same kind. The row of each is counted afterwards. `JAMEY_BENCH_SECONDS` (4) is the length of one measurement;
//! `JAMEY_BENCH_ROUNDS` (3) how many there are, alternating, of which the medians are printed. `-- latency`, `-- load`, `-- tls`, `-- snapshot` or `-- start`
//! measures that part alone. `-- soak` is another run, of Jamey alone: `JAMEY_SOAK_MINUTES` (60) under load, after `JAMEY_SOAK_FILLING` (75) until as many records go as come,
//! `JAMEY_SOAK_PACE` (1) times as fast as a house, and `docs/soak.md` says whether memory stayed flat.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures for people")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "the other bench uses the rest")]
mod broker;
mod load;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/packet.rs"]
mod packet;
mod soak;

use broker::{Broker, Kind, scratch};
use load::{Load, PAYLOAD, TOPICS, WINDOW, latency, load};
use packet::{Connect, Packet, Pub, Version};
use std::{
    cell::Cell,
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

/// What TLS costs is the same for each message: one number of clients will do.
const TLS_CLIENTS: usize = 64;

/// Measured at a time, while a snapshot is taken.
const SLICE: Duration = Duration::from_millis(1_000);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{v}`")))
}

/// From the start of the process on an empty folder to the first acknowledged command.
fn start_to_first_verdict(kind: Kind) -> f64 {
    let broker = Broker::start(kind);
    let mut stream = TcpStream::connect(broker.plain.addr).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&packet::connect(Version::V311, &Connect { id: "first".into(), clean: true, ..Default::default() })).unwrap();
    stream.write_all(&load::message(0, 1)).unwrap();
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

/// A snapshot of all that was stored before is taken, one is restored for trial, and for as long as both took nothing is done, in turn: what is
/// because of them is what the first two have and the last has not.
fn snapshots(jamey: &Broker, sent: &Cell<u64>, rounds: u64) {
    println!(
        "\nPublish to PUBACK at 1,000/s: {rounds} times without Phoenix, while a snapshot is taken, and while it is restored for trial"
    );
    let until = |is_over: &mut dyn FnMut() -> bool, waits: &mut Vec<u32>| {
        let begun = Instant::now();
        while !is_over() {
            waits.extend(latency(&jamey.plain, SLICE, sent));
        }
        begun.elapsed()
    };
    let (mut calm, mut during, mut trial) = (vec![], vec![], vec![]);
    for n in 1..=rounds {
        let mut took = [Duration::ZERO; 2];
        for ((what, waits), took) in [("snapshot", &mut during), ("drill", &mut trial)].into_iter().zip(&mut took) {
            let mut asked = jamey.phoenix(what);
            *took = until(&mut || asked.try_wait().unwrap().is_some(), waits);
            assert!(asked.wait().unwrap().success(), "the {what} failed");
        }
        let (rest, all) = (Instant::now(), took[0] + took[1]);
        until(&mut || rest.elapsed() >= all, &mut calm);
        println!("  round {n}: the snapshot took {:.1} s, its trial {:.1} s", took[0].as_secs_f64(), took[1].as_secs_f64());
    }
    for (name, waits) in [("without Phoenix", &mut calm), ("while a snapshot is taken", &mut during), ("while it is tried", &mut trial)] {
        waits.sort_unstable();
        let over = waits.iter().filter(|us| **us > 5_000).count();
        let share = over as f64 / waits.len() as f64 * 100.0;
        row(
            &format!("{name}: verdicts, p50, p99"),
            &format!("{}, {:.3}, {:.3} ms", waits.len(), quantile(waits, 0.5), quantile(waits, 0.99)),
            "",
        );
        let value = format!("{:.3} ms, {:.3} ms", quantile(waits, 0.999), quantile(waits, 1.0));
        row("  p99.9, longest", &value, "");
        row("  over 5 ms", &format!("{over}, {share:.3} %"), "none because of Phoenix");
    }
}

fn main() {
    let seconds = Duration::from_secs(number("JAMEY_BENCH_SECONDS", 4).max(1));
    let rounds = number("JAMEY_BENCH_ROUNDS", 3).max(1);
    let begun = Instant::now();
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if only == ["soak"] {
        return soak::soak(
            number("JAMEY_SOAK_FILLING", soak::FILLING),
            number("JAMEY_SOAK_MINUTES", 60).max(1),
            u32::try_from(number("JAMEY_SOAK_PACE", 1).max(1)).unwrap(),
        );
    }
    println!(
        "QoS 1, {PAYLOAD}-byte JSON, window {WINDOW}, {TOPICS} topics, one QoS 1 subscriber; medians of {rounds} rounds of {seconds:?}"
    );

    let synced = fdatasync(&scratch(), 500);
    let (sync50, sync99) = (quantile(&synced, 0.5), quantile(&synced, 0.99));
    println!(
        "\nThe host: fdatasync of 4 KiB p50 {sync50:.3} ms, p99 {sync99:.3} ms; {} cores",
        std::thread::available_parallelism().unwrap()
    );

    let wanted = |part: &str| only.is_empty() || only.iter().any(|name| name == part);
    if wanted("start") {
        println!("\nStart to the first acknowledged command, on an empty folder");
        let starts = |kind| median((0..5).map(|_| start_to_first_verdict(kind)).collect());
        row("jamey, its verdict stored", &format!("{:.1} ms", starts(Kind::Jamey)), "at most 40 ms");
        row("mosquitto", &format!("{:.1} ms", starts(Kind::Mosquitto)), "");
    }

    let (mosquitto, jamey) = (Broker::start(Kind::Mosquitto), Broker::start(Kind::Jamey));
    std::thread::sleep(Duration::from_secs(1));
    let idle = [mosquitto.mib("VmRSS"), jamey.mib("VmRSS")];
    let sent = [Cell::new(0), Cell::new(0)];

    if wanted("latency") {
        println!("\nPublish to PUBACK at 1,000/s");
    }
    for (broker, sent) in [(&mosquitto, &sent[0]), (&jamey, &sent[1])].into_iter().filter(|_| wanted("latency")) {
        let mut syncs = vec![];
        let mut all: Vec<Vec<u32>> = vec![];
        for _ in 0..rounds {
            syncs.push(quantile(&fdatasync(&scratch(), 300), 0.5));
            all.push(latency(&broker.plain, seconds.min(Duration::from_secs(3)), sent));
        }
        let sync50 = median(syncs);
        let middle = |q: f64| median(all.iter().map(|one| quantile(one, q)).collect());
        let target = format!("p50 at most {:.3} ms (fdatasync {sync50:.3}), p99 at most 1.5 ms", 2.0 * sync50 + 0.15);
        let (name, target) =
            if broker.kind == Kind::Jamey { ("jamey, verdict stored: p50, p99", target.as_str()) } else { ("mosquitto: p50, p99", "") };
        row(name, &format!("{:.3} ms, {:.3} ms", middle(0.5), middle(0.99)), target);
    }

    for (clients, target, aim) in [(8, 0.3, 0.4), (64, 0.6, 0.8)].into_iter().filter(|_| wanted("load")) {
        let (mut plain, mut judged) = (vec![], vec![]);
        for _ in 0..rounds {
            plain.push(load(&mosquitto, &mosquitto.plain, clients, seconds, &sent[0]));
            judged.push(load(&jamey, &jamey.plain, clients, seconds, &sent[1]));
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

    if wanted("tls") {
        println!("\nTLS 1.3, ECDSA with P-256, {TLS_CLIENTS} clients");
        let (mut plain, mut judged, mut waits) = (vec![], vec![], [vec![], vec![]]);
        for _ in 0..rounds {
            plain.push(load(&mosquitto, &mosquitto.tls, TLS_CLIENTS, seconds, &sent[0]));
            judged.push(load(&jamey, &jamey.tls, TLS_CLIENTS, seconds, &sent[1]));
            for ((broker, sent), all) in [(&mosquitto, &sent[0]), (&jamey, &sent[1])].into_iter().zip(&mut waits) {
                all.push(latency(&broker.tls, seconds.min(Duration::from_secs(3)), sent));
            }
        }
        let middle = |loads: &[Load], what: fn(&Load) -> f64| median(loads.iter().map(what).collect());
        row("mosquitto, plain forwarding", &format!("{:.0}/s", middle(&plain, |l| l.rate)), "");
        row("jamey, judged and stored", &format!("{:.0}/s", middle(&judged, |l| l.rate)), "");
        let ratio = median(plain.iter().zip(&judged).map(|(p, j)| j.rate / p.rate).collect());
        row("ratio", &format!("{ratio:.2}"), "at least 0.4");
        row("CPU per 100,000: mosquitto", &format!("{:.2} s", middle(&plain, |l| l.cpu_seconds_per_100k)), "");
        row("CPU per 100,000: jamey", &format!("{:.2} s", middle(&judged, |l| l.cpu_seconds_per_100k)), "");
        for (name, all) in ["publish to PUBACK at 1,000/s: mosquitto", "the same: jamey, verdict stored"].into_iter().zip(&waits) {
            let middle = |q: f64| median(all.iter().map(|one| quantile(one, q)).collect());
            row(name, &format!("{:.3} ms, {:.3} ms", middle(0.5), middle(0.99)), "p50, p99");
        }
    }

    if wanted("snapshot") {
        snapshots(&jamey, &sent[1], rounds);
    }

    println!(
        "\nResident memory: idle, after the load, at most; anonymous and of files that are mapped, which the kernel takes back when it likes"
    );
    for (broker, idle) in [(&mosquitto, idle[0]), (&jamey, idle[1])] {
        let jamey = broker.kind == Kind::Jamey;
        let [now, most, own, files] = ["VmRSS", "VmHWM", "RssAnon", "RssFile"].map(|name| broker.mib(name));
        let value = format!("{idle:.1}, {now:.1}, {most:.1} MiB");
        row(if jamey { "jamey" } else { "mosquitto" }, &value, if jamey { "at most 25 idle, 70 loaded" } else { "" });
        row("its own, of files", &format!("{own:.1}, {files:.1} MiB"), "");
    }

    let rows = jamey.verdicts();
    let total: u64 = rows.iter().map(|(_, n)| n).sum();
    println!("\n{} messages acknowledged, {total} verdicts stored {rows:?}; {:.0} s in all", sent[1].get(), begun.elapsed().as_secs_f64());
    assert!(total >= sent[1].get(), "every acknowledged command has a verdict row of its own");
}
