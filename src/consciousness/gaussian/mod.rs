//! How much a linear Gaussian process is one: information that flows between its parts from one moment to the next. All in nats, from the
//! covariance S of x (n × n) and that of y = x a moment later with x, C (n × n, Cov(y, x)).

mod matrix;
#[cfg(test)]
mod tests;

pub use matrix::Matrix;
use matrix::Pivots;

/// Steps of the search for Φ_G, and what is no gain any more.
const STEPS: usize = 2_000;
const GAIN: f64 = 1e-15;

/// The process, by its covariances.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    s: Matrix,
    c: Matrix,
}

/// What flows least: from `from` to the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Weakest {
    pub nats: f64,
    pub from: Vec<usize>,
    pub to: Vec<usize>,
}

impl Process {
    /// None when S or C is not n × n, or n is not in 2..=16.
    #[must_use]
    pub fn new(s: Matrix, c: Matrix) -> Option<Self> {
        let n = s.rows();
        let is_square = [&s, &c].iter().all(|m| m.rows() == n && m.columns() == n);
        (is_square && (2..=16).contains(&n)).then_some(Self { s, c })
    }

    /// Of one channel.
    #[must_use]
    pub fn variance(&self, channel: usize) -> f64 {
        self.s.at(channel, channel)
    }

    fn n(&self) -> usize {
        self.s.rows()
    }

    fn all(&self) -> Vec<usize> {
        (0..self.n()).collect()
    }

    /// Cov(y_V | x_U).
    fn given(&self, v: &[usize], u: &[usize]) -> Option<Matrix> {
        let c = self.c.part(v, u);
        let explained = c.times(&self.s.part(u, u).cholesky()?.solve(&c.transposed()));
        Some(self.s.part(v, v).minus(&explained))
    }

    /// Transfer entropy from U to V, which together are all: ½ ln(|Σ(y_V|x_V)|/|Σ(y_V|x)|), at least 0. None where S is not positive definite.
    #[must_use]
    pub fn transfer(&self, v: &[usize]) -> Option<f64> {
        self.into(v, &self.given(&self.all(), &self.all())?, &mut Pivots::default())
    }

    /// The same where the covariance of y given all of x is known. |Σ(y_V|x_V)| is what is left of the covariance of x_V and y_V together.
    fn into(&self, v: &[usize], noise: &Matrix, pivots: &mut Pivots) -> Option<f64> {
        let k = v.len();
        let node = |at: usize| v.get(at).copied().unwrap_or(usize::MAX);
        let own = pivots.ln_det(2 * k, k, |i, j| match (i < k, j < k) {
            (true, _) => self.s.at(node(i), node(j)),
            (false, true) => self.c.at(node(i - k), node(j)),
            (false, false) => self.s.at(node(i - k), node(j - k)),
        })?;
        let whole = pivots.ln_det(k, k, |i, j| noise.at(node(i), node(j)))?;
        Some((0.5 * (own - whole)).max(0.0))
    }

    /// Φ_flow: the least transfer over all 2ⁿ − 2 directed cuts (the one-way cut of Oizumi, Tsuchiya and Amari 2016, minimised over cuts). It is 0
    /// exactly when linear influence does not connect the whole.
    #[must_use]
    pub fn phi_flow(&self) -> Option<Weakest> {
        let n = self.n();
        let noise = self.given(&self.all(), &self.all())?;
        let (mut pivots, mut to) = (Pivots::default(), Vec::with_capacity(n));
        let mut best: Option<(f64, u32)> = None;
        for cut in 1..(1u32 << n) - 1 {
            to.clear();
            to.extend((0u32..).zip(0..n).filter(|(bit, _)| cut >> bit & 1 == 0).map(|(_, node)| node));
            let nats = self.into(&to, &noise, &mut pivots)?;
            if best.is_none_or(|(least, _)| nats < least) {
                best = Some((nats, cut));
            }
        }
        let (nats, cut) = best?;
        let (from, to) = parts(n, cut);
        Some(Weakest { nats, from, to })
    }

    /// I(x_U; y_V).
    fn information(&self, u: &[usize], v: &[usize]) -> Option<f64> {
        Some(0.5 * (self.s.part(v, v).cholesky()?.ln_det() - self.given(v, u)?.cholesky()?.ln_det()))
    }

    /// Φ_R: what the whole tells of its next moment beyond its parts, with what is told twice given back (Mediano and others 2019), redundancy being
    /// the least information between any two parts.
    #[must_use]
    pub fn phi_r(&self, parts: &[Vec<usize>]) -> Option<f64> {
        let all = self.all();
        let mut sum = self.information(&all, &all)?;
        let mut least = f64::INFINITY;
        for one in parts {
            sum -= self.information(one, one)?;
            for other in parts {
                least = least.min(self.information(one, other)?);
            }
        }
        Some(sum + least)
    }

    /// Φ_G: the least ½ ln(|E'|/|E|) over processes in which no part acts on another, E' = E + (A − A')S(A − A')ᵀ (Oizumi, Tsuchiya and Amari 2016).
    ///
    /// For a given E' the best A' solves linear equations; both are repeated until nothing is gained. A symmetric start may rest on a saddle, so
    /// that it begins from four places.
    #[must_use]
    pub fn phi_g(&self, parts: &[Vec<usize>]) -> Option<f64> {
        let a = self.s.cholesky()?.solve(&self.c.transposed()).transposed();
        let noise = self.given(&self.all(), &self.all())?;
        let slots: Vec<(usize, usize)> = parts.iter().flat_map(|part| part.iter().flat_map(|i| part.iter().map(|j| (*i, *j)))).collect();
        let mut best = f64::INFINITY;
        let start = |i: usize, j: usize| if i == j { a.at(i, i) } else { 0.0 };
        let starts: [&dyn Fn(usize, usize) -> f64; 4] = [
            &|i, j| a.at(i, j),
            &|i, j| start(i, j) + 0.5 * f64::from(u8::from(i == j)),
            &|i, j| start(i, j) - 0.5 * f64::from(u8::from(i == j)),
            &|i, j| {
                start(i, j)
                    + if i != j {
                        0.0
                    } else if i % 2 == 0 {
                        0.5
                    } else {
                        -0.5
                    }
            },
        ];
        for start in starts {
            let mut cut = Matrix::from_fn(self.n(), self.n(), |_, _| 0.0);
            for (i, j) in &slots {
                cut.set(*i, *j, start(*i, *j));
            }
            best = best.min(self.descend(&a, &noise, &slots, cut)?);
        }
        Some((0.5 * (best - noise.cholesky()?.ln_det())).max(0.0))
    }

    /// ln |E'| at the end of the way down.
    fn descend(&self, a: &Matrix, noise: &Matrix, slots: &[(usize, usize)], mut cut: Matrix) -> Option<f64> {
        let with = |cut: &Matrix| {
            let lost = a.minus(cut);
            noise.plus(&lost.times(&self.s).times(&lost.transposed())).cholesky()
        };
        let mut now = with(&cut)?;
        for _ in 0..STEPS {
            let weights = now.inverse();
            let wanted = weights.times(a).times(&self.s);
            let equations = Matrix::from_fn(slots.len(), slots.len(), |p, q| match (slots.get(p), slots.get(q)) {
                (Some((i, j)), Some((k, l))) => weights.at(*i, *k) * self.s.at(*l, *j),
                _ => 0.0,
            });
            let right = Matrix::from_fn(slots.len(), 1, |p, _| slots.get(p).map_or(0.0, |(i, j)| wanted.at(*i, *j)));
            let solved = equations.cholesky()?.solve(&right);
            for (p, (i, j)) in slots.iter().enumerate() {
                cut.set(*i, *j, solved.at(p, 0));
            }
            let next = with(&cut)?;
            let gain = now.ln_det() - next.ln_det();
            now = next;
            if gain.abs() < GAIN {
                break;
            }
        }
        Some(now.ln_det())
    }

    /// The least of a measure over all ways to part the process in two, with the part that node 0 is not in.
    #[must_use]
    pub fn least(&self, measure: impl Fn(&Self, &[Vec<usize>]) -> Option<f64>) -> Option<(f64, Vec<usize>)> {
        let mut best: Option<(f64, Vec<usize>)> = None;
        for cut in 1..1u32 << (self.n() - 1) {
            let (one, other) = parts(self.n(), cut << 1);
            let value = measure(self, &[other, one.clone()])?;
            if best.as_ref().is_none_or(|(least, _)| value < *least) {
                best = Some((value, one));
            }
        }
        best
    }
}

/// The nodes whose bit is 1, and the others.
fn parts(n: usize, cut: u32) -> (Vec<usize>, Vec<usize>) {
    (0..n).partition(|node| u32::try_from(*node).is_ok_and(|bit| cut >> bit & 1 == 1))
}
