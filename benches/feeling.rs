//! What feeling costs: `cargo bench --bench feeling`. Each figure is the least mean of 60 batches: what else runs on the machine is left out.
//!
//! With 1,000 entities: what one event costs the soul (at most 5 µs), what a word of an entity adds, and what a text of 100 bytes and the
//! worst text cost, with their allocations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement fails by panicking")]

use jamey::{
    domain::{Body, EntityId, MissionSpec, Signed1, Standing, Timestamp, Unit01},
    soul::{Bearing, Event, Lot, News, Soul, sentiment},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{
    alloc::System,
    hint::black_box,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BATCHES: u32 = 60;

/// The least mean of all batches.
fn least(name: &str, per_batch: u32, mut act: impl FnMut(u32)) {
    let mut best = Duration::MAX;
    for batch in 0..BATCHES {
        let start = Instant::now();
        (0..per_batch).for_each(|n| act(batch * per_batch + n));
        best = best.min(start.elapsed() / per_batch);
    }
    println!("{name:<58} {best:?}");
}

fn at(millis: u32) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + i64::from(millis) * 1_000)
}

fn mission() -> Vec<MissionSpec> {
    ["a", "b", "c", "d", "e", "safe"]
        .iter()
        .map(|id| MissionSpec {
            id: (*id).to_owned(),
            utility: Signed1::clamped(0.5),
            maintained: true,
            rest: Unit01::clamped(1.0),
            says: String::new(),
            signal: None,
            aim: None,
        })
        .collect()
}

fn main() {
    texts();
    let ids: Vec<EntityId> = (0..1_000).map(|n| EntityId::escaped(&format!("e{n}"))).collect();
    let mut soul = Soul::new();
    soul.pursue(&mission(), at(0));
    soul.advance(at(0));
    for id in &ids {
        soul.declare(id, Standing::Paired, at(0));
        soul.live_through(id, Lot::Granted, at(0));
    }
    let none = Signed1::clamped(0.0);
    let moved = Bearing::Likelihood { utility: Signed1::clamped(0.5), before: Unit01::clamped(1.0), after: Unit01::clamped(0.4) };
    let event =
        Event { bearing: moved, praise: Signed1::clamped(-0.4), ..Event::happened(ids[0].clone(), Uuid::nil(), "safe", none, none) };
    least("appraisal, the formulas alone", 5_000, |_| {
        black_box(event.emotions());
    });
    let who = |n: u32| &ids[n as usize * 7 % ids.len()];
    let bad = |n: u32| News::of("safe", who(n), Uuid::nil(), -0.01).praised(-0.1);
    least("an event of one of 1,000 causes, 256 emotions", 5_000, |n| {
        black_box(soul.hear_news(&bad(n), at(n)));
    });
    least("what befalls an entity, for empathy", 5_000, |n| soul.live_through(who(n), Lot::Denied, at(300_000)));
    least("a word of an entity, for empathy", 5_000, |n| {
        soul.understand(who(n), "temperature", &Body::Number(f64::from(n % 13)), at(300_000));
    });
    least("the view, 4 KiB", 50, |_| {
        black_box(soul.emotion_view());
    });
    least("10 s of mood, while 256 emotions fade", 1, |n| soul.advance(at(300_000 + 10_000 * n)));
}

fn texts() {
    let text = "It was not so very good in the hall last night, but the kind lamp is great again and all is well now";
    black_box(sentiment(text));
    let region = Region::new(ALLOCATOR);
    black_box(sentiment(black_box(text)));
    println!("{} bytes of text: {} allocations", text.len(), region.change().allocations);
    least("100 bytes of text", 500, |_| {
        black_box(sentiment(black_box(text)));
    });
    for (name, text) in [
        ("1 KiB of emoji", "💘".repeat(256)),
        ("1 KiB of \"so good but\"", "so good but ".repeat(86)),
        ("1 KiB of letters", "a ".repeat(512)),
        ("1 MB without a space", "x".repeat(1_000_000)),
    ] {
        least(name, 20, |_| {
            black_box(sentiment(black_box(&text)));
        });
    }
}
