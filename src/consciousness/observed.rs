//! The parts as a network of on and off, and how often each was seen to follow which: what exact Φ is computed from.

use super::{
    iit::{Mask, Network, NetworkError, mask},
    wiring,
};
use crate::domain::{Observation, Part};
use serde::{Deserialize, Serialize};
use std::fmt;

const PARTS: usize = Part::ALL.len();
/// Seconds after which what was seen counts for 1/e.
const FORGETS_SECONDS: f64 = 3_600.0;
/// Transitions below which nothing is told: then the fullest table, of eight rows, has some 75 a row.
pub const LEAST_SAMPLES: u64 = 600;
/// Seconds, of those that still count, in each state, so that a part counts as one that changes.
const LEAST_OF_EACH: f64 = 5.0;
/// Fewer that change are no network worth a look.
pub const LEAST_NODES: usize = 3;
/// More than usual by less than this is rounding.
const NOTHING: f64 = 1e-9;

/// How active each part is, and which state of each followed which; in constant space.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Seconds and transitions, never forgotten.
    seconds: u64,
    samples: u64,
    /// Of each part the usual log1p of what it does in a second.
    usual: [f64; PARTS],
    /// The last second, a bit a part.
    state: Mask,
    /// Of each part the seconds off and on, as far as they still count.
    times: [[f64; 2]; PARTS],
    /// Of each part, for each state of those that act on it: how often it was off and on a second later.
    followed: Vec<Vec<[f64; 2]>>,
}

/// Why nothing can be computed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotYet {
    Young { samples: u64 },
    Still { parts: Vec<Part> },
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young { samples } => write!(f, "{samples} seconds were watched since the start: it takes {LEAST_SAMPLES}"),
            Self::Still { parts } => {
                let names = parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(", ");
                write!(f, "too few parts change what they do, and it takes {LEAST_NODES}: {names} did the same all the time")
            }
        }
    }
}

impl Observed {
    /// Takes a second in which the parts did so much, in the order of `Part::ALL`.
    ///
    /// A part is on when log1p of what it did is above its exponentially weighted mean (an hour; as long as it is younger the plain mean). Counts are
    /// skewed and often 0: the logarithm keeps a burst from lifting the mean above all that is ordinary, and values that differ at all lie
    /// on both sides of their mean, whereas nothing may lie above a median that most values share.
    pub fn see(&mut self, did: [u32; 6]) {
        let first = self.seconds == 0;
        self.seconds = self.seconds.saturating_add(1);
        let mut state = 0;
        let weight = f64::max(1.0 / u32::try_from(self.seconds).map_or(f64::INFINITY, f64::from), 1.0 / FORGETS_SECONDS);
        for (node, (usual, did)) in self.usual.iter_mut().zip(did).enumerate() {
            let active = libm::log1p(f64::from(did));
            if !first && active > *usual + NOTHING {
                state |= mask::one(node);
            }
            *usual += (active - *usual) * weight;
        }
        // Nothing was usual before the first second.
        if !first {
            self.count(state);
        }
    }

    fn count(&mut self, state: Mask) {
        let follows = self.times.iter().any(|[off, on]| off + on > 0.0);
        let keeps = 1.0 - 1.0 / FORGETS_SECONDS;
        for (node, times) in self.times.iter_mut().enumerate() {
            tally(times, mask::has(state, node), keeps);
        }
        if follows {
            self.followed.resize(PARTS, Vec::new());
            for ((node, part), rows) in Part::ALL.into_iter().enumerate().zip(&mut self.followed) {
                let parents = inputs(part);
                rows.resize(mask::states(parents), [0.0; 2]);
                rows.iter_mut().flatten().for_each(|times| *times *= keeps);
                if let Some(row) = rows.get_mut(usize::from(mask::gather(self.state, parents))) {
                    tally(row, mask::has(state, node), 1.0);
                }
            }
            self.samples = self.samples.saturating_add(1);
        }
        self.state = state;
    }

    /// Transitions that were seen, forgotten ones too.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The network as it was seen, in its present state. A row is (on + 1) / (on + off + 2): Laplace's rule.
    ///
    /// # Errors
    /// Why it cannot be told yet.
    pub fn observation(&self) -> Result<Observation, NotYet> {
        if self.samples < LEAST_SAMPLES {
            return Err(NotYet::Young { samples: self.samples });
        }
        let changes = |part: &Part| self.times.get(part.index()).is_some_and(|[off, on]| off.min(*on) >= LEAST_OF_EACH);
        let (nodes, parts): (Vec<Part>, Vec<Part>) = Part::ALL.into_iter().partition(changes);
        if nodes.len() < LEAST_NODES {
            return Err(NotYet::Still { parts });
        }
        let rows = |part: &Part| self.followed.get(part.index()).into_iter().flatten();
        let tables = nodes.iter().map(|part| rows(part).map(|[off, on]| (on + 1.0) / (off + on + 2.0)).collect()).collect();
        let state = Part::ALL.map(|part| mask::has(self.state, part.index()));
        Ok(Observation { nodes, state, tables, samples: self.samples })
    }

    /// Whether it can have come from watching.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        // λ / (1 − λ) and the newest.
        let counted = |times: &[f64; 2]| times.iter().all(|t| (0.0..=FORGETS_SECONDS + 1.0).contains(t));
        let most = libm::log1p(f64::from(u32::MAX));
        let sizes = self.followed.is_empty()
            || self.followed.len() == PARTS
                && Part::ALL.into_iter().zip(&self.followed).all(|(part, rows)| rows.len() == mask::states(inputs(part)));
        sizes
            && self.state & !mask::all(PARTS) == 0
            && self.samples < self.seconds.max(1)
            && self.usual.iter().all(|usual| (0.0..=most).contains(usual))
            && self.times.iter().chain(self.followed.iter().flatten()).all(counted)
    }
}

fn tally([off, on]: &mut [f64; 2], is_on: bool, keeps: f64) {
    *off = *off * keeps + f64::from(u8::from(!is_on));
    *on = *on * keeps + f64::from(u8::from(is_on));
}

/// The parts that act on one.
fn inputs(part: Part) -> Mask {
    wiring::parents(part).into_iter().map(|part| mask::one(part.index())).sum()
}

/// The network of the nodes alone; what stands still is a condition (Oizumi, Albantakis and Tononi 2014: background conditions).
///
/// # Errors
/// When the observation does not fit the wiring.
pub fn network(of: &Observation) -> Result<Network, NetworkError> {
    let inside: Mask = of.nodes.iter().map(|part| mask::one(part.index())).fold(0, |all, one| all | one);
    let stands: Mask = Part::ALL.into_iter().zip(of.state).filter(|(_, on)| *on).map(|(part, _)| mask::one(part.index())).sum();
    let count = of.nodes.len();
    if count != mask::count(inside) || count != of.tables.len() || !of.nodes.is_sorted() {
        return Err(NetworkError::Nodes(count));
    }
    let mut on = Vec::with_capacity(count);
    for (node, (part, table)) in of.nodes.iter().zip(&of.tables).enumerate() {
        let parents = inputs(*part);
        if table.len() != mask::states(parents) {
            return Err(NetworkError::Rows { node, rows: table.len(), expected: mask::states(parents) });
        }
        let whole = |state: Mask| mask::spread(state, inside) | stands & !inside;
        let row = |state: Mask| table.get(usize::from(mask::gather(whole(state), parents))).copied().unwrap_or(f64::NAN);
        on.push((0..).take(mask::states(inside)).map(row).collect());
    }
    let from = of.nodes.iter().map(|part| mask::gather(inputs(*part) & inside, inside)).collect();
    Network::new(on, from, mask::gather(stands, inside))
}

/// The parts behind the nodes of a set.
#[must_use]
pub fn parts(of: &Observation, set: Mask) -> Vec<Part> {
    mask::nodes(set).filter_map(|node| of.nodes.get(node).copied()).collect()
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
