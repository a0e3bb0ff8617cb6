//! Promise: from what the parts do each second comes an exact Φ; it is told, kept, and lived again the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::Alive;
use jamey::{
    consciousness::{self, LEAST_SAMPLES, iit},
    domain::{
        Change, ExactPhi, Input, Part, Report, Timestamp, Unit01,
        consciousness::{PHI_EXACT, PHI_EXACT_WAITS},
    },
    mind::Subject,
};
use serde_json::Value;
use support::Chance;

/// A house whose inner round goes on, second by second.
struct Lived {
    house: Alive,
    chance: Chance,
    phi: Value,
    kept: Vec<Change>,
}

impl Lived {
    fn new() -> Self {
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        Self { house: Alive::new("", now), chance: Chance::of(5), phi: Value::Null, kept: Vec::new() }
    }

    fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let outcome = self.house.tick(1);
            if let Some(asks) = outcome.asks {
                for (of, did) in [(Part::Memory, asks.recall), (Part::Phoenix, asks.prove)] {
                    self.house.mind.step(&Input::Reported(Report {
                        at: self.house.now,
                        of,
                        did,
                        found: did,
                        weight: Unit01::clamped(0.4),
                    }));
                }
            }
            if self.chance.between(0, 3) == 0 {
                self.house.tell("sensor", "temperature", "21");
            }
            self.listen();
        }
    }

    fn listen(&mut self) {
        let told = self.house.mind.told();
        if let Some((_, view)) = told.into_iter().find(|(subject, _)| *subject == Subject::Phi) {
            self.phi = view;
        }
        let figures = |change: &Change| matches!(change, Change::Metric { metric, .. } if metric.starts_with("phi_exact"));
        self.kept.extend(self.house.mind.take_changes().into_iter().filter(figures));
    }

    /// As the thread does it.
    fn compute(&self) -> ExactPhi {
        let of = self.house.mind.observation().unwrap();
        let told = iit::phi(&consciousness::network(&of).unwrap(), || true).unwrap();
        let (from, to) = told.cut.unwrap();
        let (from, to) = (consciousness::parts(&of, from), consciousness::parts(&of, to));
        let concepts = told.concepts.len().try_into().unwrap();
        ExactPhi { at: self.house.now, phi: Some(told.phi), from, to, concepts, of, took_millis: 5 }
    }
}

fn metrics(kept: &[Change], name: &str) -> Vec<(f64, Value)> {
    let one = |change: &Change| match change {
        Change::Metric { metric, value, detail, .. } if metric == name => Some((*value, detail.clone())),
        _ => None,
    };
    kept.iter().filter_map(one).collect()
}

#[test]
fn what_the_parts_do_becomes_an_exact_phi_that_is_told_and_kept() {
    let mut lived = Lived::new();
    lived.seconds(LEAST_SAMPLES / 2);
    assert_eq!(lived.house.mind.observation(), None);
    let (young, why) = metrics(&lived.kept, PHI_EXACT_WAITS).pop().unwrap();
    assert!(young > 100.0 && why["why"].as_str().unwrap().ends_with("it takes 600"), "{young} {why}");
    assert_eq!(lived.phi["exact"]["phi"], Value::Null);
    assert!(lived.phi["exact"]["why"].as_str().unwrap().contains("it takes 600"), "{}", lived.phi);

    lived.seconds(LEAST_SAMPLES);
    let exact = lived.compute();
    assert_eq!(exact.of.nodes, Part::ALL);
    assert!(exact.phi.unwrap() > 0.0, "the round connects them all: {exact:?}");
    lived.house.mind.step(&Input::Exact(Box::new(exact.clone())));
    lived.listen();
    assert_eq!(lived.phi["exact"]["phi"].as_f64(), exact.phi);
    assert_eq!(lived.phi["exact"]["tpm_source"], "observed");
    assert_eq!(lived.phi["unit"], "nats", "the live figure stands beside it: {}", lived.phi);
    let (phi, detail) = metrics(&lived.kept, PHI_EXACT).pop().unwrap();
    assert_eq!((Some(phi), detail["from"].as_array().map(Vec::len)), (exact.phi, Some(exact.from.len())));
    assert_eq!(serde_json::from_value::<jamey::domain::Observation>(detail["of"].clone()).unwrap(), exact.of, "it can be computed again");

    // The same again is kept and not told.
    lived.seconds(1);
    let told = lived.phi["exact"]["at"].clone();
    lived.house.mind.step(&Input::Exact(Box::new(ExactPhi { at: lived.house.now, ..exact })));
    lived.listen();
    assert_eq!(lived.phi["exact"]["at"], told);
    assert_eq!(metrics(&lived.kept, PHI_EXACT).len(), 2);
}

#[test]
fn a_run_with_results_is_lived_again_the_same() {
    let (mut one, mut other) = (Lived::new(), Lived::new());
    for lived in [&mut one, &mut other] {
        lived.seconds(LEAST_SAMPLES + 10);
        let exact = lived.compute();
        lived.house.mind.step(&Input::Exact(Box::new(exact)));
        lived.seconds(30);
    }
    assert_eq!(one.house.mind.state(), other.house.mind.state());
    assert_eq!((one.phi, one.kept), (other.phi, other.kept));
}
