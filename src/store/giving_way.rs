//! Who writes much on the house's disk pauses while commits take longer than they do otherwise; and who works for long lets others have the core.

use super::health::StoreHealth;
use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

/// A kernel may leave a core to who has it until its next tick, for 4 ms, however nice that one is. From who lets go of one it takes the rest of his
/// turn, on a host that is busy: who did so more often would get nothing done there.
const TURN: Duration = Duration::from_millis(1);

/// One who lets whoever waits for its core have it, a thousand times a second.
#[derive(Debug, Clone)]
pub struct Turns(Cell<Instant>);

impl Default for Turns {
    fn default() -> Self {
        Self(Cell::new(Instant::now()))
    }
}

impl Turns {
    /// To be called often; whether it was time.
    pub fn pass(&self) -> bool {
        let is_over = self.0.get().elapsed() >= TURN;
        if is_over {
            thread::yield_now();
            self.0.set(Instant::now());
        }
        is_over
    }
}

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
    fn the_core_is_let_go_of_a_thousand_times_a_second_and_no_more() {
        let (turns, begun, mut passed) = (Turns::default(), Instant::now(), 0);
        while passed < 20 {
            passed += u32::from(turns.pass());
        }
        assert!(begun.elapsed() >= TURN * 20);
    }

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
