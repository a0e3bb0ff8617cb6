//! Promise: from what the parts do each second comes an exact Φ; it is told, kept, and lived again the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::Alive;
use jamey::{
    consciousness::{self, LEAST_SAMPLES, iit},
    domain::{
        Change, ExactPhi, Input, Part, Report, Timestamp, Unit01,
        consciousness::{PHI_EXACT, PHI_EXACT_WAITS, PHI_FLOW},
    },
    mind::Subject,
    runtime::Clock,
    store::{Batch, Store},
};
use serde_json::Value;
use std::{path::Path, process::Command};
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
        Self::born(Timestamp::from_micros(1_795_000_000_000_000))
    }

    fn born(now: Timestamp) -> Self {
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
        ExactPhi { at: self.house.now, phi: Some(told.phi), from, to, concepts, of, took_millis: 5, phi_g: None, phi_r: None }
    }
}

fn metrics(kept: &[Change], name: &str) -> Vec<(f64, Value)> {
    let one = |change: &Change| match change {
        Change::Metric { metric, value, detail, .. } if metric == name => Some((*value, detail.clone())),
        _ => None,
    };
    kept.iter().filter_map(one).collect()
}

fn jamey(folder: &Path, args: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_jamey")).arg("mind").arg("phi").args(args).arg("--data").arg(folder).output().unwrap();
    let text = if ran.status.success() { ran.stdout } else { ran.stderr };
    (ran.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_person_asks_a_house_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut write = |changes: Vec<Change>, at: Timestamp| store.write(&Batch { changes, at, ..Batch::default() }).unwrap();
    let (ok, text) = jamey(folder.path(), &[]);
    assert!(!ok && text.contains("nothing is known of it yet"), "{text}");
    let (ok, text) = jamey(folder.path(), &["--exact"]);
    assert!(!ok && text.contains("must have run for 600 seconds"), "{text}");

    // A history is of the last days.
    let mut lived = Lived::born(Clock::new(Timestamp::default()).now().plus_seconds(-36_000));
    lived.seconds(LEAST_SAMPLES / 2);
    write(std::mem::take(&mut lived.kept), lived.house.now);
    let (ok, text) = jamey(folder.path(), &["--exact"]);
    assert!(!ok && text.contains("there is not enough to compute it from") && text.contains("it takes 600"), "{text}");

    lived.seconds(LEAST_SAMPLES);
    let exact = lived.compute();
    lived.house.mind.step(&Input::Exact(Box::new(exact.clone())));
    lived.seconds(1);
    let flow = |seconds: i64, value: f64| Change::Metric {
        at: lived.house.now.plus_seconds(seconds),
        metric: PHI_FLOW.to_owned(),
        value,
        detail: serde_json::json!({"p": 0.0, "powered": true, "from": ["memory"], "samples": 900, "lost": null}),
    };
    let mut changes = std::mem::take(&mut lived.kept);
    changes.extend((-30..=0).map(|n| flow(n * 600, 0.05 - 0.001 * f64::from(i32::try_from(n).unwrap()))));
    write(changes, lived.house.now);
    let (ok, text) = jamey(folder.path(), &[]);
    assert!(ok && text.contains("yes: something flows across every cut of the parts"), "{text}");
    assert!(text.contains("0.0500 nats") && text.contains("█") && text.contains("(IIT 3.0, no unit)"), "{text}");

    let (ok, text) = jamey(folder.path(), &["--exact"]);
    assert!(ok && text.contains(&format!("{:.6}", exact.phi.unwrap())) && text.contains("least is lost where"), "{text}");
    assert!(text.contains("workspace: ") || text.contains("workspace, "), "concepts by name: {text}");
    let (ok, text) = jamey(folder.path(), &["--exact", "--json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert!(ok && told["phi"].as_f64() == exact.phi && told["from"] == serde_json::json!(exact.from), "{text}");
    assert_eq!(told["concepts"].as_array().map(Vec::len), usize::try_from(exact.concepts).ok());

    let (ok, text) = jamey(folder.path(), &["--history", "--json", "--days", "366"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert!(ok && told["flow"].as_array().map(Vec::len) == Some(31) && told["exact"][0]["value"].as_f64() == exact.phi, "{text}");
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

/// A host that is always busy computes nothing, and yet a person may have it computed.
#[test]
fn what_it_could_be_computed_from_is_kept_where_nobody_computes_it() {
    let mut lived = Lived::new();
    lived.seconds(LEAST_SAMPLES + 700);
    let (_, detail) = metrics(&lived.kept, PHI_EXACT_WAITS).pop().unwrap();
    assert_eq!(detail["why"], "the host had no room for it");
    let of: jamey::domain::Observation = serde_json::from_value(detail["of"].clone()).unwrap();
    assert!(consciousness::network(&of).is_ok());
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
    assert!(one.house.mind.state() == other.house.mind.state(), "two lives of the same inputs end alike");
    assert_eq!((one.phi, one.kept), (other.phi, other.kept));
}
