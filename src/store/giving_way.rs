//! Who writes much on the house's disk pauses while commits take longer than they do otherwise.

use super::health::StoreHealth;
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(80);

/// One who writes beside the store: asks after each small piece how long to pause.
pub struct GivingWay<'a> {
    to: Option<&'a StoreHealth>,
    pause: Duration,
}

impl<'a> GivingWay<'a> {
    /// To this store, where there is one that others wait for.
    #[must_use]
    pub fn to(health: Option<&'a StoreHealth>) -> Self {
        // What was slow before has nothing to do with who begins now.
        let _ = health.is_some_and(StoreHealth::was_slow);
        Self { to: health, pause: Duration::ZERO }
    }

    /// How long to pause now: the longer the longer commits stay slow, and not at all while they are not.
    pub fn pause(&mut self) -> Duration {
        let slow = self.to.is_some_and(StoreHealth::was_slow);
        self.pause = if slow { (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE) } else { Duration::ZERO };
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_pauses_ever_longer_while_commits_are_slow_and_then_not_at_all() {
        let health = StoreHealth::default();
        let slow = || health.wrote(1, Duration::from_millis(40));
        slow();
        let mut giving_way = GivingWay::to(Some(&health));
        assert_eq!(giving_way.pause(), Duration::ZERO, "it was slow before");
        let mut before = Duration::ZERO;
        for _ in 0..4 {
            slow();
            let pause = giving_way.pause();
            assert!(pause > before);
            before = pause;
        }
        for _ in 0..4 {
            slow();
            assert!(giving_way.pause() <= LONGEST_PAUSE);
        }
        assert_eq!(giving_way.pause(), Duration::ZERO);
        health.wrote(1, Duration::from_micros(300));
        assert_eq!(giving_way.pause(), Duration::ZERO);
        assert_eq!(GivingWay::to(None).pause(), Duration::ZERO);
    }

    #[test]
    fn on_a_slow_disk_slow_is_usual() {
        let health = StoreHealth::default();
        let mut giving_way = GivingWay::to(Some(&health));
        for _ in 0..200 {
            health.wrote(1, Duration::from_millis(12));
        }
        giving_way.pause();
        health.wrote(1, Duration::from_millis(14));
        assert_eq!(giving_way.pause(), Duration::ZERO);
        health.wrote(1, Duration::from_millis(80));
        assert!(giving_way.pause() > Duration::ZERO);
    }
}
