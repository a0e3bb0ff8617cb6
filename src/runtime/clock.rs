//! The clock: wall time that never goes back and never stands still, and ids in its order.

use crate::domain::Timestamp;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, UNIX_EPOCH},
};
use uuid::Uuid;

/// Where the host's clock was set back, time goes on by half of what has passed: what lasts a minute ends, and the host's clock catches up.
const PACE: i64 = 2;
/// Microseconds that have passed at least before it goes on.
const STEP: i64 = 2_000;

/// Wall time, monotone within the process. After the host's clock was set back it goes on from where it was at half the pace, until the host's clock has
/// caught up: by an hour, in two.
#[derive(Debug)]
pub struct Clock {
    last: AtomicI64,
    /// Microseconds since the start, when it was looked at last.
    looked: AtomicI64,
    started: Instant,
}

impl Clock {
    /// Starts no earlier than `floor`, the last time that the store knows.
    #[must_use]
    pub fn new(floor: Timestamp) -> Self {
        Self { last: AtomicI64::new(floor.micros()), looked: AtomicI64::new(0), started: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.go_on(self.wall().micros(), i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time where the host's clock says `wall`, and so many microseconds have passed since the start.
    fn go_on(&self, wall: i64, passed: i64) -> i64 {
        let before = self.last.load(Ordering::Acquire);
        if wall >= before {
            // In this order: who comes between the two finds that less has passed, and not more.
            self.looked.fetch_max(passed, Ordering::AcqRel);
            return self.last.fetch_max(wall, Ordering::AcqRel).max(wall);
        }
        let looked = self.looked.load(Ordering::Acquire);
        let since = passed.saturating_sub(looked);
        // Who looks at the same moment counts it once.
        if since < STEP || self.looked.compare_exchange(looked, passed, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return before;
        }
        let on = |time: i64| time.saturating_add(since / PACE);
        on(self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |time| Some(on(time))).unwrap_or(before))
    }

    /// The host's own time, though it was set back: ids hold it too.
    pub fn wall(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)]
        let wall = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
    }

    /// A new percept's id: uuid v7, in the order of time.
    pub fn percept_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// A new request's id.
    pub fn request_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn after_the_clock_was_set_back_time_goes_on_at_half_the_pace_until_that_has_caught_up() {
        let clock = Clock::new(Timestamp::from_micros(0));
        let at = |wall: i64, passed: i64| clock.go_on(wall * SECOND, passed * SECOND) / SECOND;
        assert_eq!([at(5_000, 10), at(5_060, 70)], [5_000, 5_060]);
        // Back by an hour.
        assert_eq!([at(1_500, 110), at(1_560, 170), at(5_060, 3_670)], [5_080, 5_110, 5_060 + 1_800]);
        assert_eq!([at(8_658, 7_268), at(8_660, 7_270), at(8_661, 7_271)], [8_658, 8_660, 8_661], "caught up, after two");
        // However often it is asked.
        let clock = Clock::new(Timestamp::from_micros(100 * SECOND));
        let asked = (0..=2_000_000).map(|passed| clock.go_on(0, passed));
        assert_eq!(asked.last(), Some(101 * SECOND));
    }

    #[test]
    fn time_never_goes_back() {
        let ahead = Timestamp::from_micros(i64::MAX / 2);
        let clock = Clock::new(ahead);
        assert!(clock.now() >= ahead && clock.now() < ahead.plus_seconds(60));
        assert!(clock.percept_id() < clock.percept_id());
    }

    proptest! {
        #[test]
        fn whatever_the_host_says_it_is_never_earlier_and_never_further_ahead_than_the_host_was(
            walls in prop::collection::vec((-3_600i64..3_600, 0i64..5 * SECOND), 1..60),
        ) {
            let (clock, mut passed, mut last, mut most) = (Clock::new(Timestamp::from_micros(0)), 0, 0, 0);
            for (wall, more) in walls {
                let wall = 4_000 * SECOND + wall * SECOND;
                passed += more;
                let now = clock.go_on(wall, passed);
                // No faster than what passes, but where the host's clock is.
                most = wall.max(most + more);
                prop_assert!(now >= last && now >= wall && now <= most);
                last = now;
            }
        }

        #[test]
        fn no_moment_is_too_late(floor in any::<i64>(), wall in any::<i64>(), passed in any::<i64>()) {
            let clock = Clock::new(Timestamp::from_micros(floor));
            clock.go_on(wall, passed);
            clock.go_on(wall, i64::MAX);
        }
    }
}
