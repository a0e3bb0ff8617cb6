//! Networks of every kind, held against the definitions themselves and against PyPhi.

use super::{super::*, Plain};
use serde::Deserialize;

/// Figures are rounded on their way at six places, and not there.
const NEAR: f64 = 5e-6;

/// Numbers in [0, 1) that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }

    fn is(&mut self, likely: f64) -> bool {
        self.roll() < likely
    }

    /// Nodes that act on each other with this likelihood, and what each then does.
    fn network(&mut self, n: usize, linked: impl Fn(usize, usize) -> f64, does: impl Fn(&mut Self) -> f64) -> Plain {
        let acts: Vec<Vec<bool>> = (0..n).map(|node| (0..n).map(|from| self.is(linked(from, node))).collect()).collect();
        let mut on = Vec::new();
        for acting in &acts {
            let told: Vec<f64> = (0..1 << n).map(|_| does(self)).collect();
            // Of states that differ only in what does not act the first tells.
            let first = |state: usize| (0..n).filter(|from| acting[*from]).map(|from| state & 1 << from).sum::<usize>();
            on.push((0..1 << n).map(|state| told[first(state)]).collect());
        }
        let state = (0..n).map(|_| self.is(0.5)).collect();
        Plain { on, acts, state }
    }
}

fn network(plain: &Plain) -> Network {
    let set = |all: &[bool]| all.iter().enumerate().filter(|(_, is)| **is).map(|(node, _)| mask::one(node)).sum();
    Network::new(plain.on.clone(), plain.acts.iter().map(|acts| set(acts)).collect(), set(&plain.state)).unwrap()
}

/// What came of it; Φ and concepts are those of the definitions.
#[track_caller]
fn agree(what: &str, plain: &Plain) -> f64 {
    let network = network(plain);
    let (told, known) = (phi(&network, || true).unwrap(), plain.phi());
    assert!((told.phi - known).abs() < NEAR, "{what}: {} and not {known}: {network:?}", told.phi);
    // Where not all are connected it is not looked for concepts.
    if network.is_strongly_connected() {
        let concepts = plain.concepts();
        assert_eq!(told.concepts.len(), concepts.len(), "{what}: {network:?}");
        for said in concepts {
            let mechanism: Mask = said.mechanism.iter().map(|node| mask::one(*node)).sum();
            let found = told.concepts.iter().find(|concept| concept.mechanism == mechanism).unwrap();
            assert!((found.phi - said.phi).abs() < NEAR, "{what}: {mechanism:b} {} and not {}: {network:?}", found.phi, said.phi);
        }
    }
    told.phi
}

fn ring(n: usize) -> impl Fn(usize, usize) -> f64 {
    move |from, to| if to == (from + 1) % n { 1.0 } else { 0.0 }
}

#[test]
fn dense_and_sparse_networks_of_three_are_as_the_definitions_say() {
    let mut dice = Dice(7_001);
    for n in 0..8 {
        let dense = dice.network(3, |_, _| 1.0, Dice::roll);
        assert!(agree(&format!("dense {n}"), &dense) > 0.0);
        let sparse = dice.network(3, |from, to| if to == (from + 1) % 3 { 1.0 } else { 0.4 }, Dice::roll);
        assert!(agree(&format!("sparse {n}"), &sparse) > 0.0);
    }
}

/// States that cannot be reached, ties of purviews, nodes that never change.
#[test]
fn networks_without_chance_are_as_the_definitions_say() {
    let mut dice = Dice(7_002);
    let mut some = 0;
    for n in 0..24 {
        let linked = |from: usize, to: usize| if to == (from + 1) % 3 { 1.0 } else { 0.6 };
        let sure = dice.network(3, linked, |dice| f64::from(u8::from(dice.is(0.5))));
        some += usize::from(agree(&format!("sure {n}"), &sure) > 0.0);
        let nearly = dice.network(2, |_, _| 1.0, |dice| if dice.is(0.5) { 0.95 } else { 0.0 });
        agree(&format!("nearly {n}"), &nearly);
    }
    assert!(some > 3, "{some}");
}

/// Nodes on which nothing acts, which act on nothing, on themselves only, or apart from others.
#[test]
fn what_does_not_hang_together_has_none_by_the_definitions_too() {
    let mut dice = Dice(7_003);
    for n in 0..12 {
        let any = dice.network(3, |_, _| 0.35, Dice::roll);
        let phi = agree(&format!("any {n}"), &any);
        assert!(network(&any).is_strongly_connected() || phi == 0.0);
    }
    assert_eq!(agree("by themselves", &dice.network(3, |from, to| if from == to { 1.0 } else { 0.0 }, Dice::roll)), 0.0);
    assert_eq!(agree("nothing acts", &dice.network(3, |_, _| 0.0, Dice::roll)), 0.0);
    let apart = |from: usize, to: usize| if (from < 2) == (to < 2) { 1.0 } else { 0.0 };
    assert_eq!(agree("two and one", &dice.network(3, apart, Dice::roll)), 0.0);
}

/// A link that carries nothing, and one that the tables know and nobody names.
#[test]
fn what_tables_and_links_do_not_say_alike_is_as_the_definitions_say() {
    let mut dice = Dice(7_004);
    for n in 0..6 {
        let mut claimed = dice.network(3, ring(3), Dice::roll);
        claimed.acts = vec![vec![true; 3]; 3];
        assert!(agree(&format!("claimed {n}"), &claimed) > 0.0);
        let mut unsaid = dice.network(3, |_, _| 1.0, Dice::roll);
        unsaid.acts = dice.network(3, |from, to| if to == (from + 1) % 3 { 1.0 } else { 0.3 }, Dice::roll).acts;
        agree(&format!("unsaid {n}"), &unsaid);
    }
}

#[test]
fn four_nodes_are_as_the_definitions_say() {
    let mut dice = Dice(7_005);
    assert!(agree("a ring", &dice.network(4, ring(4), Dice::roll)) > 0.0);
    let both = |from: usize, to: usize| if to == (from + 1) % 4 || from == (to + 1) % 4 && to < 2 { 1.0 } else { 0.0 };
    assert!(agree("and back", &dice.network(4, both, Dice::roll)) > 0.0);
}

/// One that PyPhi 1.2.0 computed: nodes' tables and inputs, the present state, Φ, how many concepts, and the sum of their φ.
#[derive(Deserialize)]
struct Known {
    name: String,
    on: Vec<Vec<f64>>,
    inputs: Vec<Mask>,
    state: Mask,
    phi: f64,
    concepts: usize,
    sum: f64,
}

#[test]
fn networks_of_every_kind_are_as_pyphi_says() {
    let all: Vec<Known> = include_str!("others.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for known in &all {
        let told = phi(&Network::new(known.on.clone(), known.inputs.clone(), known.state).unwrap(), || true).unwrap();
        assert!((told.phi - known.phi).abs() <= 2e-6, "{}: {} and not {}", known.name, told.phi, known.phi);
        let sum: f64 = told.concepts.iter().map(|concept| concept.phi).sum();
        assert!(told.concepts.len() == known.concepts && (sum - known.sum).abs() < 1e-5, "{}: {:?}", known.name, told.concepts);
    }
}
