//! How far a constellation of concepts is from another: the extended earth mover's distance, φ being what is moved, and the concept that says
//! nothing taking what is left over.

use super::{
    concept::{Concept, causes, effect_on, rounded},
    emd::{self, Emd},
    mask,
    transport::{at_least, transport},
};

/// What PyPhi takes for the same.
const SAME: f64 = 1e-6;
/// Distances are rounded: a bound may be above them by half a unit of the sixth place on each of two sides.
const ROUNDING: f64 = 1e-6;

/// The distance between two constellations; None when it is certainly above `most`. `anyway` is, of each node, the probability that it is on
/// next, given nothing.
pub fn distance(one: &[Concept], other: &[Concept], anyway: &[f64], emd: &mut Emd, most: f64) -> Option<f64> {
    let only = |here: &'_ [Concept], there: &[Concept]| -> Vec<Concept> {
        here.iter().filter(|a| !there.iter().any(|b| is_same(a, b))).cloned().collect()
    };
    let (gone, come) = (only(one, other), only(other, one));
    if gone.is_empty() || come.is_empty() {
        let rest = if come.is_empty() { &gone } else { &come };
        let bound: f64 = rest.iter().map(|c| c.phi * (effects(c, None, anyway) + bound(c, None))).sum();
        return (bound <= most + ROUNDING)
            .then(|| rounded(rest.iter().map(|c| c.phi * (effects(c, None, anyway) + exact(c, None, emd))).sum()));
    }
    let phis = |concepts: &[Concept]| concepts.iter().map(|c| c.phi).collect::<Vec<f64>>();
    let (mut supply, mut demand) = (phis(&gone), phis(&come));
    let rest = supply.iter().sum::<f64>() - demand.iter().sum::<f64>();
    supply.push((-rest).max(0.0));
    demand.push(rest.max(0.0));
    // One row for each that is gone and one for nothing; so for the columns.
    let pairs: Vec<Option<(&Concept, Option<&Concept>)>> = gone
        .iter()
        .map(Some)
        .chain([None])
        .flat_map(|a| come.iter().map(Some).chain([None]).map(move |b| a.map(|a| (a, b)).or(b.map(|b| (b, None)))))
        .collect();
    let mut costs: Vec<f64> = pairs.iter().map(|pair| pair.map_or(0.0, |(a, b)| effects(a, b, anyway) + bound(a, b))).collect();
    if at_least(&supply, &demand, &costs) > most + ROUNDING {
        return None;
    }
    let mut is_exact: Vec<bool> = pairs.iter().map(Option::is_none).collect();
    // Bounds stand for costs until a transport goes along them: one along exact costs only is the cheapest there is.
    loop {
        let told = transport(&supply, &demand, &costs);
        if told.cost > most + ROUNDING {
            return None;
        }
        let mut again = false;
        for (((cost, is_exact), pair), flow) in costs.iter_mut().zip(&mut is_exact).zip(&pairs).zip(&told.flow) {
            if let Some((a, b)) = pair
                && *flow > 1e-12
                && !*is_exact
            {
                *cost = effects(a, *b, anyway) + exact(a, *b, emd);
                (*is_exact, again) = (true, true);
            }
        }
        if !again {
            return Some(rounded(told.cost));
        }
    }
}

fn effects(one: &Concept, other: Option<&Concept>, anyway: &[f64]) -> f64 {
    let purview = one.effect.purview | other.map_or(0, |o| o.effect.purview);
    rounded(mask::nodes(purview).map(|node| (effect_on(Some(one), node, anyway) - effect_on(other, node, anyway)).abs()).sum())
}

fn exact(one: &Concept, other: Option<&Concept>, emd: &mut Emd) -> f64 {
    let (p, q) = causes(one, other);
    rounded(emd.distance(&p, &q))
}

fn bound(one: &Concept, other: Option<&Concept>) -> f64 {
    let (p, q) = causes(one, other);
    (emd::lower(&p, &q) - ROUNDING).max(0.0)
}

fn is_same(a: &Concept, b: &Concept) -> bool {
    let near = |x: &[f64], y: &[f64]| x.len() == y.len() && x.iter().zip(y).all(|(a, b)| (a - b).abs() < SAME);
    a.mechanism == b.mechanism
        && (a.phi - b.phi).abs() < SAME
        && a.cause.purview == b.cause.purview
        && a.effect.purview == b.effect.purview
        && near(&a.cause.repertoire, &b.cause.repertoire)
        && near(&a.effect.repertoire, &b.effect.repertoire)
}
