//! Promise: whatever devices, people and attackers do, and whatever becomes of disk, clock, wire and power between any two steps, what Jamey
//! promises holds (tests/simulation/invariants.rs).
//!
//! A run comes from a seed and is the same each time. `JAMEY_SIM_SEEDS=7` runs one, `JAMEY_SIM_SEEDS=1-500` many, `JAMEY_SIM_ACTIONS` says how
//! long each is. A seed that fails is told with the invariant and the shortest run found that breaks it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of a made-up world")]

mod alive;
#[path = "simulation/faults.rs"]
mod faults;
#[path = "simulation/house.rs"]
mod house;
#[path = "simulation/invariants.rs"]
mod invariants;
#[path = "simulation/ledger.rs"]
mod ledger;
#[path = "simulation/power.rs"]
mod power;
mod rhythms;
#[path = "simulation/shrink.rs"]
mod shrink;
#[path = "simulation/town.rs"]
mod town;
#[path = "simulation/world.rs"]
mod world;
#[path = "simulation/writing.rs"]
mod writing;

use house::{Ground, Planted};
use shrink::{live, report, shrink};
use std::{collections::BTreeMap, ops::RangeInclusive, time::Instant};
use world::run_of;

const SEEDS: RangeInclusive<u64> = 1..=24;
const ACTIONS: usize = 1_000;
/// What the seeds together must have met, or they show nothing.
const MET: [&str; 11] = [
    "crashes",
    "restarts",
    "batches lost",
    "batches that had landed",
    "writes failed",
    "repetitions",
    "let on",
    "released",
    "answers refused",
    "forgotten",
    "memories summed up or dropped",
];

fn seeds() -> RangeInclusive<u64> {
    let Ok(wanted) = std::env::var("JAMEY_SIM_SEEDS") else { return SEEDS };
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("JAMEY_SIM_SEEDS is `7` or `1-500`, not `{wanted}`"));
    let (from, to) = wanted.split_once('-').unwrap_or((&wanted, &wanted));
    number(from)..=number(to)
}

fn actions() -> usize {
    std::env::var("JAMEY_SIM_ACTIONS").map_or(ACTIONS, |n| n.parse().unwrap())
}

#[test]
fn what_is_promised_holds_in_every_world() {
    let (ground, length, begun) = (Ground::new(), actions(), Instant::now());
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in seeds() {
        let run = run_of(seed, length);
        match live(&ground, &run, Planted::Nothing) {
            Ok(lived) => lived.counts.into_iter().for_each(|(what, n)| {
                let so_far = met.entry(what).or_default();
                *so_far = if what.ends_with("at most") { n.max(*so_far) } else { *so_far + n };
            }),
            Err(fell) => {
                // To find the shortest run takes minutes where runs are long.
                println!("seed {seed}: {fell:?}");
                let (short, fell) = shrink(&ground, &run, Planted::Nothing, &fell);
                panic!("{}", report(seed, length, &short, &fell));
            }
        }
    }
    let count = seeds().count();
    let steps = count * length;
    println!("{count} seeds, {steps} steps, {:.0} a second: {met:?}", steps as f64 / begun.elapsed().as_secs_f64());
    // One seed alone need not meet everything.
    let missed: Vec<&&str> = MET.iter().filter(|what| !met.contains_key(**what)).collect();
    assert!(count < SEEDS.count() || missed.is_empty(), "no world met {missed:?}");
}

#[test]
fn a_seed_is_the_same_run_each_time() {
    let ground = Ground::new();
    let run = |seed| live(&ground, &run_of(seed, 600), Planted::Nothing).unwrap_or_else(|fell| panic!("{fell:?}"));
    let (once, again, other) = (run(3), run(3), run(4));
    assert_eq!((once.digest.as_str(), &once.counts), (again.digest.as_str(), &again.counts));
    assert_ne!(once.digest, other.digest);
}

#[test]
fn what_is_planted_is_found_and_told_in_a_few_actions() {
    let ground = Ground::new();
    let planted = [
        (Planted::AcknowledgesEarly, "what_was_acknowledged_is_there", 4),
        (Planted::ReleasesTwice, "what_waits_goes_on_at_most_once", 8),
        (Planted::KnowsNoRepetition, "what_is_repeated_is_counted_once", 3),
        (Planted::LeavesOutAnInput, "a_recorded_run_replays_bit_for_bit", 4),
    ];
    for (bug, invariant, most) in planted {
        let mut found = (1..=20).map(|seed| (seed, run_of(seed, 400)));
        let (seed, run, fell) = found
            .find_map(|(seed, run)| Some((seed, live(&ground, &run, bug).err()?, run)).map(|(seed, fell, run)| (seed, run, fell)))
            .unwrap_or_else(|| panic!("{bug:?} is not found"));
        let (short, fell) = shrink(&ground, &run, bug, &fell);
        println!("{bug:?}: {}", report(seed, run.len(), &short, &fell));
        assert_eq!(fell.broken.invariant, invariant, "{bug:?}");
        assert!(short.len() <= most, "{bug:?}: {short:?}");
        assert!(live(&ground, &short, Planted::Nothing).is_ok(), "without it the run goes well");
    }
}
