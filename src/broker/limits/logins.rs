//! Failed logins: each of one address, and of one user, is answered later than the one before. Who says the right password is answered
//! at once: behind one address may live a whole house, and one device with an old password must not keep the others out.

use super::{crowd::Household, remembered::Remembered};
use crate::domain::limits;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

#[derive(Debug)]
pub struct Logins {
    free: u32,
    failed: Mutex<Remembered<Who, Failures>>,
    /// Failures whose time is not over, by address: so it is bounded by what was verified lately.
    waiting: Arc<Mutex<BTreeMap<Household, usize>>>,
}

/// One failure that waits for its answer, whether or not who failed still does.
#[derive(Debug)]
pub struct Waits {
    waiting: Arc<Mutex<BTreeMap<Household, usize>>>,
    of: Household,
}

impl Drop for Waits {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(&self.of) {
            Some(many) if *many > 1 => *many -= 1,
            _ => drop(waiting.remove(&self.of)),
        }
    }
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
        Self { free, failed: Mutex::new(Remembered::new(limits::REMEMBERED)), waiting: Arc::default() }
    }

    /// Whether so many of an address wait that nothing more is verified of what it says: else who does not wait for an answer would guess as
    /// fast as can be verified, for what is right is answered at once.
    pub fn are_full(&self, address: IpAddr) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&address.into()).is_some_and(|many| *many >= limits::LOGINS_WAITING)
    }

    /// One more waits. None: so many do that this one was not verified.
    pub fn wait(&self, address: IpAddr) -> Option<Waits> {
        let of = Household::from(address);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.entry(of).or_default();
        if *many >= limits::LOGINS_WAITING {
            return None;
        }
        *many += 1;
        drop(waiting);
        Some(Waits { waiting: Arc::clone(&self.waiting), of })
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

    #[test]
    fn as_many_wait_as_may_and_one_past_is_not_verified() {
        let (logins, address): (_, IpAddr) = (Logins::new(0), [10, 0, 0, 1].into());
        let mut waiting: Vec<Waits> = (0..limits::LOGINS_WAITING).map(|_| logins.wait(address).unwrap()).collect();
        assert!(logins.are_full(address) && logins.wait(address).is_none());
        assert!(!logins.are_full([10, 0, 0, 2].into()), "others are not kept out");
        drop(waiting.pop());
        assert!(!logins.are_full(address));
        waiting.clear();
        assert!(logins.waiting.lock().unwrap().is_empty());
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
