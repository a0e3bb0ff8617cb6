//! Φ_flow, live: whether the parts still work as one, and which link carries nothing any more when they do not.

use super::{
    gaussian::{Matrix, Process},
    wiring::{self, Link},
};
use crate::domain::{Part, Timestamp};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::checked_gamma_ur;

const N: usize = 6;
/// λ: what was seen weighs half after 69 seconds. T_eff = (1+λ)/(1−λ) = 199: a lost link is told from a weak one within some minutes, and
/// after 600 seconds nothing of the time before is left (λ⁶⁰⁰ = .002).
const KEPT: f64 = 0.99;
/// Seconds between two looks; one after the other they see nearly the same.
const LOOK: u64 = 5;
/// Seconds before it says anything.
const LEAST_SAMPLES: u64 = 300;
/// A channel that varies by less than this does not vary.
const LEAST_VARIANCE: f64 = 1e-6;
/// The test's level: above it three times in a row the weakest cut carries nothing.
const LEVEL: f64 = 0.01;
/// Below it three times in a row it carries again.
const SURE: f64 = 0.001;
const IN_A_ROW: u8 = 3;
/// A cut that usually carries so little that its test would miss by chance more often than this is none to raise an alarm by.
const LEAST_POWER: f64 = 0.9999;
/// What is usual is the mean of an hour of looks: a flow that dries up within minutes hardly changes it.
const USUAL_LOOKS: u32 = 720;
/// What could tell a lost link can do so for ten minutes more: by then nothing is left of what flowed, whatever was learned while it dried up.
const ABLE_LOOKS: u32 = 120;

/// How it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Φ_flow in nats, at least 0, with the bias |U||V|/(2 T_eff) taken off.
    pub nats: f64,
    /// The weakest cut: what flows from these parts to the others.
    pub from: Vec<Part>,
    /// How likely as much would seem to flow if nothing did.
    pub p: f64,
    pub t_eff: f64,
    /// Whether there is enough to tell: enough samples, no channel without variance, and usually enough flow.
    pub powered: bool,
    /// Parts that do not vary.
    pub still: Vec<Part>,
}

/// A link that carries nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub since: Timestamp,
    pub links: Vec<Link>,
    pub from: Vec<Part>,
}

/// Moments of the state vector x, log1p of what each part did in a second, with the second before; all exponentially weighted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    samples: u64,
    last: Option<[f64; N]>,
    /// Σw and Σw².
    weight: f64,
    squares: f64,
    now: [f64; N],
    before: [f64; N],
    /// Σw·x xᵀ of both, and of x with the x before, by row.
    spread: Vec<f64>,
    spread_before: Vec<f64>,
    cross: Vec<f64>,
    reading: Option<Reading>,
    /// What the weakest cut usually carries, in nats, the bias not taken off.
    usual: f64,
    /// Looks that were learned from, up to an hour of them.
    learned: u32,
    /// Looks for which it can still tell.
    able: u32,
    /// Looks in a row that saw nothing flow, or surely something.
    dry: u8,
    flows: u8,
    lost: Option<Lost>,
}

impl Default for Flow {
    fn default() -> Self {
        let (none, nothing) = ([0.0; N], vec![0.0; N * N]);
        Self {
            samples: 0,
            last: None,
            weight: 0.0,
            squares: 0.0,
            now: none,
            before: none,
            spread: nothing.clone(),
            spread_before: nothing.clone(),
            cross: nothing,
            reading: None,
            usual: 0.0,
            learned: 0,
            able: 0,
            dry: 0,
            flows: 0,
            lost: None,
        }
    }
}

impl Flow {
    /// Takes what each part did in a second, in the order of `Part::ALL`. Gives whether there is a new reading.
    pub fn take(&mut self, did: [u32; N], at: Timestamp) -> bool {
        let x = did.map(|n| libm::log1p(f64::from(n)));
        if let Some(y) = self.last.replace(x) {
            self.weight = KEPT * self.weight + 1.0;
            self.squares = KEPT * KEPT * self.squares + 1.0;
            keep(&mut self.now, x.into_iter());
            keep(&mut self.before, y.into_iter());
            let pairs = |a: [f64; N], b: [f64; N]| a.into_iter().flat_map(move |a| b.into_iter().map(move |b| a * b));
            keep(&mut self.spread, pairs(x, x));
            keep(&mut self.spread_before, pairs(y, y));
            keep(&mut self.cross, pairs(x, y));
        }
        self.samples = self.samples.saturating_add(1);
        if !self.samples.is_multiple_of(LOOK) || self.samples < LEAST_SAMPLES {
            return false;
        }
        self.look(at);
        true
    }

    /// A second of which it is not known what was done: the next has none before it.
    pub fn skip(&mut self) {
        self.last = None;
    }

    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    #[must_use]
    pub fn lost(&self) -> Option<&Lost> {
        self.lost.as_ref()
    }

    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The process as it was seen: covariance of x, and of x with the x before. None before there is enough.
    #[must_use]
    pub fn process(&self) -> Option<Process> {
        if self.samples < LEAST_SAMPLES {
            return None;
        }
        let of = |sums: &[f64], left: &[f64; N], right: &[f64; N], i: usize, j: usize| {
            at(sums, i * N + j) / self.weight - at(left, i) / self.weight * (at(right, j) / self.weight)
        };
        // Both are of the same x, one second apart; their mean leaves no cut with less than nothing.
        let s = Matrix::from_fn(N, N, |i, j| {
            f64::midpoint(of(&self.spread, &self.now, &self.now, i, j), of(&self.spread_before, &self.before, &self.before, i, j))
        });
        let c = Matrix::from_fn(N, N, |i, j| of(&self.cross, &self.now, &self.before, i, j));
        Process::new(s, c)
    }

    /// Whether what was read from a recording can be this.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let sums = [&self.spread, &self.spread_before, &self.cross];
        sums.iter().all(|all| all.len() == N * N && all.iter().all(|x| x.is_finite())) && self.weight.is_finite() && self.usual.is_finite()
    }

    fn t_eff(&self) -> f64 {
        self.weight * self.weight / self.squares.max(f64::MIN_POSITIVE)
    }

    fn look(&mut self, now: Timestamp) {
        let Some(process) = self.process() else { return };
        let still: Vec<Part> = Part::ALL.into_iter().filter(|part| process.variance(part.index()) < LEAST_VARIANCE).collect();
        let t_eff = self.t_eff();
        let weakest = if still.is_empty() { process.phi_flow() } else { None };
        let Some(weakest) = weakest else {
            // What does not vary flows nowhere, and tells nothing.
            self.reading = Some(Reading { nats: 0.0, from: still.clone(), p: 1.0, t_eff, powered: false, still });
            (self.dry, self.flows) = (0, 0);
            return;
        };
        let from: Vec<Part> = Part::ALL.into_iter().filter(|part| weakest.from.contains(&part.index())).collect();
        let freedom = number(from.len() * (N - from.len()));
        let p = exceeds(freedom, 2.0 * t_eff * weakest.nats);
        let sees = power(freedom, 2.0 * t_eff * (self.usual - freedom / (2.0 * t_eff)).max(0.0)) >= LEAST_POWER;
        self.able = if sees { ABLE_LOOKS } else { self.able.saturating_sub(1) };
        let powered = self.able > 0;
        let nats = (weakest.nats - freedom / (2.0 * t_eff)).max(0.0);
        self.judge(p, powered, weakest.nats, &from, now);
        self.reading = Some(Reading { nats, from, p, t_eff, powered, still });
    }

    fn judge(&mut self, p: f64, powered: bool, nats: f64, from: &[Part], now: Timestamp) {
        self.dry = if p > LEVEL { self.dry.saturating_add(1).min(IN_A_ROW) } else { 0 };
        self.flows = if p < SURE { self.flows.saturating_add(1).min(IN_A_ROW) } else { 0 };
        if self.lost.is_none() {
            if self.dry == IN_A_ROW && powered {
                self.lost = Some(Lost { since: now, links: wiring::cut(from).collect(), from: from.to_vec() });
            } else if p < SURE {
                // What is usual is learned while it flows.
                self.learned = (self.learned + 1).min(USUAL_LOOKS);
                self.usual += (nats - self.usual) / f64::from(self.learned);
            }
        } else if self.flows == IN_A_ROW {
            self.lost = None;
        }
    }
}

impl Lost {
    /// `internal link lost: memory no longer answers recall (nothing flows memory → rest)`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut what: Vec<&str> = self.links.iter().map(|link| link.lost()).collect();
        what.dedup();
        format!("internal link lost: {} ({})", what.join("; "), nothing_flows(&self.from))
    }
}

/// A cut in words: `nothing flows memory → rest`.
#[must_use]
pub fn nothing_flows(from: &[Part]) -> String {
    let to: Vec<&str> = Part::ALL.iter().filter(|part| !from.contains(part)).map(|part| part.as_str()).collect();
    let names: Vec<&str> = from.iter().map(|part| part.as_str()).collect();
    if from.len() <= to.len() {
        format!("nothing flows {} → rest", names.join(", "))
    } else {
        format!("nothing flows rest → {}", to.join(", "))
    }
}

/// sums ← λ·sums + new.
fn keep(sums: &mut [f64], new: impl Iterator<Item = f64>) {
    for (sum, new) in sums.iter_mut().zip(new) {
        *sum = KEPT * *sum + new;
    }
}

fn at(all: &[f64], i: usize) -> f64 {
    all.get(i).copied().unwrap_or(0.0)
}

fn number(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}

/// P(χ²(k) > x), in [0, 1].
fn exceeds(k: f64, x: f64) -> f64 {
    if x > 0.0 { checked_gamma_ur(k / 2.0, x / 2.0).unwrap_or(0.0) } else { 1.0 }
}

/// How often a test of level .01 finds a flow of noncentrality δ with k degrees of freedom, in [0, 1]: P(χ'²(k, δ) > χ²_.99(k)), the
/// noncentral distribution as a mixture of central ones with Poisson weights (Johnson, Kotz and Balakrishnan 1995, ch. 29).
fn power(k: f64, delta: f64) -> f64 {
    let (mut low, mut high) = (0.0, 200.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if exceeds(k, middle) > LEVEL {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Beyond this there is no miss that could be told from none.
    let half = delta.min(400.0) / 2.0;
    let mut weight = libm::exp(-half);
    let (mut sum, mut seen) = (0.0, 0.0);
    for j in 0..400u16 {
        let j = f64::from(j);
        sum += weight * exceeds(k + 2.0 * j, high);
        seen += weight;
        weight *= half / (j + 1.0);
    }
    sum + (1.0 - seen).max(0.0)
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
