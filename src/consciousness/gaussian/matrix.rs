//! Small dense matrices: as much linear algebra as a covariance of six channels needs.

/// Rows by columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    #[must_use]
    pub fn from_fn(rows: usize, columns: usize, mut value: impl FnMut(usize, usize) -> f64) -> Self {
        let values = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect();
        Self { rows, columns, values }
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// 0 outside.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        if j < self.columns { self.values.get(i * self.columns + j).copied().unwrap_or(0.0) } else { 0.0 }
    }

    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        if j < self.columns
            && let Some(place) = self.values.get_mut(i * self.columns + j)
        {
            *place = value;
        }
    }

    /// Some of its rows and columns.
    #[must_use]
    pub fn part(&self, rows: &[usize], columns: &[usize]) -> Self {
        let values = rows.iter().flat_map(|i| columns.iter().map(|j| self.at(*i, *j))).collect();
        Self { rows: rows.len(), columns: columns.len(), values }
    }

    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |i, j| self.at(j, i))
    }

    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self::from_fn(self.rows, other.columns, |i, j| (0..self.columns).map(|k| self.at(i, k) * other.at(k, j)).sum())
    }

    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::from_fn(self.rows, self.columns, |i, j| self.at(i, j) + other.at(i, j))
    }

    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::from_fn(self.rows, self.columns, |i, j| self.at(i, j) - other.at(i, j))
    }

    /// L with L·Lᵀ = this; None when it is not positive definite.
    #[must_use]
    pub fn cholesky(&self) -> Option<Lower> {
        let n = self.rows;
        let mut lower = Self::from_fn(n, n, |_, _| 0.0);
        for i in 0..n {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| lower.at(i, k) * lower.at(j, k)).sum();
                let rest = self.at(i, j) - sum;
                if i == j {
                    if !(rest > 0.0 && rest.is_finite()) {
                        return None;
                    }
                    lower.set(i, i, libm::sqrt(rest));
                } else {
                    lower.set(i, j, rest / lower.at(j, j));
                }
            }
        }
        Some(Lower(lower))
    }
}

/// A matrix by its Cholesky factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Lower(Matrix);

impl Lower {
    /// ln of the determinant.
    #[must_use]
    pub fn ln_det(&self) -> f64 {
        (0..self.0.rows).map(|i| 2.0 * libm::log(self.0.at(i, i))).sum()
    }

    /// X with this · X = b.
    #[must_use]
    pub fn solve(&self, b: &Matrix) -> Matrix {
        let (n, l) = (self.0.rows, &self.0);
        let mut x = b.clone();
        for column in 0..b.columns {
            for i in 0..n {
                let sum: f64 = (0..i).map(|k| l.at(i, k) * x.at(k, column)).sum();
                x.set(i, column, (x.at(i, column) - sum) / l.at(i, i));
            }
            for i in (0..n).rev() {
                let sum: f64 = (i + 1..n).map(|k| l.at(k, i) * x.at(k, column)).sum();
                x.set(i, column, (x.at(i, column) - sum) / l.at(i, i));
            }
        }
        x
    }

    #[must_use]
    pub fn inverse(&self) -> Matrix {
        let n = self.0.rows;
        self.solve(&Matrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.0 }))
    }
}

/// Room for a Cholesky factor, used again and again.
#[derive(Debug, Default)]
pub struct Pivots(Vec<f64>);

impl Pivots {
    /// ln of the determinant of what is left of a symmetric matrix of n rows when all but the last `left` are known (its Schur complement); None
    /// when it is not positive definite. `value` is asked at and below the diagonal.
    pub fn ln_det(&mut self, n: usize, left: usize, value: impl Fn(usize, usize) -> f64) -> Option<f64> {
        self.0.clear();
        self.0.resize(n * n, 0.0);
        let mut sum = 0.0;
        for i in 0..n {
            let (above, row) = self.0.split_at_mut(i * n);
            let row = row.get_mut(..n)?;
            let mut square = 0.0;
            for (j, other) in above.chunks_exact(n).enumerate() {
                let (known, rest) = row.split_at_mut(j);
                let dot: f64 = known.iter().zip(other).map(|(a, b)| a * b).sum();
                let (place, pivot) = (rest.first_mut()?, other.get(j)?);
                *place = (value(i, j) - dot) / pivot;
                square += *place * *place;
            }
            let pivot = value(i, i) - square;
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            *row.get_mut(i)? = libm::sqrt(pivot);
            if i + left >= n {
                sum += libm::log(pivot);
            }
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_solved_is_so(values in prop::collection::vec(-2.0f64..2.0, 16)) {
            let any = Matrix { rows: 4, columns: 4, values };
            let whole = any.times(&any.transposed()).plus(&Matrix::from_fn(4, 4, |i, j| if i == j { 0.5 } else { 0.0 }));
            let lower = whole.cholesky().unwrap();
            let one = whole.times(&lower.inverse());
            for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                let expected = f64::from(u8::from(i == j));
                prop_assert!((one.at(i, j) - expected).abs() < 1e-9);
            }
            let mut pivots = Pivots::default();
            let all = pivots.ln_det(4, 4, |i, j| whole.at(i, j)).unwrap();
            prop_assert!((all - lower.ln_det()).abs() < 1e-9);
            let first = pivots.ln_det(2, 2, |i, j| whole.at(i, j)).unwrap();
            prop_assert!((all - first - pivots.ln_det(4, 2, |i, j| whole.at(i, j)).unwrap()).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_flat_has_no_factor() {
        assert_eq!(Matrix::from_fn(2, 2, |_, _| 1.0).cholesky(), None);
        assert_eq!(Matrix::from_fn(1, 1, |_, _| f64::NAN).cholesky(), None);
        assert_eq!((Pivots::default().ln_det(2, 2, |_, _| 1.0), Pivots::default().ln_det(1, 1, |_, _| f64::NAN)), (None, None));
        let lower = Matrix::from_fn(2, 2, |i, j| if i == j { 2.0 } else { 0.0 }).cholesky().unwrap();
        assert!((lower.ln_det() - libm::log(4.0)).abs() < 1e-15);
    }
}
