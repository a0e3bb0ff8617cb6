//! Integrated information Φ of a small network, exactly: IIT 3.0 (Oizumi, Albantakis and Tononi 2014) with the conventions of PyPhi 1.2.

mod concept;
mod constellation;
mod emd;
pub mod mask;
#[cfg(test)]
mod plain;
mod system;
#[cfg(test)]
mod tests;
mod transport;

pub use concept::{Concept, Core};
pub use mask::Mask;
pub use system::{NODES, Network, NetworkError};

use concept::Search;
use std::rc::Rc;
use system::System;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// Φ, without unit, at least 0, to six places.
    pub phi: f64,
    /// The directed cut that loses least: links from the first nodes to the others. None where Φ is 0 without a look.
    pub cut: Option<(Mask, Mask)>,
    /// What the whole specifies.
    pub concepts: Vec<Concept>,
}

/// Φ of the whole network in its state: the least distance between its constellation of concepts and that of the network with a directed cut.
/// 0 where it is not strongly connected, and for one node. `goes_on` is asked before each cut; None: it said no.
pub fn phi(network: &Network, mut goes_on: impl FnMut() -> bool) -> Option<Integration> {
    let none = |concepts| Some(Integration { phi: 0.0, cut: None, concepts });
    if network.n < 2 || !network.is_strongly_connected() {
        return none(Vec::new());
    }
    let mut search = Search::new(network.n);
    let mut whole = System::whole(network);
    let concepts = search.concepts(&mut whole, |_| None);
    if concepts.is_empty() {
        return none(concepts);
    }
    let all = mask::all(network.n);
    let likely = |mechanism: Mask| concepts.iter().find(|c| c.mechanism == mechanism).map(|c| c.cause.purview);
    let anyway: Vec<f64> = (0..network.n).map(|node| whole.effect(0, node)).collect();
    let whole = Rc::new(whole);
    // What loses least mostly parts one node from the others: found early, it spares much of the rest.
    let mut cuts: Vec<Mask> = (1..all).collect();
    cuts.sort_by_key(|from| mask::count(*from).min(mask::count(all & !from)));
    let mut best: Option<(f64, Mask)> = None;
    for from in cuts {
        if !goes_on() {
            return None;
        }
        let mut cut = System::cut(network, from, all & !from, &whole);
        let left = search.concepts(&mut cut, likely);
        let most = best.map_or(f64::INFINITY, |(phi, _)| phi);
        // Of cuts that lose as little the first counts.
        let is_less = |phi: f64| best.is_none_or(|(least, first)| phi < least || phi <= least && from < first);
        if let Some(phi) = constellation::distance(&concepts, &left, &anyway, &mut search.emd, most).filter(|phi| is_less(*phi)) {
            best = Some((phi, from));
        }
    }
    let (phi, from) = best?;
    Some(Integration { phi, cut: Some((from, all & !from)), concepts })
}
