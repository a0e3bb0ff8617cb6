//! What HTTP costs, and what it costs the verdicts: requests while messages are judged, and verdicts while many listen.
//!
//! `cargo build --release && cargo bench --bench http` (JAMEY_BIN names another binary). Jamey observes; each message commands a guarded light,
//! and its PUBACK comes after its verdict is stored. `JAMEY_BENCH_SECONDS` (8) is the length of one measurement, `JAMEY_BENCH_ROUNDS` (3) how
//! many there are of each, in turn, of which the medians are printed. `-- asking` or `-- listening` measures that part alone;
//! `JAMEY_BENCH_LISTENERS` (200) is how many listen, `JAMEY_BENCH_CLIENTS` (5) how many send 1,000 messages a second each meanwhile. Askers,
//! listeners and senders are on the same cores as Jamey, so what they cost stands in the figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures for people")]

mod asking;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../end_to_end/broker.rs"]
mod broker;
mod listening;
#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../end_to_end/load.rs"]
mod load;
mod pacer;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/packet.rs"]
mod packet;

use broker::{Broker, Kind};
use pacer::paced;
use std::{cell::Cell, thread, time::Duration};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{v}`")))
}

fn quantile(sorted: &[u32], q: f64) -> f64 {
    f64::from(sorted[((sorted.len() - 1) as f64 * q) as usize]) / 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One printed figure, with the bound that it is held to.
fn row(name: &str, value: &str, bound: &str) {
    println!("  {name:<46} {value:>26}   {bound}");
}

fn quantiles(sorted: &[u32]) -> String {
    format!("{:.3}, {:.3}, {:.3} ms", quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 0.999))
}

/// 1,000 requests a second while 1,000 messages a second are judged.
fn asking(seconds: Duration, rounds: u64) {
    println!("\nGET at 1,000/s while 1,000 messages/s are judged, {rounds} times {} s: p50, p99, p99.9", seconds.as_secs());
    let jamey = Broker::start(Kind::Jamey);
    let (sent, mut worst) = (Cell::new(0), vec![]);
    // What is asked for is there.
    paced(&jamey.plain, 1, Duration::from_secs(2), &sent);
    for path in asking::PATHS {
        let mut p99 = vec![];
        for _ in 0..rounds {
            let at = jamey.http.unwrap();
            let asker = thread::spawn(move || asking::asked(at, path, seconds));
            paced(&jamey.plain, 1, seconds, &sent);
            let waits = asker.join().unwrap();
            row(path, &quantiles(&waits), "");
            p99.push(quantile(&waits, 0.99));
        }
        worst.push(median(p99));
    }
    row("the slowest: p99, median of the rounds", &format!("{:.3} ms", worst.into_iter().fold(0.0, f64::max)), "at most 5 ms");
}

/// Many listen to every verdict while thousands of messages a second are judged.
fn listening(seconds: Duration, rounds: u64) {
    let (listeners, clients) = (number("JAMEY_BENCH_LISTENERS", 200) as usize, number("JAMEY_BENCH_CLIENTS", 5) as usize);
    println!("\nPublish to PUBACK at {},000/s, {rounds} times without and with {listeners} WebSockets: p50, p99, p99.9", clients);
    let jamey = Broker::start(Kind::Jamey);
    let sent = Cell::new(0);
    let (mut without, mut with) = (vec![], vec![]);
    paced(&jamey.plain, clients, Duration::from_secs(2), &sent);
    for n in 1..=rounds {
        let before = jamey.mib("VmRSS");
        let waits = paced(&jamey.plain, clients, seconds, &sent);
        row(&format!("round {n}, nobody listens"), &quantiles(&waits), "");
        without.push(quantile(&waits, 0.99));
        let crowd = listening::Crowd::gather(jamey.http.unwrap(), listeners);
        let waits = paced(&jamey.plain, clients, seconds, &sent);
        let during = jamey.mib("VmRSS");
        let heard = crowd.leave();
        thread::sleep(Duration::from_secs(1));
        row(&format!("round {n}, {listeners} listen"), &quantiles(&waits), "");
        row("  verdicts sent to them, left out and said so", &format!("{}, {}", heard.events, heard.missed), "");
        let memory = format!("{before:.0}, {during:.0}, {:.0} MiB", jamey.mib("VmRSS"));
        row("  resident before, with them, and after", &memory, "bounded");
        with.push(quantile(&waits, 0.99));
    }
    let (without, with) = (median(without), median(with));
    let moved = format!("{without:.3} -> {with:.3} ms, {:+.1} %", (with / without - 1.0) * 100.0);
    row("p99 moved, medians of the rounds", &moved, "at most 20 %");
}

fn main() {
    let seconds = Duration::from_secs(number("JAMEY_BENCH_SECONDS", 8).clamp(1, 60));
    let rounds = number("JAMEY_BENCH_ROUNDS", 3).max(1);
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    if is_wanted("asking") {
        asking(seconds, rounds);
    }
    if is_wanted("listening") {
        listening(seconds, rounds);
    }
}
