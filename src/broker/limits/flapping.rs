//! Who comes and goes without end: one client id from one address, turned away for a while when it connects too often.

use super::{crowd::Household, remembered::Remembered};
use crate::{config, domain::limits};
use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Debug)]
pub struct Flapping {
    connects: u32,
    window: Duration,
    ban: Duration,
    seen: Mutex<Remembered<(Household, String), Comings>>,
}

#[derive(Debug)]
struct Comings {
    since: Duration,
    count: u32,
    banned_until: Option<Duration>,
}

impl Flapping {
    pub fn new(config: &config::Limits) -> Self {
        Self {
            connects: config.flapping_connects,
            window: Duration::from_secs(config.flapping_window_seconds.into()),
            ban: Duration::from_secs(config.ban_seconds.into()),
            seen: Mutex::new(Remembered::new(limits::REMEMBERED)),
        }
    }

    /// Whether this client may come in. What it tries while it is turned away does not lengthen that: it may not know.
    pub fn comes(&self, address: IpAddr, client_id: &str, now: Duration) -> bool {
        // Ids that the engine assigns are new ones each time.
        if self.connects == 0 || client_id.is_empty() {
            return true;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let comings = seen.meet(&(address.into(), client_id.to_owned()), || Comings { since: now, count: 0, banned_until: None });
        if comings.banned_until.is_some_and(|until| now < until) {
            return false;
        }
        if comings.banned_until.take().is_some() || now.saturating_sub(comings.since) >= self.window {
            (comings.since, comings.count) = (now, 0);
        }
        comings.count += 1;
        if comings.count > self.connects {
            comings.banned_until = Some(now + self.ban);
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flapping(connects: u32) -> Flapping {
        Flapping::new(&config::Limits {
            flapping_connects: connects,
            flapping_window_seconds: 10,
            ban_seconds: 30,
            ..config::Limits::default()
        })
    }

    #[test]
    fn one_past_the_limit_is_turned_away_until_its_time_is_over() {
        let (flapping, home, other) = (flapping(3), IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let at = Duration::from_secs;
        assert!((0..3).all(|_| flapping.comes(home, "a", at(1))));
        assert!(!flapping.comes(home, "a", at(1)));
        assert!(flapping.comes(home, "b", at(1)) && flapping.comes(other, "a", at(1)), "others are not meant");
        assert!(!flapping.comes(home, "a", at(30)));
        assert!((0..3).all(|_| flapping.comes(home, "a", at(31))));
        assert!(!flapping.comes(home, "a", at(31)));
        assert!((0..9).all(|_| flapping.comes(home, "", at(1))));
    }

    proptest! {
        #[test]
        fn who_comes_no_faster_than_allowed_is_never_turned_away(gaps in proptest::collection::vec(0_u64..9_000, 0..60)) {
            let (flapping, mut now) = (flapping(3), Duration::ZERO);
            for gap in gaps {
                // Three in any ten seconds, at most.
                now += Duration::from_millis(gap.max(3_334));
                prop_assert!(flapping.comes([10, 0, 0, 1].into(), "a", now));
            }
        }
    }
}
