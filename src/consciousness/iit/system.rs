//! A system of binary nodes, whole or with the links from some nodes to others cut, and what its parts say of each other's past and future:
//! cause and effect repertoires (Oizumi, Albantakis and Tononi 2014, text S1).

use super::mask::{self, Mask};
use std::rc::Rc;

/// The most nodes: each more makes it some six times as long.
pub const NODES: usize = 8;

/// Nodes that act on each other, in a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub(in crate::consciousness) n: usize,
    pub(in crate::consciousness) state: Mask,
    /// Of each node: the probability that it is on next, for each state of all nodes.
    pub(in crate::consciousness) on: Vec<Vec<f64>>,
    /// Of each node: those that act on it.
    pub(in crate::consciousness) inputs: Vec<Mask>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    #[error("a network has 1 to {NODES} nodes, and this has {0}")]
    Nodes(usize),
    #[error("node {node} has {rows} rows: one for each of the {expected} states")]
    Rows { node: usize, rows: usize, expected: usize },
    #[error("node {node} is on with {value}: a probability is in [0, 1]")]
    Probability { node: usize, value: f64 },
    #[error("node {node}: inputs or state name a node that is not there")]
    Link { node: usize },
}

impl Network {
    /// `on[k][s]` is the probability that node k is on next after state s, whose bit i is node i; `inputs[k]` are the nodes that act on k. What a
    /// table says of others is averaged over them, as PyPhi does: they do not act.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn new(mut on: Vec<Vec<f64>>, inputs: Vec<Mask>, state: Mask) -> Result<Self, NetworkError> {
        let n = on.len();
        if n == 0 || n > NODES {
            return Err(NetworkError::Nodes(n));
        }
        let expected = mask::states(mask::all(n));
        for (node, rows) in on.iter().enumerate() {
            if rows.len() != expected {
                return Err(NetworkError::Rows { node, rows: rows.len(), expected });
            }
            if let Some(value) = rows.iter().find(|p| !(0.0..=1.0).contains(*p)) {
                return Err(NetworkError::Probability { node, value: *value });
            }
        }
        if inputs.len() != n || state & !mask::all(n) != 0 {
            return Err(NetworkError::Link { node: inputs.len() });
        }
        if let Some((node, _)) = inputs.iter().enumerate().find(|(_, from)| **from & !mask::all(n) != 0) {
            return Err(NetworkError::Link { node });
        }
        for (table, inputs) in on.iter_mut().zip(&inputs) {
            mask::nodes(mask::all(n) & !inputs).for_each(|other| average(table, other));
        }
        Ok(Self { n, state, on, inputs })
    }

    /// Whether each node reaches each other one: else Φ is 0.
    #[must_use]
    pub fn is_strongly_connected(&self) -> bool {
        let backward = |node: usize| self.inputs.get(node).copied().unwrap_or(0);
        let forward = |node: usize| (0..self.n).filter(|to| mask::has(backward(*to), node)).map(mask::one).sum::<Mask>();
        self.reaches_all(&backward) && self.reaches_all(&forward)
    }

    fn reaches_all(&self, next: &dyn Fn(usize) -> Mask) -> bool {
        let mut seen = mask::one(0);
        loop {
            let more = mask::nodes(seen).map(next).fold(seen, |all, one| all | one);
            if more == seen {
                return seen == mask::all(self.n);
            }
            seen = more;
        }
    }
}

/// The tables of a system, cut or whole.
pub struct System {
    pub n: usize,
    /// Of each set of nodes: those that act on one of them, and those on which one of them acts.
    before: Vec<Mask>,
    after: Vec<Mask>,
    /// Of each node: those that act on it in the network, and not here.
    severed: Vec<Mask>,
    /// Of each mechanism, for each node: the probability that it is on next.
    effects: Vec<Vec<f64>>,
    /// Of each node, for each purview and each of its states: the probability of the node's present state.
    likelihoods: Vec<Rc<Vec<Vec<f64>>>>,
    /// Of each mechanism and purview, when it was asked for.
    causes: Vec<Vec<Option<Rc<Cause>>>>,
    /// The system without a cut: where none of the links that count is cut, it has learned the same.
    uncut: Option<Rc<System>>,
}

/// What a mechanism says of a purview's past.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// For each state of the purview; all 0 where the mechanism's state cannot be reached.
    pub repertoire: Vec<f64>,
    /// Of each node of the network, as it is in the repertoire; 0 outside the purview.
    pub marginals: Vec<f64>,
}

impl System {
    /// The network as it is.
    #[must_use]
    pub fn whole(network: &Network) -> Self {
        Self::new(network, 0, 0, None)
    }

    /// The network with the links from `from` to `to` cut: what went along them is noise, on and off alike.
    #[must_use]
    pub fn cut(network: &Network, from: Mask, to: Mask, whole: &Rc<Self>) -> Self {
        Self::new(network, from, to, Some(Rc::clone(whole)))
    }

    fn new(network: &Network, from: Mask, to: Mask, uncut: Option<Rc<Self>>) -> Self {
        let (n, size) = (network.n, mask::states(mask::all(network.n)));
        let (mut on, mut inputs) = (network.on.clone(), network.inputs.clone());
        let mut severed = vec![0; n];
        for (node, ((table, inputs), severed)) in on.iter_mut().zip(&mut inputs).zip(&mut severed).enumerate() {
            if mask::has(to, node) {
                *severed = from & *inputs;
                mask::nodes(*severed).for_each(|input| average(table, input));
                *inputs &= !from;
            }
        }
        // What no link into it is cut of is as it was.
        let is_uncut = |node: usize| uncut.as_deref().filter(|_| severed.get(node) == Some(&0));
        let tables = || on.iter().zip(&inputs).enumerate();
        let told = |m: Mask| {
            tables()
                .map(move |(node, (table, i))| is_uncut(node).map_or_else(|| effect(table, *i, m, network), |uncut| uncut.effect(m, node)))
        };
        let effects = (0..).take(size).map(|m| told(m).collect()).collect();
        let known = |node: usize| is_uncut(node).and_then(|uncut| uncut.likelihoods.get(node).cloned());
        let likelihoods =
            tables().map(|(node, (table, _))| known(node).unwrap_or_else(|| Rc::new(likelihoods(table, node, network)))).collect();
        let outputs: Vec<Mask> = (0..n)
            .map(|node| inputs.iter().enumerate().filter(|(_, i)| mask::has(**i, node)).map(|(to, _)| mask::one(to)).sum::<Mask>())
            .collect();
        let (before, after) = (unions(&inputs), unions(&outputs));
        Self { n, before, after, severed, effects, likelihoods, causes: vec![vec![None; size]; size], uncut }
    }

    /// The probability that a node is on next, given a mechanism in its state and noise elsewhere; of no mechanism: given nothing.
    #[must_use]
    pub fn effect(&self, mechanism: Mask, node: usize) -> f64 {
        self.effects.get(usize::from(mechanism)).and_then(|row| row.get(node)).copied().unwrap_or(0.0)
    }

    /// The cause repertoire of a mechanism over a purview; of no mechanism: even.
    pub fn learn(&mut self, mechanism: Mask, purview: Mask) {
        if self.cause(mechanism, purview).is_some() {
            return;
        }
        let uncut = self.uncut.as_deref().filter(|_| self.severed(mechanism, purview) == 0);
        let known = uncut.and_then(|uncut| uncut.causes.get(usize::from(mechanism))?.get(usize::from(purview))?.clone());
        let cause = known.unwrap_or_else(|| Rc::new(self.told(mechanism, purview)));
        if let Some(slot) = self.causes.get_mut(usize::from(mechanism)).and_then(|of| of.get_mut(usize::from(purview))) {
            *slot = Some(cause);
        }
    }

    fn told(&self, mechanism: Mask, purview: Mask) -> Cause {
        let mut repertoire = vec![1.0; mask::states(purview)];
        for node in mask::nodes(mechanism) {
            let told = self.likelihoods.get(node).and_then(|of| of.get(usize::from(purview)));
            for (p, likelihood) in repertoire.iter_mut().zip(told.into_iter().flatten()) {
                *p *= likelihood;
            }
        }
        let sum: f64 = repertoire.iter().sum();
        if sum > 0.0 {
            repertoire.iter_mut().for_each(|p| *p /= sum);
        }
        let mut marginals = vec![0.0; self.n];
        for (place, node) in mask::nodes(purview).enumerate() {
            // By turns so many states in which it is off, and so many in which it is on.
            let on = repertoire.chunks_exact(1 << place).skip(1).step_by(2).flatten().sum();
            if let Some(marginal) = marginals.get_mut(node) {
                *marginal = on;
            }
        }
        Cause { repertoire, marginals }
    }

    /// What was learned.
    #[must_use]
    pub fn cause(&self, mechanism: Mask, purview: Mask) -> Option<&Cause> {
        self.causes.get(usize::from(mechanism))?.get(usize::from(purview))?.as_deref()
    }

    /// Whether mechanism and purview hang together by the links that count: into the mechanism for causes, out of it for effects. Where they
    /// do not, a partition makes no difference.
    #[must_use]
    pub fn hangs_together(&self, mechanism: Mask, purview: Mask, causes: bool) -> bool {
        let (there, back) = if causes { (&self.before, &self.after) } else { (&self.after, &self.before) };
        let of = |sets: &[Mask], of: Mask| sets.get(usize::from(of)).copied().unwrap_or(0);
        let (mut ms, mut zs) = (mechanism & mechanism.wrapping_neg(), 0);
        loop {
            let known = (ms, zs);
            zs |= purview & of(there, ms);
            ms |= mechanism & of(back, zs);
            if known == (ms, zs) {
                return ms == mechanism && zs == purview;
            }
        }
    }

    /// The links from a purview into a mechanism that are cut here: eight bits a node. What a mechanism says of a purview's past depends on
    /// nothing else of a cut.
    #[must_use]
    pub fn severed(&self, mechanism: Mask, purview: Mask) -> u64 {
        let of = |node: usize| u64::from(self.severed.get(node).copied().unwrap_or(0) & purview);
        mask::nodes(mechanism).fold(0, |links, node| links << NODES | of(node))
    }
}

/// Of each set of nodes, all that one of them is linked to.
fn unions(links: &[Mask]) -> Vec<Mask> {
    let mut of = vec![0; 1 << links.len()];
    for set in 1..of.len() {
        let rest = of.get(set & (set - 1)).copied().unwrap_or(0);
        let first = links.get(usize::try_from(set.trailing_zeros()).unwrap_or(usize::MAX)).copied().unwrap_or(0);
        if let Some(place) = of.get_mut(set) {
            *place = rest | first;
        }
    }
    of
}

/// Makes a table the same for both states of an input.
fn average(table: &mut [f64], input: usize) {
    let bit = usize::from(mask::one(input));
    for off in (0..table.len()).filter(|state| state & bit == 0) {
        let (low, high) = table.split_at_mut(off | bit);
        if let (Some(a), Some(b)) = (low.get_mut(off), high.first_mut()) {
            let mean = f64::midpoint(*a, *b);
            (*a, *b) = (mean, mean);
        }
    }
}

fn effect(table: &[f64], inputs: Mask, mechanism: Mask, network: &Network) -> f64 {
    let free = inputs & !mechanism & mask::all(network.n);
    let fixed = network.state & !free;
    let states = mask::states(free);
    let sum: f64 = (0..).take(states).map(|x| table.get(usize::from(fixed | mask::spread(x, free))).copied().unwrap_or(0.0)).sum();
    sum / u32::try_from(states).map_or(1.0, f64::from)
}

fn likelihoods(table: &[f64], node: usize, network: &Network) -> Vec<Vec<f64>> {
    let all = mask::all(network.n);
    let is_on = mask::has(network.state, node);
    let whole: Vec<f64> = table.iter().map(|on| if is_on { *on } else { 1.0 - on }).collect();
    let mut of = vec![Vec::new(); mask::states(all)];
    // From the largest purview down: each is the next larger one, averaged over a node.
    for purview in mask::subsets(all) {
        let told = match mask::nodes(all & !purview).next() {
            None => whole.clone(),
            Some(missing) => {
                let larger = purview | mask::one(missing);
                let known: &[f64] = of.get(usize::from(larger)).map_or(&[], Vec::as_slice);
                let at = |state: Mask| known.get(usize::from(state)).copied().unwrap_or(0.0);
                // A state of the purview in which the node that is missing is off: room is made for its bit.
                let bit = mask::gather(mask::one(missing), larger);
                let below = bit.wrapping_sub(1);
                (0..)
                    .take(mask::states(purview))
                    .map(|x: Mask| x & below | (x & !below) << 1)
                    .map(|x| f64::midpoint(at(x), at(x | bit)))
                    .collect()
            }
        };
        if let Some(slot) = of.get_mut(usize::from(purview)) {
            *slot = told;
        }
    }
    of
}
