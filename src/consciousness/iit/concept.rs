//! What a mechanism specifies irreducibly: its core cause and its core effect, each over the purview where the best partition loses most.
//! Bipartitions as in IIT 3.0; figures are rounded to six places, as PyPhi 1.2 does, for ties are told by them.

use super::{
    emd::{self, Emd},
    mask::{self, Mask},
    system::System,
};

/// What adds up to a half of the sixth place, in whatever order, is a half: two purviews of which as much is said must not differ by rounding.
const HALF: f64 = 1e-6;

/// Six places; nothing is not less than nothing.
#[must_use]
pub fn rounded(x: f64) -> f64 {
    (x * 1e6 + HALF).round() / 1e6 + 0.0
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

/// One search for concepts, with the room that it needs and what it has found already.
pub struct Search {
    pub emd: Emd,
    n: usize,
    purviews: Vec<Mask>,
    product: Vec<f64>,
    partitions: Vec<Partition>,
    /// Of each mechanism and purview, for the links between them that were cut.
    told: Vec<Vec<(u64, Told)>>,
    room: usize,
}

/// What is told more often than this is found again: a dense network of six nodes has 7⁶ = 117,649.
const TOLD: usize = 200_000;

/// What is known of a φ, to six places.
#[derive(Clone, Copy)]
enum Told {
    Exactly(f64),
    AtMost(f64),
}

/// The best purview so far, which another one must beat: by a larger φ, or by as large a one where it comes first.
#[derive(Clone, Copy)]
struct Best {
    phi: f64,
    place: usize,
}

impl Best {
    fn is_beaten(self, phi: f64, place: usize) -> bool {
        phi > self.phi || phi >= self.phi && phi > 0.0 && place < self.place
    }
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
        let told = vec![Vec::new(); mask::states(mask::all(n)) << n];
        Self { emd: Emd::default(), n, purviews: purviews(n), product: Vec::new(), partitions: Vec::new(), told, room: TOLD }
    }

    /// All concepts of a system. `likely` is the purview that a mechanism's core cause may well have: tried first, it spares a look at most others.
    pub fn concepts(&mut self, system: &mut System, likely: impl Fn(Mask) -> Option<Mask>) -> Vec<Concept> {
        let mut found = Vec::new();
        for mechanism in 1..=mask::all(system.n) {
            let Some(effect) = self.effect(system, mechanism) else { continue };
            let cause = self.cause(system, mechanism, likely(mechanism));
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
        let halves: Vec<f64> = splits(mechanism)
            .filter(|half| *half != 0)
            .flat_map(|half| (0..system.n).map(move |node| lost(half, node).min(lost(mechanism & !half, node))))
            .collect();
        let alone: Vec<f64> = (0..system.n).map(|node| lost(0, node)).collect();
        let over = |losses: &[f64], purview: Mask| {
            losses.iter().enumerate().filter(|(node, _)| mask::has(purview, *node)).map(|(_, loss)| *loss).sum()
        };
        let mut best: Option<(f64, Mask)> = None;
        for purview in self.purviews.iter().copied().filter(|purview| system.hangs_together(mechanism, *purview, false)) {
            let one = mask::nodes(purview).filter_map(|node| alone.get(node).copied()).fold(f64::INFINITY, f64::min);
            let phi = rounded(halves.chunks(system.n).map(|half| over(half, purview)).fold(one, f64::min));
            if phi > best.map_or(0.0, |(phi, _)| phi) {
                best = Some((phi, purview));
            }
        }
        let (phi, purview) = best?;
        Some(Core { purview, phi, repertoire: mask::nodes(purview).map(|node| system.effect(mechanism, node)).collect() })
    }

    fn cause(&mut self, system: &mut System, mechanism: Mask, likely: Option<Mask>) -> Option<Core> {
        let mut best = Best { phi: 0.0, place: 0 };
        let first = likely.and_then(|likely| self.purviews.iter().position(|purview| *purview == likely));
        for place in first.into_iter().chain((0..self.purviews.len()).filter(|place| Some(*place) != first)) {
            let Some(purview) = self.purviews.get(place).copied().filter(|purview| system.hangs_together(mechanism, *purview, true)) else {
                continue;
            };
            if let Some(phi) = self.known_phi(system, mechanism, purview, best, place) {
                best = Best { phi, place };
            }
        }
        let purview = self.purviews.get(best.place).copied().filter(|_| best.phi > 0.0)?;
        system.learn(mechanism, purview);
        Some(Core { purview, phi: best.phi, repertoire: system.cause(mechanism, purview)?.repertoire.clone() })
    }

    /// φ of a mechanism over a purview of the past, as it was found where the same links were cut, or found now; None when it does not beat the best.
    fn known_phi(&mut self, system: &mut System, mechanism: Mask, purview: Mask, best: Best, place: usize) -> Option<f64> {
        let severed = system.severed(mechanism, purview);
        let at = usize::from(mechanism) << self.n | usize::from(purview);
        let known = self.told.get(at).and_then(|of| of.iter().find(|(links, _)| *links == severed)).map(|(_, told)| *told);
        let told = match known {
            Some(Told::AtMost(phi)) if best.is_beaten(phi, place) => self.cause_phi(system, mechanism, purview, best, place),
            Some(told) => told,
            None => self.cause_phi(system, mechanism, purview, best, place),
        };
        if let Some(of) = self.told.get_mut(at) {
            match of.iter_mut().find(|(links, _)| *links == severed) {
                Some((_, old)) => *old = told,
                None if self.room > 0 => {
                    of.push((severed, told));
                    self.room -= 1;
                }
                None => {}
            }
        }
        match told {
            Told::Exactly(phi) if best.is_beaten(phi, place) => Some(phi),
            Told::Exactly(_) | Told::AtMost(_) => None,
        }
    }

    /// φ of a mechanism over a purview of the past; only at most what, when bounds tell that it does not beat the best.
    fn cause_phi(&mut self, system: &mut System, mechanism: Mask, purview: Mask, best: Best, place: usize) -> Told {
        system.learn(mechanism, purview);
        for half in splits(mechanism) {
            for part in mask::subsets(purview) {
                system.learn(half, part);
                system.learn(mechanism & !half, purview & !part);
            }
        }
        self.least(system, mechanism, purview, |phi| !best.is_beaten(phi, place)).unwrap_or(Told::Exactly(0.0))
    }

    /// The least distance over all partitions, or a distance that is little enough.
    fn least(&mut self, system: &System, mechanism: Mask, purview: Mask, is_enough: impl Fn(f64) -> bool) -> Option<Told> {
        let whole = system.cause(mechanism, purview)?;
        if whole.repertoire.iter().all(|p| *p == 0.0) {
            return None;
        }
        self.partitions.clear();
        for half in splits(mechanism) {
            for part in mask::subsets(purview).filter(|part| half != 0 || *part != 0) {
                let (one, other) = (system.cause(half, part)?, system.cause(mechanism & !half, purview & !part)?);
                // Outside of their purviews marginals are 0.
                let each = whole.marginals.iter().zip(one.marginals.iter().zip(&other.marginals));
                let bound = each.map(|(whole, (one, other))| (whole - one - other).abs()).sum();
                self.partitions.push(Partition { bound, mechanism: half, purview: part });
            }
        }
        let mut least = f64::INFINITY;
        let mut left = self.partitions.len();
        // The first looks mostly tell: only then is it worth sorting them.
        for look in 0.. {
            if look == LOOKS {
                self.partitions.get_mut(..left)?.sort_unstable_by(|a, b| b.bound.total_cmp(&a.bound));
            } else if look < LOOKS {
                let nearest = self.partitions.iter().take(left).enumerate().min_by(|(_, a), (_, b)| a.bound.total_cmp(&b.bound));
                let nearest = nearest.map(|(at, _)| at);
                if let Some(nearest) = nearest {
                    self.partitions.swap(nearest, left - 1);
                }
            }
            let Some(partition) = left.checked_sub(1).and_then(|last| self.partitions.get(last)).filter(|p| p.bound < least) else { break };
            left -= 1;
            let (half, part) = (partition.mechanism, partition.purview);
            let (one, other) = (system.cause(half, part)?, system.cause(mechanism & !half, purview & !part)?);
            product(&one.repertoire, mask::gather(part, purview), &other.repertoire, mask::all(mask::count(purview)), &mut self.product);
            let above = self.emd.upper(&whole.repertoire, &self.product);
            if is_enough(rounded(above)) {
                return Some(Told::AtMost(rounded(above)));
            }
            let distance = if above - partition.bound < 1e-12 { above } else { self.emd.exact(&whole.repertoire, &self.product) };
            least = least.min(distance);
            if is_enough(rounded(least)) {
                return Some(Told::AtMost(rounded(least)));
            }
        }
        Some(Told::Exactly(rounded(least)))
    }
}

/// Partitions that are looked for one by one.
const LOOKS: usize = 3;

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
