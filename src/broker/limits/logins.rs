//! Failed logins: each of one address, and of one user, is answered later than the one before. Who says the right password is answered
//! at once: behind one address may live a whole house, and one device with an old password must not keep the others out.

use super::{crowd::Household, remembered::Remembered};
use crate::domain::limits;
use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Debug)]
pub struct Logins {
    free: u32,
    failed: Mutex<Remembered<Who, Failures>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Address(Household),
    User(String),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Duration,
}

/// A user name may have 64 KiB; as many bytes of it as tell users apart.
const USER_BYTES: usize = 128;

impl Logins {
    /// `free` failures are answered at once.
    pub fn new(free: u32) -> Self {
        Self { free, failed: Mutex::new(Remembered::new(limits::REMEMBERED)) }
    }

    /// How long the answer to this failed login waits: by the worse of what its address and its user did.
    pub fn failed(&self, address: IpAddr, user: &str, now: Duration) -> Duration {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let user: String = user.chars().take(USER_BYTES).collect();
        let worst = [Who::Address(address.into()), Who::User(user)].map(|who| {
            let failures = failed.meet(&who, || Failures { count: 0, last: now });
            if now.saturating_sub(failures.last) >= Duration::from_secs(limits::LOGIN_FORGIVEN_SECONDS) {
                failures.count = 0;
            }
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
            failures.count
        });
        self.delay(worst.into_iter().max().unwrap_or_default())
    }

    fn delay(&self, count: u32) -> Duration {
        let over = count.saturating_sub(self.free);
        if over == 0 {
            return Duration::ZERO;
        }
        let doubled = limits::LOGIN_DELAY_MILLIS.saturating_mul(1_u64.checked_shl(over - 1).unwrap_or(u64::MAX));
        Duration::from_millis(doubled.min(limits::MOST_LOGIN_DELAY_MILLIS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_failure_past_the_free_ones_waits_twice_as_long() {
        let logins = Logins::new(3);
        let fail = |user: &str, host: u8, at| logins.failed([10, 0, 0, host].into(), user, Duration::from_secs(at)).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 8, 9].map(|at| fail("anna", 1, at)), [0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 4_000]);
        assert_eq!(fail("anna", 2, 10), 4_000, "the user is the same");
        assert_eq!(fail("ben", 1, 11), 4_000, "the address is the same");
        assert_eq!(fail("ben", 3, 12), 0, "both are new, or nearly");
        assert_eq!(fail("anna", 1, 11 + limits::LOGIN_FORGIVEN_SECONDS), 0, "long ago");
    }

    proptest! {
        #[test]
        fn the_delay_grows_and_has_an_end(free in 1_u32..20, count in 0_u32..u32::MAX) {
            let logins = Logins::new(free);
            let (now, next) = (logins.delay(count), logins.delay(count.saturating_add(1)));
            prop_assert!(now <= next && next <= Duration::from_millis(limits::MOST_LOGIN_DELAY_MILLIS));
            prop_assert_eq!(now == Duration::ZERO, count <= free);
        }
    }
}
