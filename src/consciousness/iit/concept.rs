//! What a mechanism specifies irreducibly: its core cause and its core effect, each over the purview where the best partition loses most.
//! Bipartitions as in IIT 3.0; figures are rounded to six places, as PyPhi 1.2 does, for ties are told by them.

use super::{
    emd::{self, Emd},
    mask::{self, Mask},
    system::System,
};

/// Six places.
#[must_use]
pub fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

/// A core cause or effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Core {
    pub purview: Mask,
    /// φ, at least 0.
    pub phi: f64,
    /// Of a cause: for each state of the purview. Of an effect: of each node of the purview the probability that it is on.
    pub repertoire: Vec<f64>,
}

/// A mechanism with a core cause and a core effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Concept {
    pub mechanism: Mask,
    /// The lesser of its sides'.
    pub phi: f64,
    pub cause: Core,
    pub effect: Core,
}

/// All purviews of n nodes, the largest first and within a size in the order of their nodes: the first of equals is the one that counts.
#[must_use]
pub fn purviews(n: usize) -> Vec<Mask> {
    let mut all: Vec<Mask> = mask::subsets(mask::all(n)).filter(|purview| *purview != 0).collect();
    all.sort_by_key(|purview| (std::cmp::Reverse(mask::count(*purview)), mask::nodes(*purview).collect::<Vec<_>>()));
    all
}

/// One search for concepts, with the room that it needs.
pub struct Search {
    pub emd: Emd,
    purviews: Vec<Mask>,
    product: Vec<f64>,
    partitions: Vec<Partition>,
}

/// Mechanism and purview in two: `mechanism` with `purview`, and the rest with the rest. No distance is less than `bound`.
struct Partition {
    bound: f64,
    mechanism: Mask,
    purview: Mask,
}

impl Search {
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { emd: Emd::default(), purviews: purviews(n), product: Vec::new(), partitions: Vec::new() }
    }

    /// All concepts of a system. `known` says what the core cause of a mechanism is, where that is known: Some(None) is that there is none.
    pub fn concepts(&mut self, system: &mut System, known: impl Fn(Mask) -> Option<Option<Core>>) -> Vec<Concept> {
        let mut found = Vec::new();
        for mechanism in 1..=mask::all(system.n) {
            let Some(effect) = self.effect(system, mechanism) else { continue };
            let cause = known(mechanism).unwrap_or_else(|| self.cause(system, mechanism));
            if let Some(cause) = cause {
                found.push(Concept { mechanism, phi: cause.phi.min(effect.phi), cause, effect });
            }
        }
        found
    }

    /// An effect repertoire is the product of its nodes', so that each node of a purview goes with the part that says more of it: no transport
    /// has to be found.
    fn effect(&self, system: &System, mechanism: Mask) -> Option<Core> {
        let lost = |part: Mask, node: usize| (system.effect(mechanism, node) - system.effect(part, node)).abs();
        let halves: Vec<Vec<f64>> = splits(mechanism)
            .filter(|half| *half != 0)
            .map(|half| (0..system.n).map(|node| lost(half, node).min(lost(mechanism & !half, node))).collect())
            .collect();
        let alone: Vec<f64> = (0..system.n).map(|node| lost(0, node)).collect();
        let over =
            |losses: &[f64], purview: Mask| mask::nodes(purview).map(|node| losses.get(node).copied().unwrap_or(0.0)).collect::<Vec<_>>();
        let mut best: Option<(f64, Mask)> = None;
        for purview in self.purviews.iter().copied().filter(|purview| system.hangs_together(mechanism, *purview, false)) {
            let one = over(&alone, purview).into_iter().fold(f64::INFINITY, f64::min);
            let phi = halves.iter().map(|half| over(half, purview).iter().sum()).fold(one, f64::min);
            let phi = rounded(phi);
            if phi > best.map_or(0.0, |(phi, _)| phi) {
                best = Some((phi, purview));
            }
        }
        let (phi, purview) = best?;
        Some(Core { purview, phi, repertoire: mask::nodes(purview).map(|node| system.effect(mechanism, node)).collect() })
    }

    pub(super) fn cause(&mut self, system: &mut System, mechanism: Mask) -> Option<Core> {
        let mut best: Option<(f64, Mask)> = None;
        for at in 0..self.purviews.len() {
            let Some(purview) = self.purviews.get(at).copied().filter(|purview| system.hangs_together(mechanism, *purview, true)) else {
                continue;
            };
            if let Some(phi) = self.cause_phi(system, mechanism, purview, best.map_or(0.0, |(phi, _)| phi)) {
                best = Some((phi, purview));
            }
        }
        let (phi, purview) = best?;
        system.learn(mechanism, purview);
        Some(Core { purview, phi, repertoire: system.cause(mechanism, purview)?.repertoire.clone() })
    }

    /// φ of a mechanism over a purview of the past; None when it is not above the floor, which bounds mostly tell.
    fn cause_phi(&mut self, system: &mut System, mechanism: Mask, purview: Mask, floor: f64) -> Option<f64> {
        system.learn(mechanism, purview);
        for half in splits(mechanism) {
            for part in mask::subsets(purview) {
                system.learn(half, part);
                system.learn(mechanism & !half, purview & !part);
            }
        }
        let whole = system.cause(mechanism, purview)?;
        if whole.repertoire.iter().all(|p| *p == 0.0) {
            return None;
        }
        self.partitions.clear();
        for half in splits(mechanism) {
            for part in mask::subsets(purview).filter(|part| half != 0 || *part != 0) {
                let (one, other) = (system.cause(half, part)?, system.cause(mechanism & !half, purview & !part)?);
                let each = whole.marginals.iter().zip(one.marginals.iter().zip(&other.marginals));
                let bound = each
                    .enumerate()
                    .filter(|(node, _)| mask::has(purview, *node))
                    .map(|(node, (whole, (one, other)))| (whole - if mask::has(part, node) { one } else { other }).abs());
                self.partitions.push(Partition { bound: bound.sum(), mechanism: half, purview: part });
            }
        }
        self.partitions.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        let mut least = f64::INFINITY;
        for partition in &self.partitions {
            if partition.bound >= least {
                break;
            }
            let (half, part) = (partition.mechanism, partition.purview);
            let (one, other) = (system.cause(half, part)?, system.cause(mechanism & !half, purview & !part)?);
            product(&one.repertoire, mask::gather(part, purview), &other.repertoire, mask::all(mask::count(purview)), &mut self.product);
            let above = self.emd.upper(&whole.repertoire, &self.product);
            if rounded(above) <= floor {
                return None;
            }
            let distance = if above - partition.bound < 1e-12 { above } else { self.emd.exact(&whole.repertoire, &self.product) };
            least = least.min(distance);
            if rounded(least) <= floor {
                return None;
            }
        }
        Some(rounded(least))
    }
}

/// Halves of a mechanism, each unordered pair once: one of them, without its first node; the empty one stands for all against nothing.
fn splits(mechanism: Mask) -> impl Iterator<Item = Mask> {
    mask::subsets(mechanism & mechanism.wrapping_sub(1))
}

/// Two distributions over parts of a purview, as one over the whole of it; `part` are the places of the first.
fn product(one: &[f64], part: Mask, other: &[f64], whole: Mask, into: &mut Vec<f64>) {
    let at = |list: &[f64], state: Mask| list.get(usize::from(state)).copied().unwrap_or(0.0);
    into.clear();
    into.extend(
        (0..).take(mask::states(whole)).map(|state| at(one, mask::gather(state, part)) * at(other, mask::gather(state, whole & !part))),
    );
}

/// The effect of a concept on a node: outside its purview what it is anyway.
#[must_use]
pub fn effect_on(concept: Option<&Concept>, node: usize, anyway: &[f64]) -> f64 {
    let own = concept.filter(|c| mask::has(c.effect.purview, node));
    let told = own.and_then(|c| c.effect.repertoire.get(mask::place(node, c.effect.purview)));
    told.or_else(|| anyway.get(node)).copied().unwrap_or(0.0)
}

/// Causes of two concepts over both purviews together; None stands for the one that says nothing.
#[must_use]
pub fn causes(one: &Concept, other: Option<&Concept>) -> (Vec<f64>, Vec<f64>) {
    let purview = one.cause.purview | other.map_or(0, |o| o.cause.purview);
    let nothing = || emd::widen(&[1.0], 0, purview);
    let of = |c: &Concept| emd::widen(&c.cause.repertoire, c.cause.purview, purview);
    (of(one), other.map_or_else(nothing, of))
}
