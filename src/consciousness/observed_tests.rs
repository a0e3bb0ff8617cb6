//! What is seen is what happened, as far as it can be told.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "counts of tests are small, and nothing of theirs is replayed"
)]

use super::*;
use crate::consciousness::iit;
use proptest::prelude::*;

/// Numbers in [0, 1) that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn states(part: Part) -> usize {
    mask::states(inputs(part))
}

/// So many seconds of parts that are on with the probabilities of these tables; what they do then is `active`.
fn watched(tables: &[Vec<f64>], seconds: usize, dice: &mut Dice, mut active: impl FnMut(usize, bool) -> u32) -> Observed {
    let (mut seen, mut state): (Observed, Mask) = (Observed::default(), 0);
    for _ in 0..seconds {
        let next = Part::ALL.map(|part| {
            let row = usize::from(mask::gather(state, inputs(part)));
            dice.roll() < tables[part.index()][row]
        });
        seen.see(std::array::from_fn(|node| active(node, next[node])));
        state = (0..6).filter(|node| next[*node]).map(mask::one).sum();
    }
    assert!(seen.is_sound());
    seen
}

fn any_tables() -> impl Strategy<Value = Vec<Vec<f64>>> {
    Part::ALL.map(|part| prop::collection::vec(0.1f64..0.9, states(part))).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_known_network_is_found_again(tables in any_tables(), seed in any::<u64>()) {
        let seen = watched(&tables, 12_000, &mut Dice(seed), |_, on| u32::from(on));
        let told = seen.observation().unwrap();
        prop_assert_eq!((&told.nodes[..], told.samples), (&Part::ALL[..], 11_998));
        for (part, known) in Part::ALL.into_iter().zip(&tables) {
            for ((p, q), [off, on]) in known.iter().zip(&told.tables[part.index()]).zip(&seen.followed[part.index()]) {
                // Five standard errors, and what Laplace's rule draws to the middle.
                let n = off + on;
                let bound = 5.0 * (p * (1.0 - p) / n).sqrt() + 1.0 / (n + 2.0);
                prop_assert!((p - q).abs() <= bound, "{part:?}: {p} and not {q} after {n}");
            }
        }
        let network = network(&told).unwrap();
        prop_assert!(network.is_strongly_connected());
    }

    #[test]
    fn what_was_kept_goes_on_the_same(tables in any_tables(), seed in any::<u64>()) {
        let mut seen = watched(&tables, 700, &mut Dice(seed), |node, on| if on { 3 + node as u32 } else { 1 });
        let mut kept = Vec::new();
        ciborium::into_writer(&seen, &mut kept).unwrap();
        prop_assert!(kept.len() < 1_200, "{}", kept.len());
        let mut again: Observed = ciborium::from_reader(&kept[..]).unwrap();
        for second in 0..50 {
            let did = std::array::from_fn(|node| (second * (node as u32 + 1)) % 5);
            seen.see(did);
            again.see(did);
        }
        prop_assert_eq!(seen, again);
    }
}

#[test]
fn both_states_come_up_whatever_the_counts_look_like() {
    let mut dice = Dice(7);
    let share = |seen: &Observed, node: usize| seen.times[node][1] / (seen.times[node][0] + seen.times[node][1]);
    let mut seen = Observed::default();
    for _ in 0..20_000 {
        let normal = (0..12).map(|_| dice.roll()).sum::<f64>() - 6.0;
        seen.see([
            // Log-normal, of several orders of magnitude.
            (normal * 2.0 + 4.0).exp() as u32,
            // Nearly always one, and none once in twenty: its median is one, and nothing above it.
            u32::from(dice.roll() < 0.95),
            // Nearly always none.
            u32::from(dice.roll() < 0.05),
            // A rush of ten thousand now and then, above what is ordinary.
            if dice.roll() < 0.02 { 10_000 } else { (dice.roll() * 8.0) as u32 },
            // Geometric.
            (dice.roll().max(1e-9).ln() / 0.7f64.ln()) as u32,
            4,
        ]);
    }
    assert!((0.35..0.65).contains(&share(&seen, 0)), "{}", share(&seen, 0));
    assert!((0.9..0.99).contains(&share(&seen, 1)), "{}", share(&seen, 1));
    assert!((0.02..0.1).contains(&share(&seen, 2)), "{}", share(&seen, 2));
    assert!((0.3..0.7).contains(&share(&seen, 3)), "{}", share(&seen, 3));
    assert!((0.3..0.7).contains(&share(&seen, 4)), "{}", share(&seen, 4));
    let told = seen.observation().unwrap();
    assert_eq!(told.nodes, Part::ALL[..5], "the last never changes, and is left out");
    assert!(!told.state[5]);
}

#[test]
fn who_stands_still_is_a_condition_of_the_others() {
    let tables: Vec<Vec<f64>> = Part::ALL.iter().map(|part| (0..states(*part)).map(|s| 0.2 + 0.07 * s as f64).collect()).collect();
    let seen = watched(&tables, 3_000, &mut Dice(3), |node, on| if node == 5 { 2 } else { u32::from(on) });
    let told = seen.observation().unwrap();
    let network = network(&told).unwrap();
    assert_eq!((network.n, told.tables.len()), (5, 5));
    // Workspace hears perception, memory and phoenix: of the last only what follows its standing state is left.
    let workspace = &network.on[4];
    assert_eq!(workspace.len(), 32);
    for (state, on) in workspace.iter().enumerate() {
        assert_eq!(*on, told.tables[4][(state & 1) | (state >> 3 & 1) << 1]);
    }
    assert_eq!(network.inputs[4], 0b01001);
    assert_eq!(parts(&told, 0b10010), [Part::Conscience, Part::Workspace]);
}

#[test]
fn too_little_is_no_network() {
    let mut seen = Observed::default();
    assert_eq!(seen.observation().unwrap_err(), NotYet::Young { samples: 0 });
    // One second to know what is usual, one to have a state, and then as many as it takes.
    (0..LEAST_SAMPLES + 1).for_each(|s| seen.see([s as u32 % 2; 6]));
    assert_eq!(seen.observation().unwrap_err().to_string(), "599 seconds were watched since the start: it takes 600");
    seen.see([1; 6]);
    assert_eq!(seen.observation().unwrap().samples, LEAST_SAMPLES);
    let mut still = Observed::default();
    (0..700).for_each(|s| still.see([s % 2, s % 3, 1, 1, 1, 1]));
    assert_eq!(
        still.observation().unwrap_err().to_string(),
        "too few parts change what they do, and it takes 3: soul, memory, workspace, phoenix did the same all the time"
    );
    // Who stops long enough is left out again.
    (0..30_000).for_each(|_| seen.see([1; 6]));
    assert!(matches!(seen.observation(), Err(NotYet::Still { parts }) if parts.len() == 6));
}

#[test]
fn what_nobody_can_have_seen_is_refused() {
    let tables: Vec<Vec<f64>> = Part::ALL.iter().map(|part| vec![0.5; states(*part)]).collect();
    let seen = watched(&tables, 700, &mut Dice(1), |_, on| u32::from(on));
    for spoil in [
        (|seen: &mut Observed| seen.state = 64) as fn(&mut Observed),
        |seen| seen.usual[2] = f64::NAN,
        |seen| seen.usual[2] = 30.0,
        |seen| seen.times[1][0] = -0.1,
        |seen| seen.times[1][1] = 3_602.0,
        |seen| seen.followed[4][7][1] = f64::INFINITY,
        |seen| seen.followed.truncate(5),
        |seen| seen.followed[4].truncate(7),
        |seen| seen.samples = seen.seconds,
    ] {
        let mut spoilt = seen.clone();
        spoil(&mut spoilt);
        assert!(!spoilt.is_sound());
    }
    let told = seen.observation().unwrap();
    let wrong = |spoil: fn(&mut Observation)| {
        let mut spoilt = told.clone();
        spoil(&mut spoilt);
        network(&spoilt).unwrap_err().to_string()
    };
    assert_eq!(wrong(|o| o.tables[4].truncate(7)), "node 4 has 7 rows: one for each of the 8 states");
    assert_eq!(wrong(|o| o.tables[0][0] = 1.5), "node 0 is on with 1.5: a probability is in [0, 1]");
    assert_eq!(wrong(|o| o.nodes.swap(0, 1)), "a network has 1 to 8 nodes, and this has 6");
}

/// Of parts that say nothing of each other the whole says next to nothing; of those that do, something.
#[test]
fn links_that_carry_nothing_leave_no_phi() {
    let of = |pull: f64| {
        let table = |part: &Part| {
            let n = inputs(*part).count_ones() as f64;
            (0..states(*part) as Mask).map(|s| 0.5 + pull * (f64::from(s.count_ones()) / n - 0.5)).collect()
        };
        let seen = watched(&Part::ALL.iter().map(table).collect::<Vec<_>>(), 8_000, &mut Dice(11), |_, on| u32::from(on));
        iit::phi(&network(&seen.observation().unwrap()).unwrap(), || true).unwrap().phi
    };
    let (none, strong) = (of(0.0), of(0.8));
    assert!(none < 0.01 && strong > 10.0 * none, "{none} {strong}");
}
