//! From a run that fails to a short one that fails alike: parts of it are left out as long as the same invariant breaks.

use super::{
    house::{Ground, House, Planted},
    invariants::Broken,
    world::Action,
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A run that went well.
pub struct Lived {
    pub digest: String,
    pub counts: BTreeMap<&'static str, u64>,
}

/// A run that did not: at which action, and how.
#[derive(Debug, Clone)]
pub struct Fell {
    pub at: usize,
    pub broken: Broken,
}

/// So many shorter runs are tried.
const TRIES: u32 = 600;

pub fn live(ground: &Ground, actions: &[Action], planted: Planted) -> Result<Lived, Fell> {
    let mut at = 0;
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut house = House::new(ground, planted);
        for (n, action) in actions.iter().enumerate() {
            at = n;
            house.act(*action)?;
        }
        at = actions.len();
        house.end()?;
        Ok(Lived { digest: house.digest(), counts: house.ledger.counts.clone() })
    }));
    let panicked = |cause: Box<dyn std::any::Any + Send>| {
        let text = cause.downcast_ref::<String>().cloned().or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Broken { invariant: "nothing_panics", text: text.unwrap_or_default() }
    };
    lived.unwrap_or_else(|cause| Err(panicked(cause))).map_err(|broken| Fell { at, broken })
}

/// As short as it becomes, by halves, quarters and so on, and at last one by one (delta debugging).
pub fn shrink(ground: &Ground, actions: &[Action], planted: Planted, fell: &Fell) -> (Vec<Action>, Fell) {
    let mut run: Vec<Action> = actions.iter().take(fell.at + 1).copied().collect();
    let (mut fell, mut tries) = (fell.clone(), 0);
    let mut part = run.len().div_ceil(2).max(1);
    loop {
        let (mut from, mut is_shorter) = (0, false);
        while from < run.len() && tries < TRIES {
            tries += 1;
            let rest: Vec<Action> = run.iter().take(from).chain(run.iter().skip(from + part)).copied().collect();
            match live(ground, &rest, planted) {
                Err(again) if again.broken.invariant == fell.broken.invariant => {
                    run = rest;
                    run.truncate(again.at + 1);
                    (fell, is_shorter) = (again, true);
                }
                _ => from += part,
            }
        }
        if tries >= TRIES || (part == 1 && !is_shorter) {
            return (run, fell);
        }
        if !is_shorter || part > run.len() {
            part = (part / 2).max(1);
        }
    }
}

/// What is printed of it.
pub fn report(seed: u64, of: usize, run: &[Action], fell: &Fell) -> String {
    let mut text = format!(
        "seed {seed}: `{}` does not hold: {}\n{} actions of {of} are enough (JAMEY_SIM_SEEDS={seed} runs the whole again):\n",
        fell.broken.invariant,
        fell.broken.text,
        run.len()
    );
    for action in run {
        let _ = writeln!(text, "    Action::{action:?},");
    }
    text
}
