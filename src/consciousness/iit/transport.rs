//! The cheapest way of carrying what is here to where it is wanted: successive shortest paths with potentials (Edmonds and Karp).

/// What is less than this is not carried.
const EPSILON: f64 = 1e-13;

/// A cheapest transport.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    pub cost: f64,
    /// What goes from i to j, at `i · m + j`.
    pub flow: Vec<f64>,
}

/// `supply` (n) and `demand` (m) have the same sum; carrying a unit from i to j costs `cost[i · m + j]`, at least 0.
#[must_use]
pub fn transport(supply: &[f64], demand: &[f64], cost: &[f64]) -> Transport {
    let (n, m) = (supply.len(), demand.len());
    let mut here = Market { supply: supply.to_vec(), demand: demand.to_vec(), flow: vec![0.0; n * m], cost, m };
    let (mut givers, mut takers) = (vec![0.0; n], vec![0.0; m]);
    while let Some(path) = here.shortest(&mut givers, &mut takers) {
        here.carry(&path);
    }
    let cost = here.flow.iter().zip(cost).map(|(flow, cost)| flow * cost).sum();
    Transport { cost, flow: here.flow }
}

/// What the cheapest transport costs at least: each giver pays its cheapest way, and each taker what its cheapest costs beyond that (a feasible
/// solution of the dual).
#[must_use]
pub fn at_least(supply: &[f64], demand: &[f64], cost: &[f64]) -> f64 {
    let mut beyond = vec![f64::INFINITY; demand.len()];
    let mut sum = 0.0;
    for (row, given) in cost.chunks(demand.len().max(1)).zip(supply) {
        let least = row.iter().copied().fold(f64::INFINITY, f64::min);
        sum += least * given;
        beyond.iter_mut().zip(row).for_each(|(beyond, cost)| *beyond = beyond.min(cost - least));
    }
    sum + beyond.iter().zip(demand).map(|(beyond, taken)| beyond * taken).sum::<f64>()
}

struct Market<'c> {
    supply: Vec<f64>,
    demand: Vec<f64>,
    flow: Vec<f64>,
    cost: &'c [f64],
    m: usize,
}

/// From who gives to who takes: (giver, taker) along which more goes, each followed by the one along which less goes.
struct Path(Vec<(usize, usize)>);

#[derive(Clone, Copy, PartialEq)]
struct Reached {
    cost: f64,
    from: Option<usize>,
    is_done: bool,
}

const NOT_YET: Reached = Reached { cost: f64::INFINITY, from: None, is_done: false };

impl Market<'_> {
    fn shortest(&self, givers: &mut [f64], takers: &mut [f64]) -> Option<Path> {
        let start = |left: &f64| if *left > EPSILON { Reached { cost: 0.0, ..NOT_YET } } else { NOT_YET };
        let mut given: Vec<Reached> = self.supply.iter().map(start).collect();
        let mut taken = vec![NOT_YET; self.m];
        let (end, nearest) = loop {
            let nearest = |list: &[Reached]| {
                let open = list.iter().enumerate().filter(|(_, r)| !r.is_done && r.cost.is_finite());
                open.min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost)).map(|(at, r)| (r.cost, at))
            };
            let (giver, taker) = (nearest(&given), nearest(&taken));
            match (giver, taker) {
                (Some((cost, i)), other) if other.is_none_or(|(far, _)| cost <= far) => {
                    done(&mut given, i);
                    for (j, reached) in taken.iter_mut().enumerate() {
                        let through = cost + (self.cost(i, j) + at(givers, i) - at(takers, j)).max(0.0);
                        if through < reached.cost {
                            *reached = Reached { cost: through, from: Some(i), ..*reached };
                        }
                    }
                }
                (_, Some((cost, j))) => {
                    done(&mut taken, j);
                    if at(&self.demand, j) > EPSILON {
                        break (j, cost);
                    }
                    for (i, reached) in given.iter_mut().enumerate() {
                        if at(&self.flow, i * self.m + j) > EPSILON {
                            let through = cost + (at(takers, j) - at(givers, i) - self.cost(i, j)).max(0.0);
                            if through < reached.cost {
                                *reached = Reached { cost: through, from: Some(j), ..*reached };
                            }
                        }
                    }
                }
                _ => return None,
            }
        };
        for (potential, reached) in givers.iter_mut().zip(&given).chain(takers.iter_mut().zip(&taken)) {
            *potential += reached.cost.min(nearest);
        }
        let mut path = Vec::new();
        let mut taker = end;
        loop {
            let giver = taken.get(taker)?.from?;
            path.push((giver, taker));
            match given.get(giver)?.from {
                None => return Some(Path(path)),
                Some(before) => {
                    path.push((giver, before));
                    taker = before;
                }
            }
        }
    }

    fn carry(&mut self, path: &Path) {
        let (Some((_, end)), Some((start, _))) = (path.0.first().copied(), path.0.last().copied()) else { return };
        let back = path.0.iter().skip(1).step_by(2).map(|(i, j)| at(&self.flow, i * self.m + j)).fold(f64::INFINITY, f64::min);
        let amount = at(&self.supply, start).min(at(&self.demand, end)).min(back);
        for ((i, j), sign) in path.0.iter().zip([1.0, -1.0].into_iter().cycle()) {
            if let Some(flow) = self.flow.get_mut(i * self.m + j) {
                *flow += sign * amount;
            }
        }
        for left in self.supply.get_mut(start).into_iter().chain(self.demand.get_mut(end)) {
            *left -= amount;
        }
    }

    fn cost(&self, i: usize, j: usize) -> f64 {
        at(self.cost, i * self.m + j)
    }
}

fn at(list: &[f64], index: usize) -> f64 {
    list.get(index).copied().unwrap_or(0.0)
}

fn done(list: &mut [Reached], index: usize) {
    if let Some(reached) = list.get_mut(index) {
        reached.is_done = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_way_is_found_also_where_the_nearest_is_not() {
        // A first unit from the first giver to the first taker is cheapest, and wrong.
        let told = transport(&[1.0, 1.0], &[1.0, 1.0], &[0.0, 1.0, 0.5, 4.0]);
        assert!((told.cost - 1.5).abs() < 1e-12, "{told:?}");
        assert_eq!(told.flow, [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(transport(&[], &[], &[]).cost, 0.0);
        assert_eq!((at_least(&[1.0, 1.0], &[1.0, 1.0], &[0.0, 1.0, 0.5, 4.0]), at_least(&[], &[], &[])), (1.5, 0.0));
    }
}
