//! What a scrape costs: `cargo bench --bench metrics` (JAMEY_BIN names another binary than the one built with it). A house whose entities
//! have spoken is asked for `/metrics` over a real socket, one scrape after the other on one connection, in both formats; and as Prometheus
//! does it, on a fresh one. `JAMEY_ENTITIES` (1,000) and `JAMEY_SCRAPES` (300) say how much.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures for people")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};
use support::{scrape::scrape, *};

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{v}`")))
}

/// One scrape: how long until all of it was here, and its bytes.
fn one(stream: &mut TcpStream, accept: &str) -> (Duration, usize) {
    let from = Instant::now();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n").unwrap();
    let (mut all, mut chunk) = (Vec::new(), vec![0; 64 * 1_024]);
    let length = loop {
        let n = stream.read(&mut chunk).unwrap();
        assert!(n > 0, "it was closed");
        all.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&all);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
            break head.len() + 4 + length;
        }
    };
    while all.len() < length {
        let n = stream.read(&mut chunk).unwrap();
        all.extend_from_slice(&chunk[..n]);
    }
    (from.elapsed(), all.len())
}

fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn tell(what: &str, mut took: Vec<Duration>, bytes: usize) {
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!("{what:<34} p50 {:>6.2} ms   p99 {:>6.2} ms   max {:>6.2} ms   {:>6} KiB", at(0.5), at(0.99), at(1.0), bytes / 1_024);
}

fn main() {
    let (entities, scrapes) = (number("JAMEY_ENTITIES", 1_000), number("JAMEY_SCRAPES", 300));
    let house = Plan::default().start();
    let mut bridge = house.client("bridge");
    for n in 0..entities {
        bridge.tell(&format!("jamey/in/sensor_{n}/temperature"), "21.5");
    }
    wait_until("all are known", PATIENCE, || scrape(house.http(), &[]).value("jamey_entities") >= entities as f64);
    println!("{} entities, {scrapes} scrapes each", scrape(house.http(), &[]).value("jamey_entities"));
    for (what, accept) in [("plain text, same connection", "text/plain"), ("OpenMetrics, same connection", "application/openmetrics-text")]
    {
        let mut stream = connect(house.http());
        let all: Vec<(Duration, usize)> = (0..scrapes).map(|_| one(&mut stream, accept)).collect();
        tell(what, all.iter().map(|(took, _)| *took).collect(), all[0].1);
    }
    let fresh: Vec<(Duration, usize)> = (0..scrapes)
        .map(|_| {
            let from = Instant::now();
            let (_, bytes) = one(&mut connect(house.http()), "application/openmetrics-text");
            (from.elapsed(), bytes)
        })
        .collect();
    tell("OpenMetrics, a fresh connection", fresh.iter().map(|(took, _)| *took).collect(), fresh[0].1);
    let told = scrape(house.http(), &[]);
    let (sum, count) = ("jamey_http_request_duration_seconds_sum", "jamey_http_request_duration_seconds_count");
    println!("as Jamey counts them: {:.2} ms on average", told.sum(sum) / told.sum(count) * 1_000.0);
}
