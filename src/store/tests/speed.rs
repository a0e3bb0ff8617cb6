//! Numbers, not promises: `cargo test --release store::tests::speed -- --ignored --nocapture`, with JAMEY_SPEED_FOLDER where to measure.

use super::{Entry, asked, batch, told};
use crate::domain::Decision;
use crate::store::{Batch, Store};
use std::time::Instant;

fn folder() -> tempfile::TempDir {
    std::env::var("JAMEY_SPEED_FOLDER").map_or_else(|_| tempfile::tempdir().unwrap(), |f| tempfile::tempdir_in(f).unwrap())
}

fn batches(size: u64, entries: u64, make: fn(u64) -> Entry) -> Vec<Batch> {
    let mut out = Vec::new();
    for first in (0..entries).step_by(usize::try_from(size).unwrap()) {
        let mut batch = batch((first..(first + size).min(entries)).map(make).collect());
        ciborium::into_writer(&batch.entries.iter().map(|e| &*e.percept).collect::<Vec<_>>(), &mut batch.journal).unwrap();
        out.push(batch);
    }
    out
}

fn measure(name: &str, size: u64, entries: u64, synchronous: &str, make: fn(u64) -> Entry) {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    store.raw().pragma_update(None, "synchronous", synchronous).unwrap();
    let work = batches(size, entries, make);
    let mut took = Vec::new();
    let mut checkpoints = 0.0;
    let begun = Instant::now();
    for batch in &work {
        let one = Instant::now();
        store.write(batch).unwrap();
        took.push(one.elapsed().as_micros());
        // As the checkpointer would, but counted apart.
        if store.wal().unwrap().backlog_bytes() > 4 * 1024 * 1024 {
            let one = Instant::now();
            store.checkpoint("PASSIVE").unwrap();
            checkpoints += one.elapsed().as_secs_f64();
        }
    }
    let seconds = begun.elapsed().as_secs_f64() - checkpoints;
    let used: u64 = {
        store.checkpoint("TRUNCATE").unwrap();
        let first = entries;
        let more: Vec<_> = batches(size, first + 16 * size, make).split_off(work.len());
        let count = u64::try_from(more.len()).unwrap();
        for batch in &more {
            store.write(batch).unwrap();
        }
        store.wal().unwrap().used / count
    };
    took.sort_unstable();
    let rate = f64::from(u32::try_from(entries).unwrap()) / seconds;
    println!(
        "{name:<8} batch {size:>3} sync {synchronous:<4}: {rate:>8.0} entries/s  {:>6.2} µs/entry  batch p50 {} µs p99 {} µs, {used} pages  checkpoints {checkpoints:.2} s",
        1e6 / rate,
        took[took.len() / 2],
        took[took.len() * 99 / 100],
    );
}

#[test]
#[ignore = "prints numbers"]
fn rates() {
    for size in [1, 64, 256] {
        let entries = if size == 1 { 5_000 } else { 60_000 };
        measure("told", size, entries, "OFF", told);
        measure("judged", size, entries, "OFF", |n| asked(n, Decision::Allow));
    }
    for size in [1, 64, 256] {
        measure("judged", size, size * 400, "FULL", |n| asked(n, Decision::Allow));
    }
}
