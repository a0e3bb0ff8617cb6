//! Φ once more, as the definitions have it and as slowly as that is (Oizumi, Albantakis and Tononi 2014, text S1 and S2): every state looked at,
//! every partition and every purview tried, every distance a transport, no bound, no table used twice, no link looked at. Two that were written
//! apart and agree are hardly wrong alike.

#[path = "plain_tests.rs"]
mod tests;

/// Nodes, and a state as one truth a node.
pub struct Plain {
    /// For each node, for each state (bit i is node i), the probability that it is on next.
    pub on: Vec<Vec<f64>>,
    /// For each node, whether each node acts on it.
    pub acts: Vec<Vec<bool>>,
    pub state: Vec<bool>,
}

/// A concept: for each state of all nodes, what it says of the past and of the future, and its φ.
pub struct Said {
    pub mechanism: Vec<usize>,
    pub phi: f64,
    pub past: Vec<f64>,
    pub future: Vec<f64>,
}

/// What is less is nothing.
const NOTHING: f64 = 1e-12;

impl Plain {
    fn n(&self) -> usize {
        self.on.len()
    }

    fn is_on(state: usize, node: usize) -> bool {
        state >> node & 1 == 1
    }

    /// All states in which these nodes are so.
    fn states_with(&self, nodes: &[usize], so: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..1 << self.n()).filter(|state| nodes.iter().all(|node| Self::is_on(*state, *node) == so(*node))).collect()
    }

    /// The probability that a node is on after a state, where what does not act on it is noise.
    fn next(&self, node: usize, state: usize) -> f64 {
        let acting: Vec<usize> = (0..self.n()).filter(|from| self.acts[node][*from]).collect();
        let alike = self.states_with(&acting, |other| Self::is_on(state, other));
        mean(alike.iter().map(|state| self.on[node][*state]))
    }

    /// Of a purview's states (as a list of truths, first node fastest): how likely each is a moment later, each node noised by itself.
    fn effect(&self, mechanism: &[usize], purview: &[usize]) -> Vec<f64> {
        let now = self.states_with(mechanism, |node| self.state[node]);
        let on: Vec<f64> = purview.iter().map(|node| mean(now.iter().map(|state| self.next(*node, *state)))).collect();
        (0..1usize << purview.len())
            .map(|z| (0..purview.len()).map(|i| if Self::is_on(z, i) { on[i] } else { 1.0 - on[i] }).product())
            .collect()
    }

    /// The same a moment before, by Bayes' rule, each node of the mechanism by itself; all 0 where its state cannot be reached.
    fn cause(&self, mechanism: &[usize], purview: &[usize]) -> Vec<f64> {
        let likely = |z: usize| -> f64 {
            let before = self.states_with(purview, |node| Self::is_on(z, purview.iter().position(|p| *p == node).unwrap()));
            let one = |node: &usize| {
                let on = mean(before.iter().map(|state| self.next(*node, *state)));
                if self.state[*node] { on } else { 1.0 - on }
            };
            mechanism.iter().map(one).product()
        };
        let all: Vec<f64> = (0..1 << purview.len()).map(likely).collect();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|p| if sum > 0.0 { p / sum } else { 0.0 }).collect()
    }

    fn repertoire(&self, past: bool, mechanism: &[usize], purview: &[usize]) -> Vec<f64> {
        if past { self.cause(mechanism, purview) } else { self.effect(mechanism, purview) }
    }

    /// The least that is lost over all ways to part mechanism and purview in two.
    fn phi_of(&self, past: bool, mechanism: &[usize], purview: &[usize]) -> f64 {
        let whole = self.repertoire(past, mechanism, purview);
        if whole.iter().all(|p| *p == 0.0) {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        for (m1, m2) in parted(mechanism) {
            for (z1, z2) in parted(purview) {
                if m1.len() + z1.len() == 0 || m2.len() + z2.len() == 0 {
                    continue;
                }
                let (one, other) = (self.repertoire(past, &m1, &z1), self.repertoire(past, &m2, &z2));
                let together: Vec<f64> =
                    (0..1 << purview.len()).map(|z| one[picked(z, purview, &z1)] * other[picked(z, purview, &z2)]).collect();
                least = f64::min(least, moved(&whole, &together));
                if least < NOTHING {
                    return 0.0;
                }
            }
        }
        least
    }

    /// The purview of which most is said, and how much: of as much the larger, and then the first.
    fn core(&self, past: bool, mechanism: &[usize]) -> (Vec<usize>, f64) {
        let mut all: Vec<Vec<usize>> = parted(&(0..self.n()).collect::<Vec<_>>()).into_iter().map(|(one, _)| one).collect();
        all.retain(|purview| !purview.is_empty());
        all.sort_by_key(|purview| (purview.len(), purview.clone()));
        let mut best = (Vec::new(), 0.0);
        for purview in all {
            // What is a half of the sixth place is one, however it was added up.
            let phi = (self.phi_of(past, mechanism, &purview) * 1e6 + 1e-6).round() / 1e6;
            if phi > best.1 || phi == best.1 && phi > 0.0 && purview.len() > best.0.len() {
                best = (purview, phi);
            }
        }
        best
    }

    /// What is said of a purview, as said of all nodes: of the others what is so anyway.
    fn of_all(&self, past: bool, mechanism: &[usize], purview: &[usize]) -> Vec<f64> {
        let all: Vec<usize> = (0..self.n()).collect();
        let others: Vec<usize> = all.iter().copied().filter(|node| !purview.contains(node)).collect();
        let (told, anyway) = (self.repertoire(past, mechanism, purview), self.repertoire(past, &[], &others));
        (0..1 << self.n()).map(|s| told[picked(s, &all, purview)] * anyway[picked(s, &all, &others)]).collect()
    }

    pub fn concepts(&self) -> Vec<Said> {
        let mut found = Vec::new();
        for (mechanism, _) in parted(&(0..self.n()).collect::<Vec<_>>()).into_iter().filter(|(m, _)| !m.is_empty()) {
            let ((before, cause), (after, effect)) = (self.core(true, &mechanism), self.core(false, &mechanism));
            let phi = cause.min(effect);
            if phi > 0.0 {
                let (past, future) = (self.of_all(true, &mechanism, &before), self.of_all(false, &mechanism, &after));
                found.push(Said { mechanism, phi, past, future });
            }
        }
        found
    }

    /// The least distance to the constellation of any cut, links from some nodes to all others being noise.
    pub fn phi(&self) -> f64 {
        let whole = self.concepts();
        let mut least = f64::INFINITY;
        for (from, to) in parted(&(0..self.n()).collect::<Vec<_>>()).into_iter().filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
            let acts = |node: usize, other: usize| self.acts[node][other] && !(to.contains(&node) && from.contains(&other));
            let acts = (0..self.n()).map(|node| (0..self.n()).map(|other| acts(node, other)).collect()).collect();
            let cut = Self { on: self.on.clone(), acts, state: self.state.clone() };
            least = least.min(self.distance(&whole, &cut.concepts()));
        }
        least
    }

    fn distance(&self, one: &[Said], other: &[Said]) -> f64 {
        let nothing = (self.of_all(true, &[], &[]), self.of_all(false, &[], &[]));
        let points = |all: &[Said]| -> Vec<(Vec<f64>, Vec<f64>)> {
            all.iter().map(|said| (said.past.clone(), said.future.clone())).chain([nothing.clone()]).collect()
        };
        let phis = |all: &[Said]| -> Vec<f64> { all.iter().map(|said| said.phi).collect() };
        let (mut here, mut there) = (phis(one), phis(other));
        let more: f64 = here.iter().sum::<f64>() - there.iter().sum::<f64>();
        here.push((-more).max(0.0));
        there.push(more.max(0.0));
        let (from, to) = (points(one), points(other));
        carried(&here, &there, |i, j| moved(&from[i].0, &to[j].0) + moved(&from[i].1, &to[j].1))
    }
}

/// All ways to part a list in two, each way round.
fn parted(list: &[usize]) -> Vec<(Vec<usize>, Vec<usize>)> {
    (0..1usize << list.len())
        .map(|which| {
            let (one, other): (Vec<_>, Vec<_>) = list.iter().enumerate().partition(|(i, _)| which >> i & 1 == 1);
            let nodes = |all: Vec<(usize, &usize)>| all.into_iter().map(|(_, node)| *node).collect();
            (nodes(one), nodes(other))
        })
        .collect()
}

/// A state of some nodes as a state of those among them that are picked.
fn picked(state: usize, of: &[usize], picked: &[usize]) -> usize {
    let on = |node: &usize| state >> of.iter().position(|o| o == node).unwrap() & 1;
    picked.iter().enumerate().map(|(i, node)| on(node) << i).sum()
}

fn mean(all: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = f64::from(u32::try_from(all.len()).unwrap());
    all.sum::<f64>() / n
}

/// The earth mover's distance where a step changes one node.
fn moved(p: &[f64], q: &[f64]) -> f64 {
    carried(p, q, |i, j| f64::from((i ^ j).count_ones()))
}

/// The cheapest transport: along the cheapest path (Bellman and Ford) as long as there is one.
fn carried(supply: &[f64], demand: &[f64], cost: impl Fn(usize, usize) -> f64) -> f64 {
    let (n, m) = (supply.len(), demand.len());
    let costs: Vec<Vec<f64>> = (0..n).map(|i| (0..m).map(|j| cost(i, j)).collect()).collect();
    let (mut supply, mut demand, mut flow) = (supply.to_vec(), demand.to_vec(), vec![vec![0.0; m]; n]);
    // What need not go anywhere.
    if n == m {
        for i in (0..n).filter(|i| costs[*i][*i] < NOTHING) {
            let stays = supply[i].min(demand[i]);
            supply[i] -= stays;
            demand[i] -= stays;
        }
    }
    loop {
        let mut given: Vec<(f64, Option<usize>)> =
            supply.iter().map(|left| (if *left > NOTHING { 0.0 } else { f64::INFINITY }, None)).collect();
        let mut taken: Vec<(f64, Option<usize>)> = vec![(f64::INFINITY, None); m];
        loop {
            let mut nearer = false;
            for (i, j) in (0..n).flat_map(|i| (0..m).map(move |j| (i, j))) {
                let c = costs[i][j];
                if given[i].0 + c < taken[j].0 - NOTHING {
                    taken[j] = (given[i].0 + c, Some(i));
                    nearer = true;
                }
                if flow[i][j] > NOTHING && taken[j].0 - c < given[i].0 - NOTHING {
                    given[i] = (taken[j].0 - c, Some(j));
                    nearer = true;
                }
            }
            if !nearer {
                break;
            }
        }
        let open = (0..m).filter(|j| demand[*j] > NOTHING && taken[*j].0.is_finite());
        let Some(end) = open.min_by(|a, b| taken[*a].0.total_cmp(&taken[*b].0)) else { break };
        let (mut path, mut j) = (Vec::new(), end);
        let start = loop {
            let i = taken[j].1.unwrap();
            path.push((i, j, true));
            match given[i].1 {
                None => break i,
                Some(back) => {
                    path.push((i, back, false));
                    j = back;
                }
            }
        };
        let least = path.iter().filter(|(.., forth)| !forth).map(|(i, j, _)| flow[*i][*j]).fold(supply[start].min(demand[end]), f64::min);
        for (i, j, forth) in path {
            flow[i][j] += if forth { least } else { -least };
        }
        supply[start] -= least;
        demand[end] -= least;
    }
    (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| flow[i][j] * costs[i][j]).sum()
}
