//! A token bucket in whole numbers: time is handed in, nothing is rounded away, and the same calls give the same answers.

use std::time::Duration;

const NANOS: u128 = 1_000_000_000;

/// Lets `burst` pass at once, and `per_second` in the long run.
#[derive(Debug, Clone)]
pub struct Bucket {
    per_second: u128,
    burst: u128,
    /// What was taken and has not flowed back, in billionths; 0 is a full bucket.
    taken: u128,
    at: Duration,
}

impl Bucket {
    /// None where the rate is 0: no limit.
    pub fn new(per_second: u32, burst: u32) -> Option<Self> {
        let (per_second, burst) = (u128::from(per_second), u128::from(burst.max(1)) * NANOS);
        (per_second > 0).then_some(Self { per_second, burst, taken: 0, at: Duration::ZERO })
    }

    fn flow(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_nanos();
        self.taken = self.taken.saturating_sub(passed.saturating_mul(self.per_second));
        self.at = self.at.max(now);
    }

    /// Takes one if it is there.
    pub fn take_one(&mut self, now: Duration) -> bool {
        self.flow(now);
        let fits = self.taken + NANOS <= self.burst;
        self.taken += if fits { NANOS } else { 0 };
        fits
    }

    /// Gives back one that was taken.
    pub fn give_back(&mut self) {
        self.taken = self.taken.saturating_sub(NANOS);
    }

    /// How many could be taken now, and how long it would take until the bucket is full.
    pub fn level(&mut self, now: Duration) -> (u32, Duration) {
        self.flow(now);
        let left = self.burst.saturating_sub(self.taken) / NANOS;
        (u32::try_from(left).unwrap_or(u32::MAX), self.nanos(self.taken))
    }

    /// How long until one can be taken.
    pub fn one_in(&mut self, now: Duration) -> Duration {
        self.flow(now);
        self.nanos((self.taken + NANOS).saturating_sub(self.burst))
    }

    /// How long so much takes to flow back.
    fn nanos(&self, taken: u128) -> Duration {
        Duration::from_nanos(u64::try_from(taken.div_ceil(self.per_second)).unwrap_or(u64::MAX))
    }

    /// Takes what has been used already; how long its user must now wait until nothing is owed.
    pub fn owe(&mut self, amount: usize, now: Duration) -> Duration {
        self.flow(now);
        self.taken = self.taken.saturating_add(u128::try_from(amount).unwrap_or(u128::MAX).saturating_mul(NANOS));
        self.nanos(self.taken.saturating_sub(self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_burst_passes_and_one_more_waits_for_its_time() {
        let mut bucket = Bucket::new(10, 3).unwrap();
        let at = Duration::from_millis;
        assert!((0..3).all(|_| bucket.take_one(at(0))));
        assert!(!bucket.take_one(at(99)));
        assert!(bucket.take_one(at(100)));
        assert!(!bucket.take_one(at(199)));
        let mut bucket = Bucket::new(10, 3).unwrap();
        assert_eq!(bucket.owe(3, at(0)), Duration::ZERO);
        assert_eq!(bucket.owe(1, at(0)), at(100));
        assert_eq!(bucket.owe(1, at(150)), at(50));
        assert!(Bucket::new(0, 3).is_none());
        let mut bucket = Bucket::new(10, 3).unwrap();
        assert_eq!((bucket.level(at(0)), bucket.one_in(at(0))), ((3, at(0)), at(0)));
        assert!((0..3).all(|_| bucket.take_one(at(0))));
        assert_eq!((bucket.level(at(50)), bucket.one_in(at(50))), ((0, at(250)), at(50)));
        assert_eq!((bucket.level(at(200)), bucket.one_in(at(200))), ((2, at(100)), at(0)));
        bucket.give_back();
        bucket.give_back();
        assert_eq!(bucket.level(at(200)), (3, at(0)), "never more than it holds");
    }

    proptest! {
        /// Whatever is asked when: no stretch of time lets more pass than the burst and the rate.
        #[test]
        fn no_window_lets_more_than_burst_and_rate_pass(rate in 1_u32..2_000, burst in 1_u32..50, gaps in proptest::collection::vec(0_u64..20_000, 1..300)) {
            let (mut bucket, mut now, mut passed) = (Bucket::new(rate, burst).unwrap(), Duration::ZERO, Vec::new());
            for gap in gaps {
                now += Duration::from_micros(gap);
                if bucket.take_one(now) {
                    passed.push(now);
                }
            }
            for (i, from) in passed.iter().enumerate() {
                for (n, to) in passed.iter().skip(i).enumerate() {
                    let most = u128::from(burst) * NANOS + (*to - *from).as_nanos() * u128::from(rate);
                    prop_assert!((n as u128 + 1) * NANOS <= most);
                }
            }
        }

        /// Who waits as long as it is told owes nothing, and not a nanosecond earlier.
        #[test]
        fn the_wait_is_exact(rate in 1_u32..2_000_000, burst in 1_u32..5_000, amount in 0_usize..100_000, at in 0_u64..1_000_000_000) {
            let now = Duration::from_nanos(at);
            let mut bucket = Bucket::new(rate, burst).unwrap();
            let wait = bucket.owe(amount, now);
            prop_assert_eq!(bucket.clone().owe(0, now + wait), Duration::ZERO);
            if wait > Duration::ZERO {
                prop_assert!(bucket.owe(0, now + wait - Duration::from_nanos(1)) > Duration::ZERO);
            }
        }
    }
}
