//! What the soul costs: `cargo bench --bench soul`. A word of an entity with all that the soul makes of it, at most 5 µs with 1,000 entities known;
//! a look for silence and the memory of 10,000 entities, at most 2 KB each and 40 MB in all; a new name in a full house.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails by panicking")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "nanoseconds and percentiles"
)]

use jamey::{
    domain::{Body, Change, EntityId, Percept, Purpose, Standing, Timestamp, limits, percept::Source},
    soul::{Evidence, Soul, Via},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{alloc::System, collections::BTreeSet, hint::black_box, sync::Arc, time::Instant};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTITIES: usize = 1_000;
const ROUNDS: usize = 300;
/// The most that an entity may take.
const BYTES: usize = 2_048;

fn main() {
    whole(1_000, 300);
    // One less than there is room for: the bridge is one too.
    whole(limits::ENTITIES - 1, 60);
    flood();
    println!("\nreadings alone: {ENTITIES} entities, {ROUNDS} readings of each, the first third is warm-up and not counted");
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

fn id(n: usize) -> EntityId {
    EntityId::new(&format!("sensor_{n}")).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn climate(n: usize) -> Body {
    Body::Json(serde_json::json!({ "battery": 97, "humidity": wave(n) + 30.0, "linkquality": 88, "temperature": wave(n) }))
}

/// What Zigbee2MQTT says of a sensor.
fn percept(n: usize, source: &Arc<Source>) -> Percept {
    let body = climate(n);
    Percept {
        id: Uuid::from_u128(n as u128),
        at: at(0),
        source: Arc::clone(source),
        entity: id(n),
        kind: "state".into(),
        topic: format!("zigbee2mqtt/sensor_{n}"),
        payload: serde_json::to_vec(body.object().unwrap()).unwrap(),
        body,
        qos: 1,
        retained: true,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    }
}

/// As `mind` does with an observation.
fn word(soul: &mut Soul, percept: &Percept, now: Timestamp) {
    soul.advance(now);
    soul.declare(&percept.source.requester, Standing::Newcomer, now);
    soul.declare(&percept.entity, Standing::Newcomer, now);
    soul.hear_life(percept, Some(Via { bridge: percept.source.requester.clone(), declared: true }), now);
    black_box(soul.read(&percept.entity, now, &percept.kind, &percept.body, |_| false));
    soul.understand(&percept.entity, &percept.kind, &percept.body, now);
}

/// All that the soul makes of a word, and what it keeps of so many entities.
fn whole(entities: usize, rounds: usize) {
    let source = Arc::new(Source { speaks_for_many: true, ..Source::own(EntityId::new("zigbee2mqtt").unwrap(), "z2m", "") });
    let mut percepts: Vec<Percept> = (0..entities).map(|n| percept(n, &source)).collect();
    let (mut times, mut looks) = (Vec::with_capacity(entities * rounds), Vec::with_capacity(rounds));
    let memory = Region::new(ALLOCATOR);
    let mut soul = Soul::new();
    let (mut rows, mut row_bytes, mut sense_bytes, mut senses) = (0, 0, 0, 0);
    let unwatched = BTreeSet::new();
    for round in 0..rounds {
        for (n, percept) in percepts.iter_mut().enumerate() {
            percept.body = climate(round * 3 + n);
            let now = at((round * 300 + n * 300 / entities) as i64);
            let start = Instant::now();
            word(&mut soul, percept, now);
            times.push(start.elapsed().as_nanos() as u64);
        }
        let now = at((round * 300 + 299) as i64);
        let start = Instant::now();
        soul.look_for_silence(now, &unwatched);
        looks.push(start.elapsed().as_nanos() as u64);
        for change in soul.take_changes(now) {
            if let Change::Entity { state, senses: kept, .. } = change {
                (rows, row_bytes) = (rows + 1, row_bytes + state.len());
                if let Some(kept) = kept {
                    (senses, sense_bytes) = (senses + 1, sense_bytes + kept.len());
                }
            }
        }
    }
    let kept = memory.change();
    let bytes = kept.bytes_allocated.saturating_sub(kept.bytes_deallocated);
    let (words, mut later) = (times.len(), times.split_off(entities * rounds / 3));
    println!("{entities} entities, {words} words: {}", percentiles(&mut later));
    println!("  a look for silence: {}", percentiles(&mut looks));
    println!("  in memory {:.0} bytes an entity, {:.1} MB in all", bytes as f64 / entities as f64, bytes as f64 / 1e6);
    assert!(bytes <= BYTES * entities, "an entity takes more than {BYTES} bytes");
    println!(
        "  stored {} bytes of opinion with each row, {} of rhythms and readings each ten minutes",
        row_bytes / rows,
        sense_bytes / senses.max(1)
    );
}

/// Names that somebody makes up, where there is room for nobody any more.
fn flood() {
    let mut soul = Soul::new();
    let ids: Vec<EntityId> = (0..limits::ENTITIES + 100_000).map(|n| EntityId::new(&format!("new_{n}")).unwrap()).collect();
    let (old, new) = ids.split_at(limits::ENTITIES);
    for one in old {
        soul.hear(one, at(0), None, Evidence::OnTime);
    }
    let mut times = Vec::new();
    for (n, one) in new.iter().enumerate() {
        let now = at((n / 1_000) as i64);
        let start = Instant::now();
        soul.hear(one, now, None, Evidence::OnTime);
        times.push(start.elapsed().as_nanos() as u64);
        if n % 500 == 0 {
            soul.take_changes(now);
        }
    }
    println!("a new name in a full house: {}, mean {} ns", percentiles(&mut times.clone()), times.iter().sum::<u64>() / times.len() as u64);
}

fn percentiles(times: &mut [u64]) -> String {
    times.sort_unstable();
    let percentile = |p: f64| times[((times.len() - 1) as f64 * p) as usize];
    format!("p50 {} ns   p99 {} ns", percentile(0.5), percentile(0.99))
}

fn wave(n: usize) -> f64 {
    ((n * 7_919 % 41) as f64 - 20.0) / 40.0 + 21.0
}

fn run(what: &str, body: impl Fn(usize) -> Body) {
    let mut soul = Soul::new();
    let ids: Vec<EntityId> = (0..ENTITIES).map(id).collect();
    let mut times = Vec::with_capacity(ENTITIES * ROUNDS);
    for (round, seconds) in (0..ROUNDS).zip((0..).step_by(300)) {
        let at = at(seconds);
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
    println!("{what:<44} {}", percentiles(&mut times));
}
