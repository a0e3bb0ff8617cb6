//! Processes with known measures, and what holds for all.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    partition: Vec<Vec<usize>>,
    cov: Vec<Vec<f64>>,
    lag1cov: Vec<Vec<f64>>,
    phi_flow: f64,
    phi_flow_src: Vec<usize>,
    phi_flow_tgt: Vec<usize>,
    phi_g: f64,
    phi_r: Option<f64>,
    phi_g_mip: Option<f64>,
    phi_r_mip: Option<f64>,
}

const NEAR: f64 = 1e-9;

fn matrix(rows: &[Vec<f64>]) -> Matrix {
    Matrix::from_fn(rows.len(), rows.len(), |i, j| rows[i][j])
}

#[test]
fn known_processes_have_their_measures() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("processes.json")).unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let process = Process::new(matrix(&case.cov), matrix(&case.lag1cov)).unwrap();
        let near = |what: &str, told: Option<f64>, known: f64| {
            assert!((told.unwrap() - known).abs() < NEAR, "{} {what}: {told:?} and not {known}", case.name);
        };
        let weakest = process.phi_flow().unwrap();
        near("flow", Some(weakest.nats), case.phi_flow);
        // Where several cuts lose as little, any is the weakest.
        near("its cut", process.transfer(&case.phi_flow_tgt), weakest.nats);
        assert_eq!(case.phi_flow_src.len() + case.phi_flow_tgt.len(), case.cov.len());
        near("Φ_G", process.phi_g(&case.partition), case.phi_g);
        if let Some(known) = case.phi_r {
            near("Φ_R", process.phi_r(&case.partition), known);
        }
        if let Some(known) = case.phi_g_mip {
            near("Φ_G of two parts", process.least(Process::phi_g).map(|(least, _)| least), known);
        }
        if let Some(known) = case.phi_r_mip {
            near("Φ_R of two parts", process.least(Process::phi_r).map(|(least, _)| least), known);
        }
    }
}

/// S of x' = A x + e, Cov(e) = E, found by letting it run.
fn settled(a: &Matrix, noise: &Matrix) -> Process {
    let mut s = noise.clone();
    for _ in 0..2_000 {
        s = a.times(&s).times(&a.transposed()).plus(noise);
    }
    Process::new(s.clone(), a.times(&s)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_is_never_below_zero_and_zero_without_coupling(values in prop::collection::vec(-0.25f64..0.25, 9), common in 0.0f64..0.9) {
        let noise = Matrix::from_fn(3, 3, |i, j| if i == j { 1.0 } else { common });
        let coupled = settled(&Matrix::from_fn(3, 3, |i, j| values[3 * i + j]), &noise);
        prop_assert!(coupled.phi_flow().unwrap().nats >= 0.0);
        prop_assert!(coupled.phi_g(&[vec![0], vec![1], vec![2]]).unwrap() >= 0.0);
        // What all feel alike, as a busy host, connects nothing.
        let alone = settled(&Matrix::from_fn(3, 3, |i, j| if i == j { values[i] } else { 0.0 }), &noise);
        prop_assert!(alone.phi_flow().unwrap().nats < 1e-9);
        // Nor does one way only.
        let one_way = settled(&Matrix::from_fn(3, 3, |i, j| if j <= i { values[3 * i + j] } else { 0.0 }), &noise);
        prop_assert!(one_way.phi_flow().unwrap().nats < 1e-9);
    }
}

#[test]
fn what_has_no_variance_has_no_measure() {
    let flat = Matrix::from_fn(2, 2, |i, j| if i == 0 && j == 0 { 1.0 } else { 0.0 });
    assert_eq!(Process::new(flat.clone(), flat).unwrap().phi_flow(), None);
    let square = |n: usize| Matrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.0 });
    assert_eq!(Process::new(square(1), square(1)), None);
    assert_eq!(Process::new(square(17), square(17)), None);
    assert_eq!(Process::new(square(3), square(2)), None);
}
