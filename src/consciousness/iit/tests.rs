//! Networks with known Φ, and what holds for all.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;

/// Computed with PyPhi 1.2.0; the earth mover's distance exact.
#[derive(Deserialize)]
struct Case {
    name: String,
    state: Vec<Mask>,
    cm: Vec<Vec<Mask>>,
    tpm_state_by_node: Vec<Vec<f64>>,
    phi: f64,
    mip_cut: Option<Cut>,
    concepts: Vec<Known>,
}

#[derive(Deserialize)]
struct Cut {
    from_nodes: Vec<usize>,
    to_nodes: Vec<usize>,
}

#[derive(Deserialize)]
struct Known {
    mechanism: Vec<usize>,
    phi: f64,
    cause_purview: Vec<usize>,
    effect_purview: Vec<usize>,
    cause_phi: f64,
    effect_phi: f64,
}

const NEAR: f64 = 2e-6;

fn set(nodes: &[usize]) -> Mask {
    nodes.iter().map(|node| mask::one(*node)).sum()
}

fn network(case: &Case) -> Network {
    let n = case.state.len();
    let state = case.state.iter().enumerate().map(|(node, on)| on * mask::one(node)).sum();
    let inputs = (0..n).map(|to| (0..n).filter(|from| case.cm[*from][to] == 1).map(mask::one).sum()).collect();
    let on = (0..n).map(|node| case.tpm_state_by_node.iter().map(|row| row[node]).collect()).collect();
    Network::new(on, inputs, state).unwrap()
}

fn whole(network: &Network) -> Integration {
    phi(network, || true).unwrap()
}

#[test]
fn known_networks_have_their_phi() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("networks.json")).unwrap();
    assert_eq!(cases.len(), 21);
    for case in cases {
        let told = whole(&network(&case));
        assert!((told.phi - case.phi).abs() <= NEAR, "{}: {} and not {}", case.name, told.phi, case.phi);
        let cut = case.mip_cut.map(|cut| (set(&cut.from_nodes), set(&cut.to_nodes)));
        assert_eq!(told.cut, cut, "{}", case.name);
        assert_eq!(told.concepts.len(), case.concepts.len(), "{}", case.name);
        for known in case.concepts {
            let concept = told.concepts.iter().find(|c| c.mechanism == set(&known.mechanism)).unwrap();
            let near = |x: f64, y: f64| (x - y).abs() <= NEAR;
            assert!(near(concept.phi, known.phi), "{}: {concept:?}", case.name);
            assert!(near(concept.cause.phi, known.cause_phi) && near(concept.effect.phi, known.effect_phi), "{}: {concept:?}", case.name);
            let purviews = (concept.cause.purview, concept.effect.purview);
            assert_eq!(purviews, (set(&known.cause_purview), set(&known.effect_purview)), "{}: {concept:?}", case.name);
        }
    }
}

#[test]
fn what_is_no_network_is_said() {
    let on = |n: usize| vec![vec![0.5; 1 << n]; n];
    assert_eq!(Network::new(on(9), vec![0; 9], 0).unwrap_err(), NetworkError::Nodes(9));
    assert_eq!(Network::new(Vec::new(), Vec::new(), 0).unwrap_err(), NetworkError::Nodes(0));
    assert_eq!(Network::new(vec![vec![0.5; 3]; 2], vec![0; 2], 0).unwrap_err(), NetworkError::Rows { node: 0, rows: 3, expected: 4 });
    let mut wrong = on(2);
    wrong[1][2] = 1.5;
    assert_eq!(Network::new(wrong, vec![0; 2], 0).unwrap_err(), NetworkError::Probability { node: 1, value: 1.5 });
    assert_eq!(Network::new(on(2), vec![0, 4], 0).unwrap_err(), NetworkError::Link { node: 1 });
    assert_eq!(Network::new(on(2), vec![0, 1], 4).unwrap_err(), NetworkError::Link { node: 2 });
    assert!(Network::new(on(8), vec![0; 8], 255).is_ok());
}

#[test]
fn it_stops_when_it_is_told_to() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("networks.json")).unwrap();
    let mut asked = 0;
    let told = phi(&network(&cases[4]), || {
        asked += 1;
        asked < 3
    });
    assert_eq!((told, asked), (None, 3));
}

/// Three nodes, each acting on each, with any probabilities.
fn any_network() -> impl Strategy<Value = Network> {
    (prop::collection::vec(prop::collection::vec(0.0f64..=1.0, 8), 3), 0u16..8)
        .prop_map(|(on, state)| Network::new(on, vec![7; 3], state).unwrap())
}

/// The same with node k called `names[k]`.
fn renamed(network: &Network, names: [usize; 3]) -> Network {
    let rename = |state: Mask| (0..3).filter(|node| mask::has(state, *node)).map(|node| mask::one(names[node])).sum::<Mask>();
    let mut on = vec![vec![0.0; 8]; 3];
    for node in 0..3 {
        for state in 0..8 {
            on[names[node]][usize::from(rename(state))] = network.on[node][usize::from(state)];
        }
    }
    Network::new(on, vec![7; 3], rename(network.state)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn names_change_nothing(network in any_network(), names in Just([0usize, 1, 2]).prop_shuffle()) {
        let (one, other) = (whole(&network), whole(&renamed(&network, names)));
        prop_assert!(one.phi >= 0.0);
        prop_assert!((one.phi - other.phi).abs() <= NEAR, "{} {}", one.phi, other.phi);
        prop_assert_eq!(one.concepts.len(), other.concepts.len());
    }

    #[test]
    fn without_a_way_back_there_is_none(network in any_network(), loser in 0usize..3) {
        // Whatever acts on that node acts no more.
        let mut on = network.on.clone();
        for other in (0..3).filter(|other| *other != loser) {
            let bit = 1usize << other;
            for state in (0..8).filter(|state| state & bit == 0) {
                on[loser][state | bit] = on[loser][state];
            }
        }
        let mut inputs = vec![7; 3];
        inputs[loser] = mask::one(loser);
        let cut = Network::new(on, inputs, network.state).unwrap();
        prop_assert_eq!(whole(&cut).phi, 0.0);
    }
}
