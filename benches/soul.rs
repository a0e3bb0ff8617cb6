//! What a reading costs the soul: `cargo bench --bench soul`. Each is timed by itself, with 1,000 entities known; at most 5 µs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds and percentiles")]

use jamey::{
    domain::{Body, EntityId, Timestamp},
    soul::Soul,
};
use std::{hint::black_box, time::Instant};

const ENTITIES: usize = 1_000;
const ROUNDS: usize = 300;

fn main() {
    println!("{ENTITIES} entities, {ROUNDS} readings of each, the first third is warm-up and not counted");
    run("one number", |n| Body::Number(wave(n)));
    run("one state", |n| Body::Bool(n % 5 == 0));
    run("a climate sensor's JSON, three numbers", |n| {
        Body::Json(
            serde_json::json!({ "battery": 97, "humidity": wave(n) + 30.0, "linkquality": 88, "pressure": 1_013.0 + wave(n), "temperature": wave(n) }),
        )
    });
    run("a plug's JSON, three numbers and a state", |n| {
        Body::Json(serde_json::json!({
            "current": wave(n) / 20.0, "energy": 12.5, "linkquality": 88, "power": wave(n), "state": "ON", "update": { "state": "idle" }, "voltage": 230.0 + wave(n) / 9.0
        }))
    });
}

fn wave(n: usize) -> f64 {
    ((n * 7_919 % 41) as f64 - 20.0) / 40.0 + 21.0
}

fn run(what: &str, body: impl Fn(usize) -> Body) {
    let mut soul = Soul::new();
    let ids: Vec<EntityId> = (0..ENTITIES).map(|n| EntityId::new(&format!("sensor_{n}")).unwrap()).collect();
    let mut times = Vec::with_capacity(ENTITIES * ROUNDS);
    for (round, seconds) in (0..ROUNDS).zip((0..).step_by(300)) {
        let at = Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds);
        for (n, id) in ids.iter().enumerate() {
            let body = body(round + n);
            let start = Instant::now();
            black_box(soul.read(id, at, "state", &body, |_| false));
            let took = start.elapsed().as_nanos() as u64;
            if round >= ROUNDS / 3 {
                times.push(took);
            }
        }
    }
    times.sort_unstable();
    let percentile = |p: f64| times[((times.len() - 1) as f64 * p) as usize];
    println!("{what:<44} p50 {:>6} ns   p99 {:>6} ns", percentile(0.5), percentile(0.99));
}
