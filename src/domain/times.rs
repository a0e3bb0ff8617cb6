//! How long things took, counted in classes: many threads count at once, none waits for another, and nothing is allocated.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the classes of what a person or a device waits for, in microseconds: from a commit on a fast disk to the patience of a
/// sender.
pub const WAITS_MICROS: [u64; 20] = [
    100, 250, 500, 1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 15_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000,
];

/// Counts of times in `N` classes, and of those above the last.
#[derive(Debug)]
pub struct Times<const N: usize> {
    bounds_micros: &'static [u64; N],
    classes: [AtomicU64; N],
    slower: AtomicU64,
    sum_micros: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// The upper bound of each class in microseconds, and how many fell into it; the last has none.
    pub classes: Vec<(Option<u64>, u64)>,
    /// Of all times.
    pub sum_micros: u64,
}

impl<const N: usize> Times<N> {
    /// The bounds are upper ones, in microseconds, from the smallest to the largest; each belongs to its class.
    #[must_use]
    pub const fn new(bounds_micros: &'static [u64; N]) -> Self {
        Self { bounds_micros, classes: [const { AtomicU64::new(0) }; N], slower: AtomicU64::new(0), sum_micros: AtomicU64::new(0) }
    }

    /// Counts one.
    pub fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let class = self.bounds_micros.partition_point(|bound| *bound < micros);
        self.classes.get(class).unwrap_or(&self.slower).fetch_add(1, Relaxed);
        self.sum_micros.fetch_add(micros, Relaxed);
    }

    /// Who counts meanwhile may be in one number and not yet in another.
    #[must_use]
    pub fn now(&self) -> Taken {
        let bounds = self.bounds_micros.iter().copied().map(Some).chain([None]);
        let counts = self.classes.iter().chain([&self.slower]).map(|count| count.load(Relaxed));
        Taken { classes: bounds.zip(counts).collect(), sum_micros: self.sum_micros.load(Relaxed) }
    }
}

impl Taken {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().map(|(_, count)| count).sum()
    }

    /// The upper bound of the class that the quantile falls in, in microseconds; of those slower than all classes the last bound that there
    /// is. None: nothing was counted.
    #[must_use]
    pub fn quantile_micros(&self, percent: u64) -> Option<u64> {
        let mut left = self.count().saturating_mul(percent).div_ceil(100).max(1);
        let class = self.classes.iter().position(|(_, count)| {
            let found = *count >= left;
            left = left.saturating_sub(*count);
            found
        })?;
        self.classes.iter().take(class + 1).rev().find_map(|(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static BOUNDS: [u64; 4] = [100, 400, 6_000, 2_000_000];

    #[test]
    fn times_are_counted_in_classes() {
        let times = Times::new(&BOUNDS);
        assert_eq!((times.now().count(), times.now().quantile_micros(50)), (0, None));
        (0..98).for_each(|_| times.took(Duration::from_micros(400)));
        (0..2).for_each(|_| times.took(Duration::from_micros(401)));
        let now = times.now();
        assert_eq!(now.classes, [(Some(100), 0), (Some(400), 98), (Some(6_000), 2), (Some(2_000_000), 0), (None, 0)]);
        assert_eq!((now.count(), now.sum_micros), (100, 98 * 400 + 2 * 401));
        assert_eq!([50, 98, 99, 100].map(|p| now.quantile_micros(p)), [Some(400), Some(400), Some(6_000), Some(6_000)]);
        (0..1_000).for_each(|_| times.took(Duration::from_secs(60)));
        assert_eq!(times.now().quantile_micros(99), Some(2_000_000), "slower is not told apart");
        times.took(Duration::MAX);
        assert_eq!(times.now().count(), 1_101);
    }

    #[test]
    fn many_count_at_once_and_nothing_is_lost() {
        let times = Times::new(&WAITS_MICROS);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let times = &times;
                scope.spawn(move || (0..10_000).for_each(|n| times.took(Duration::from_micros(n * thread))));
            }
        });
        let sum: u64 = (0..4).map(|thread| (0..10_000).map(|n| n * thread).sum::<u64>()).sum();
        assert_eq!((times.now().count(), times.now().sum_micros), (40_000, sum));
    }

    proptest! {
        #[test]
        fn each_falls_into_the_first_class_that_holds_it(micros in 0_u64..3_000_000) {
            let times = Times::new(&BOUNDS);
            times.took(Duration::from_micros(micros));
            let class = times.now().classes.into_iter().find(|(_, count)| *count == 1).unwrap().0;
            prop_assert_eq!(class, BOUNDS.into_iter().find(|bound| micros <= *bound));
        }
    }
}
