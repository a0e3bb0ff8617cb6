//! What Φ costs, on one thread: `cargo bench --bench phi`. Each figure beside what it may be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement fails by panicking")]

#[path = "../tests/alive/mod.rs"]
mod alive;
use alive::Alive;
use jamey::{
    consciousness::{
        gaussian::{Matrix, Process},
        iit::{Mask, Network, mask, phi},
    },
    domain::{Input, Part, Report, Timestamp, Unit01},
};
use std::{hint::black_box, time::Instant};

/// Runs of each network, of which the median counts.
const RUNS: usize = 9;
const FLOWS: usize = 2_000;

/// Links (from, to, weight) of the parts about a workspace, which is node 4.
const AGENT_5: [(usize, usize, f64); 9] =
    [(0, 1, 0.8), (0, 3, 0.6), (0, 4, 0.9), (1, 4, 1.0), (2, 4, 0.9), (3, 4, 1.2), (4, 0, 0.8), (4, 1, 1.0), (4, 2, 1.2)];
const HUB_6: [(usize, usize, f64); 10] =
    [(0, 4, 0.9), (4, 0, 0.8), (1, 4, 0.7), (4, 1, 0.9), (2, 4, 0.6), (4, 2, 0.8), (3, 4, 1.0), (4, 3, 1.0), (5, 4, 0.5), (4, 5, 0.7)];

fn main() {
    let mut agent = AGENT_5.to_vec();
    agent.push((4, 3, 1.0));
    time("agent5: five parts about a workspace", 20.0, &[0b11111, 0, 0b10101].map(|state| pulled(5, &agent, state)));
    let states = [0b11_1111, 0, 0b01_0101];
    time("agent6_hub: six about a workspace", 200.0, &states.map(|state| pulled(6, &HUB_6, state)));
    let mut more = HUB_6.to_vec();
    more.extend([(0, 1, 0.4), (0, 3, 0.5), (1, 3, 0.3)]);
    time("  the same with links beside it", 200.0, &states.map(|state| pulled(6, &more, state)));
    more.extend((0..6).map(|node| (node, node, 0.6)));
    time("  and each acting on itself", 200.0, &states.map(|state| pulled(6, &more, state)));
    let mut dice = Dice(7_919);
    let dense = [0b11111, 0, 0b10101].map(|state| {
        let on = (0..5).map(|_| (0..32).map(|_| dice.roll()).collect()).collect();
        Network::new(on, vec![0b11111; 5], state).unwrap()
    });
    time("dense random of five", 500.0, &dense);
    flow(&mut dice);
    seconds();
}

/// Nodes that are on with the logistic of the sum of what pulls at them.
fn pulled(n: usize, links: &[(usize, usize, f64)], state: Mask) -> Network {
    let into = |node: usize| links.iter().filter(move |(_, to, _)| *to == node);
    let on = |node: usize, state: Mask| {
        let pull = into(node).map(|(from, _, weight)| if mask::has(state, *from) { *weight } else { -weight }).sum::<f64>();
        1.0 / (1.0 + libm::exp(-pull - 0.1))
    };
    let tables = (0..n).map(|node| (0..).take(mask::states(mask::all(n))).map(|state| on(node, state)).collect()).collect();
    let inputs = (0..n).map(|node| into(node).map(|(from, ..)| mask::one(*from)).sum()).collect();
    Network::new(tables, inputs, state).unwrap()
}

fn time(what: &str, bound_millis: f64, networks: &[Network]) {
    let figures: Vec<String> = networks
        .iter()
        .map(|network| {
            let mut phis = 0.0;
            let median = median(RUNS, || phis = phi(black_box(network), || true).unwrap().phi);
            format!("{:.2} ms (Φ {phis:.6})", median * 1e3)
        })
        .collect();
    println!("{what:<40} {}, at most {bound_millis} ms", figures.join(", "));
}

/// Φ_flow of six channels, each of which hears the others.
fn flow(dice: &mut Dice) {
    let a = Matrix::from_fn(6, 6, |i, j| if i == j { 0.3 } else { 0.1 * dice.roll() });
    let noise = Matrix::from_fn(6, 6, |i, j| if i == j { 1.0 } else { 0.2 });
    let mut s = noise.clone();
    for _ in 0..500 {
        s = a.times(&s).times(&a.transposed()).plus(&noise);
    }
    let process = Process::new(s.clone(), a.times(&s)).unwrap();
    let took = median(FLOWS, || drop(black_box(black_box(&process).phi_flow().unwrap())));
    println!("{:<40} {:.1} µs, at most 100 µs", "Φ_flow of six", took * 1e6);
}

/// What a second costs a house in which 100 speak: the inner round and what is seen of it, the live Φ, phase, identity and mission, what others are
/// told and what is stored. The soul's own second is in it. At 1 Hz a hundredth of a core is 10,000 µs, of which exact Φ, once a minute, takes 250.
fn seconds() {
    let mut house = Alive::new("", Timestamp::from_micros(1_795_000_000_000_000));
    (0..100).for_each(|n| house.tell(&format!("sensor_{n}"), "temperature", "21.5"));
    let mut second = || {
        let asks = house.tick(1).asks;
        for (of, did) in asks.into_iter().flat_map(|asks| [(Part::Memory, asks.recall), (Part::Phoenix, asks.prove)]) {
            let report = Report { at: house.now, of, did, found: did, weight: Unit01::clamped(0.4) };
            house.mind.step(&Input::Reported(report));
        }
        black_box((house.mind.told(), house.mind.alarms(), house.mind.take_changes(), house.mind.observation(), house.mind.process()));
    };
    // Until all is seen that is waited for.
    (0..700).for_each(|_| second());
    let start = Instant::now();
    (0..FLOWS).for_each(|_| second());
    let took = start.elapsed().as_secs_f64() / 2_000.0;
    println!("{:<40} {:.0} µs, at most 9,750 µs", "a second of the mind", took * 1e6);
}

/// Seconds.
fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Numbers in [0, 1) that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }
}
