//! The earth mover's distance between two distributions over the states of binary nodes, where moving from one state to another costs
//! the number of nodes that differ (Hamming): two bounds, and the exact value.

use super::mask::{self, Mask};

/// Less probability than this is not moved.
const EPSILON: f64 = 1e-13;
/// Bounds so near to each other are the value.
const MET: f64 = 1e-12;

/// Σ over nodes of the difference of their marginals: never more than the distance. Both have 2^n entries that sum to 1.
#[must_use]
pub fn lower(p: &[f64], q: &[f64]) -> f64 {
    let n = usize::try_from(p.len().trailing_zeros()).unwrap_or(0);
    let marginal = |node: usize| -> f64 { p.iter().zip(q).zip(0..).filter(|(_, z)| mask::has(*z, node)).map(|((a, b), _)| a - b).sum() };
    (0..n).map(|node| marginal(node).abs()).sum()
}

/// What moving to the nearest place first costs: never less than the distance.
fn greedy(p: &[f64], q: &[f64], excess: &mut Vec<f64>) -> f64 {
    excess.clear();
    excess.extend(p.iter().zip(q).map(|(a, b)| a - b));
    let size = p.len();
    let mut cost = 0.0;
    for distance in 1..=size.trailing_zeros() {
        for by in (1..size).filter(|by| by.count_ones() == distance) {
            for from in 0..size {
                let to = from ^ by;
                let (Some(&a), Some(&b)) = (excess.get(from), excess.get(to)) else { continue };
                if to > from && a * b < 0.0 {
                    let moved = a.abs().min(b.abs());
                    cost += moved * f64::from(distance);
                    add(excess, from, -moved.copysign(a));
                    add(excess, to, -moved.copysign(b));
                }
            }
        }
    }
    cost
}

/// Room for the calculation, used again and again.
#[derive(Debug, Default)]
pub struct Emd {
    n: usize,
    /// What goes from a state along a node: at `state · n + node`.
    flow: Vec<f64>,
    excess: Vec<f64>,
    potential: Vec<i32>,
    distance: Vec<i32>,
    seen: Vec<bool>,
    /// States by the least cost at which they were reached so far.
    reached: Vec<Vec<usize>>,
}

const FAR: i32 = i32::MAX / 2;

impl Emd {
    /// In nodes, at least 0 and at most n.
    pub fn distance(&mut self, p: &[f64], q: &[f64]) -> f64 {
        let above = self.upper(p, q);
        if above - lower(p, q) < MET { above } else { self.exact(p, q) }
    }

    /// What a greedy transport costs: never less than the distance.
    pub fn upper(&mut self, p: &[f64], q: &[f64]) -> f64 {
        greedy(p, q, &mut self.excess)
    }

    /// The least cost of a flow on the hypercube's edges, each of cost 1 and without bound: primal-dual, by whole numbers (Ford and Fulkerson).
    pub fn exact(&mut self, p: &[f64], q: &[f64]) -> f64 {
        let size = p.len();
        self.n = usize::try_from(size.trailing_zeros()).unwrap_or(0);
        refill(&mut self.flow, size * self.n, 0.0);
        refill(&mut self.potential, size, 0);
        self.excess.clear();
        self.excess.extend(p.iter().zip(q).map(|(a, b)| a - b));
        while self.search() {
            loop {
                refill(&mut self.seen, size, false);
                let mut moved = 0.0;
                for from in 0..size {
                    let left = at(&self.excess, from);
                    if left > EPSILON && !self.is_seen(from) {
                        let gone = self.push(from, left, from);
                        add(&mut self.excess, from, -gone);
                        moved += gone;
                    }
                }
                if moved <= 0.0 {
                    break;
                }
            }
        }
        self.flow.iter().sum()
    }

    /// Least costs from wherever there is too much to the nearest place that lacks something (Dijkstra, by whole costs as Dial has it); false when
    /// nothing is left to carry.
    fn search(&mut self) -> bool {
        let size = self.excess.len();
        self.distance.clear();
        self.distance.extend(self.excess.iter().map(|excess| if *excess > EPSILON { 0 } else { FAR }));
        refill(&mut self.seen, size, false);
        self.reached.iter_mut().for_each(Vec::clear);
        (0..size).filter(|state| whole(&self.distance, *state) == 0).for_each(|state| reach(&mut self.reached, 0, state));
        let (mut nearest, mut cost) = (None, 0);
        while let Some(bucket) = usize::try_from(cost).ok().and_then(|cost| self.reached.get_mut(cost)) {
            let Some(from) = bucket.pop() else {
                cost += 1;
                continue;
            };
            if self.is_seen(from) || whole(&self.distance, from) < cost {
                continue;
            }
            set(&mut self.seen, from, true);
            if at(&self.excess, from) < -EPSILON {
                nearest = Some(cost);
                break;
            }
            for node in 0..self.n {
                let to = self.along(from, node);
                let through = cost + self.reduced(from, to, node);
                if through < whole(&self.distance, to) {
                    set(&mut self.distance, to, through);
                    reach(&mut self.reached, through, to);
                }
            }
        }
        let Some(nearest) = nearest else { return false };
        for (potential, distance) in self.potential.iter_mut().zip(&self.distance) {
            *potential += (*distance).min(nearest);
        }
        true
    }

    /// Carries at most `most` on from a state, along edges that cost nothing more now; how much went.
    fn push(&mut self, from: usize, most: f64, start: usize) -> f64 {
        set(&mut self.seen, from, true);
        let lacks = -at(&self.excess, from);
        if from != start && lacks > EPSILON {
            let moved = most.min(lacks);
            add(&mut self.excess, from, moved);
            // It may be entered again while it lacks something.
            set(&mut self.seen, from, lacks - moved <= EPSILON);
            return moved;
        }
        let mut left = most;
        for node in 0..self.n {
            let to = self.along(from, node);
            if self.is_seen(to) || self.reduced(from, to, node) != 0 {
                continue;
            }
            let back = at(&self.flow, to * self.n + node);
            let moved = self.push(to, if back > EPSILON { left.min(back) } else { left }, start);
            if back > EPSILON {
                add(&mut self.flow, to * self.n + node, -moved);
            } else {
                add(&mut self.flow, from * self.n + node, moved);
            }
            left -= moved;
            if left <= EPSILON {
                return most;
            }
        }
        most - left
    }

    /// Taking back what came costs −1.
    fn reduced(&self, from: usize, to: usize, node: usize) -> i32 {
        let cost = if at(&self.flow, to * self.n + node) > EPSILON { -1 } else { 1 };
        cost + whole(&self.potential, from) - whole(&self.potential, to)
    }

    fn along(&self, from: usize, node: usize) -> usize {
        from ^ usize::from(mask::one(node))
    }

    fn is_seen(&self, state: usize) -> bool {
        self.seen.get(state).copied().unwrap_or(true)
    }
}

fn reach(reached: &mut Vec<Vec<usize>>, cost: i32, state: usize) {
    let cost = usize::try_from(cost).unwrap_or(0);
    if reached.len() <= cost {
        reached.resize(cost + 1, Vec::new());
    }
    if let Some(bucket) = reached.get_mut(cost) {
        bucket.push(state);
    }
}

fn refill<T: Clone>(list: &mut Vec<T>, size: usize, with: T) {
    list.clear();
    list.resize(size, with);
}

fn at(list: &[f64], index: usize) -> f64 {
    list.get(index).copied().unwrap_or(0.0)
}

fn whole(list: &[i32], index: usize) -> i32 {
    list.get(index).copied().unwrap_or(0)
}

fn add(list: &mut [f64], index: usize, more: f64) {
    if let Some(place) = list.get_mut(index) {
        *place += more;
    }
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}

/// A distribution over the states of a set, seen over a larger one: the other nodes are on and off alike.
#[must_use]
pub fn widen(p: &[f64], own: Mask, larger: Mask) -> Vec<f64> {
    let inside = mask::gather(own, larger);
    let share = (0..mask::count(larger & !own)).fold(1.0, |share, _| share / 2.0);
    (0..).take(mask::states(larger)).map(|state| at(p, usize::from(mask::gather(state, inside))) * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consciousness::iit::transport::transport;
    use proptest::prelude::*;

    fn distribution(n: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![3 => 0.0f64..1.0, 1 => Just(0.0)], 1 << n).prop_map(|mut p| {
            p[0] += 1e-3;
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|x| *x /= sum);
            p
        })
    }

    proptest! {
        #[test]
        fn it_is_what_a_general_transport_costs(p in distribution(4), q in distribution(4)) {
            let cost: Vec<f64> = (0u32..16).flat_map(|i| (0u32..16).map(move |j| f64::from((i ^ j).count_ones()))).collect();
            let expected = transport(&p, &q, &cost).cost;
            let mut emd = Emd::default();
            prop_assert!((emd.exact(&p, &q) - expected).abs() < 1e-9);
            prop_assert!((emd.distance(&p, &q) - expected).abs() < 1e-9);
            prop_assert!(lower(&p, &q) <= expected + 1e-9 && emd.upper(&p, &q) >= expected - 1e-9);
        }
    }

    #[test]
    fn a_node_more_is_even() {
        assert_eq!(widen(&[0.25, 0.75], 0b10, 0b11), [0.125, 0.125, 0.375, 0.375]);
    }
}
