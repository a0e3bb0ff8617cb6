//! Whether the host's clock can be believed: who has just leapt, or has just begun, is watched for a while before anything is let go. Pure.

use crate::domain::Timestamp;
use std::time::Duration;

/// What a clock may be beside the steady one between two looks.
const SLACK_SECONDS: f64 = 60.0;
/// After a start: a host without a clock of its own has the right time within minutes, or not at all.
const AFTER_START: Duration = Duration::from_secs(600);
/// After a leap: who sets a clock wrong notices within the hour.
const AFTER_LEAP: Duration = Duration::from_secs(3_600);
/// A start so long after the newest record is a leap, until it has lasted.
const AWAY_SECONDS: f64 = 86_400.0;

/// Watches the wall clock by one that only counts.
#[derive(Debug, Clone, Default)]
pub struct Steady {
    last: Option<(Timestamp, Duration)>,
    doubted_until: Duration,
}

impl Steady {
    /// Whether the time on the wall may be acted on, `counted` since some start; `newest` is when the newest record was made.
    pub fn believes(&mut self, wall: Timestamp, counted: Duration, newest: Option<Timestamp>) -> bool {
        let doubt = match self.last {
            None if newest.is_some_and(|newest| wall.seconds_since(newest) > AWAY_SECONDS) => Some(AFTER_LEAP),
            None => Some(AFTER_START),
            Some((then, counted_then)) => {
                let passed = counted.saturating_sub(counted_then).as_secs_f64();
                let leap = wall.seconds_since(then) - then.seconds_since(wall) - passed;
                (leap.abs() > SLACK_SECONDS).then_some(AFTER_LEAP)
            }
        };
        self.last = Some((wall, counted));
        if let Some(doubt) = doubt {
            self.doubted_until = counted.saturating_add(doubt);
        }
        // Records of a time to come were made by a clock that went wrong, then or now.
        counted >= self.doubted_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(1_000_000 + seconds)
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_that_has_just_begun_or_leapt_is_watched_first() {
        let mut steady = Steady::default();
        assert!(!steady.believes(at(0), s(5), Some(at(-60))));
        assert!(!steady.believes(at(300), s(305), None));
        assert!(steady.believes(at(600), s(605), None));
        assert!(steady.believes(at(1_230), s(1_205), None), "half a minute is no leap");
        assert!(!steady.believes(at(400_000), s(1_805), None), "far ahead");
        assert!(!steady.believes(at(402_000), s(3_805), None));
        assert!(!steady.believes(at(4_500), s(4_405), None), "and back again");
        assert!(steady.believes(at(4_500 + 3_600), s(4_405 + 3_600), None));
    }

    #[test]
    fn who_was_away_for_long_waits_for_longer() {
        let mut steady = Steady::default();
        assert!(!steady.believes(at(0), s(0), Some(at(-200_000))));
        assert!(!steady.believes(at(601), s(601), None));
        assert!(steady.believes(at(3_600), s(3_600), None));
    }
}
