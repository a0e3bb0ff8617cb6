//! Promise: what was acknowledged is on disk, once, whenever the process is killed; and no command went on without its verdict.
//!
//! `JAMEY_KILLS` sets how often (30), `JAMEY_SEED` the moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    thread,
    time::Duration,
};
use support::*;

/// Hears commands until the connection breaks.
fn witness(house: SocketAddr) -> BTreeSet<String> {
    let Ok(mut connection) = dial(house, "witness").try_open() else { return BTreeSet::new() };
    let mut seen = BTreeSet::new();
    connection.send(&packet::subscribe(Version::V311, 1, &[("jamey/do/#", 1)]));
    loop {
        match connection.read(PATIENCE) {
            Got::Packet(Packet::Publish(m)) => {
                seen.insert(m.json()["id"].as_str().unwrap().to_owned());
            }
            Got::Packet(_) => {}
            Got::Nothing | Got::Closed => return seen,
        }
    }
}

/// How often each sender's own id was remembered.
fn remembered(house: &House) -> BTreeMap<String, u32> {
    let db = house.db();
    let mut rows = db.prepare("select own_id, count(*) from memory_records where own_id is not null group by own_id").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// The asker's own ids of all requests that were allowed.
fn allowed(house: &House) -> BTreeSet<String> {
    let db = house.db();
    let mut rows = db
        .prepare(
            "select json_extract(request, '$.id') from verdicts where decision = 'allow' and json_extract(request, '$.id') is not null",
        )
        .unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn some(ids: impl Iterator<Item = impl ToString>) -> Vec<String> {
    ids.take(5).map(|id| id.to_string()).collect()
}

#[test]
fn acked_means_on_disk() {
    let kills: u32 = std::env::var("JAMEY_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(30);
    let mut chance = Chance::seeded(1);
    let mut house = strict_house();
    let mut senders = [
        Sender::new("dev_1", false, 1, false),
        Sender::new("dev_2", true, 1, false),
        Sender::new("dev_3", false, 2, false),
        Sender::new("dev_4", true, 2, false),
        Sender::new("wall_panel", true, 1, true),
    ];
    let mut seen = BTreeSet::new();
    for kill in 1..=kills {
        let moment = Duration::from_micros(chance.between(10_000, 600_000));
        let addr = house.mqtt();
        thread::scope(|scope| {
            let witness = scope.spawn(move || witness(addr));
            for sender in &mut senders {
                scope.spawn(move || sender.send(addr, true));
            }
            thread::sleep(moment);
            house.kill9();
            seen.extend(witness.join().unwrap());
        });
        house.start();
        let (rows, allowed) = (remembered(&house), allowed(&house));
        for sender in &senders {
            let lost = some(sender.acked.iter().filter(|id| !rows.contains_key(*id)));
            assert!(lost.is_empty(), "kill {kill}: acknowledged and lost: {lost:?} (of {})", sender.acked.len());
        }
        let twice = some(rows.iter().filter(|(_, n)| **n > 1).map(|(id, n)| format!("{id} × {n}")));
        assert!(twice.is_empty(), "kill {kill}: remembered more than once: {twice:?}");
        let unjudged = some(seen.difference(&allowed));
        assert!(unjudged.is_empty(), "kill {kill}: forwarded without a stored verdict: {unjudged:?}");
    }
    // What was open at the last kill is sent again, and then everything ever sent is there once.
    for sender in &mut senders {
        sender.send(house.mqtt(), false);
        assert!(sender.open.is_empty());
    }
    let rows = remembered(&house);
    for sender in &senders {
        let wrong = some(sender.sent.iter().filter(|id| rows.get(*id) != Some(&1)));
        assert!(wrong.is_empty(), "{}: not there exactly once: {wrong:?} (of {})", sender.name, sender.sent.len());
        assert!(sender.sent.len() >= kills as usize, "{} sent only {}", sender.name, sender.sent.len());
    }
    let allowed = allowed(&house);
    let commands: usize = senders.iter().filter(|s| s.commands).map(|s| s.sent.len()).sum();
    assert_eq!(allowed.len(), commands, "each command has one verdict of its own");
    assert!(!seen.is_empty(), "no command was ever seen");
    println!("{kills} kills, {} messages, {} commands seen", rows.len(), seen.len());
    house.is_well();
}
