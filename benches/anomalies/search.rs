//! One setting after another, each at its best while the others stand, until none moves; with all motes, and with each of them left out.

use crate::{
    SEED, Trials, Worth,
    knobs::{FIRST, KNOBS},
    row,
    tally::Tally,
};
use jamey::soul::SeriesSettings;
use std::collections::BTreeMap;

const ROUNDS: usize = 3;
/// Sets of seeds by which their luck is measured.
const SETS: u64 = 5;
/// Less is no improvement, but the luck of the seeds.
const LEAST_GAIN: f64 = 0.001;

/// Candidates that were judged already: the searches meet at many of them.
struct Known<'t> {
    trials: &'t Trials,
    worth: BTreeMap<Vec<u64>, Worth>,
}

impl Known<'_> {
    fn judge(&mut self, mut by: SeriesSettings) -> Worth {
        let key = KNOBS.iter().map(|(_, knob, _)| knob(&mut by).to_bits()).collect();
        self.worth.entry(key).or_insert_with(|| self.trials.judge(&by)).clone()
    }
}

pub fn all(trials: &Trials) {
    let mut known = Known { trials, worth: BTreeMap::new() };
    let found = one(&mut known, None, true);
    println!("found: {found:#?}");
    simplify(found);
    let mut left_out = Tally::default();
    for mote in 0..trials.motes.len() {
        let found = one(&mut known, Some(mote), false);
        let tally = known.judge(found).motes[mote];
        println!(
            "chosen without mote {}: there F1 {:.3}, {:.0} false episodes, {:.0} late",
            mote + 1,
            tally.f1(),
            tally.false_episodes,
            tally.late
        );
        left_out = left_out.and(tally);
    }
    println!("each mote judged by what was chosen without it: F1 {:.3}", left_out.f1());
}

fn one(known: &mut Known<'_>, without: Option<usize>, tell: bool) -> SeriesSettings {
    let first = known.judge(FIRST);
    let (mut best, mut j) = (FIRST, first.j(without));
    for round in 1..=ROUNDS {
        let before = best;
        for (name, knob, values) in KNOBS {
            let stands = best;
            for value in values {
                let mut candidate = stands;
                *knob(&mut candidate) = *value;
                let worth = known.judge(candidate);
                if worth.q <= first.q && worth.j(without) > j + LEAST_GAIN {
                    if tell {
                        row(&format!("round {round}: {name} = {value}"), &worth, without);
                    }
                    (best, j) = (candidate, worth.j(without));
                }
            }
        }
        if best == before {
            break;
        }
    }
    best
}

/// The one-standard-error rule (Breiman et al. 1984): what moved goes back to where it began, unless that costs more than the luck of the seeds.
fn simplify(found: SeriesSettings) {
    let beds: Vec<Trials> = (0..SETS).map(|n| Trials::new(SEED + 1_000_000 * (n + 1))).collect();
    let js = |by: &SeriesSettings| beds.iter().map(|trials| trials.judge(by).j(None)).collect::<Vec<f64>>();
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let first = js(&found);
    let at_best = mean(&first);
    let error = (first.iter().map(|j| (j - at_best).powi(2)).sum::<f64>() / (first.len() - 1) as f64 / first.len() as f64).sqrt();
    println!("J {at_best:.4} on {SETS} sets of seeds, standard error {error:.4}");
    let mut simple = found;
    loop {
        let mut least: Option<(f64, &str, SeriesSettings)> = None;
        for (name, knob, _) in KNOBS {
            let (mut candidate, mut before) = (simple, FIRST);
            if knob(&mut candidate) == knob(&mut before) {
                continue;
            }
            *knob(&mut candidate) = *knob(&mut before);
            let j = mean(&js(&candidate));
            println!("   without {name}: {j:.4}");
            if j >= at_best - error && least.as_ref().is_none_or(|(best, ..)| j > *best) {
                least = Some((j, name, candidate));
            }
        }
        let Some((j, name, candidate)) = least else { break };
        println!("{name} as before: {j:.4}");
        simple = candidate;
    }
    println!("kept: {simple:#?}");
}
