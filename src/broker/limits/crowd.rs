//! How many connections one address has, and how fast it makes them. An IPv6 household owns a /64, and counts as one address.

use super::{bucket::Bucket, remembered::Remembered};
use crate::domain::limits;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Whom one address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Household(IpAddr);

impl From<IpAddr> for Household {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        })
    }
}

/// Why an address is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    TooMany,
    TooFast,
}

#[derive(Debug)]
pub struct Crowd {
    at_once: usize,
    per_second: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Only those who are here: so it is bounded by the connections.
    here: BTreeMap<Household, usize>,
    pace: Remembered<Household, Option<Bucket>>,
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
pub struct Pass {
    crowd: Arc<Crowd>,
    household: Household,
}

impl Crowd {
    /// 0 stands for no limit.
    pub fn new(at_once: usize, per_second: u32) -> Self {
        Self { at_once, per_second, state: Mutex::new(State { here: BTreeMap::new(), pace: Remembered::new(limits::REMEMBERED) }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// When the address has, or makes, too many connections.
    pub fn enter(self: &Arc<Self>, address: IpAddr, now: Duration) -> Result<Pass, Full> {
        let household = Household::from(address);
        let mut state = self.state();
        let bucket = state.pace.meet(&household, || Bucket::new(self.per_second, self.per_second));
        if bucket.as_mut().is_some_and(|bucket| !bucket.take_one(now)) {
            return Err(Full::TooFast);
        }
        let here = state.here.get(&household).copied().unwrap_or_default();
        if self.at_once > 0 && here >= self.at_once {
            return Err(Full::TooMany);
        }
        state.here.insert(household, here + 1);
        drop(state);
        Ok(Pass { crowd: Arc::clone(self), household })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.crowd.state();
        let left = state.here.get(&self.household).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            state.here.remove(&self.household);
        } else {
            state.here.insert(self.household, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_place_is_free_again_when_its_holder_leaves() {
        let crowd = Arc::new(Crowd::new(2, 0));
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let first = crowd.enter(a, NOW).unwrap();
        let _second = crowd.enter("::ffff:10.0.0.1".parse().unwrap(), NOW).unwrap();
        assert_eq!(crowd.enter(a, NOW).unwrap_err(), Full::TooMany);
        let _other = crowd.enter(b, NOW).unwrap();
        drop(first);
        drop(crowd.enter(a, NOW).unwrap());
        drop((_second, _other));
        assert!(crowd.state().here.is_empty());
    }

    #[test]
    fn a_household_of_ipv6_is_one_address() {
        let crowd = Arc::new(Crowd::new(0, 1));
        let enter = |address: &str| crowd.enter(address.parse().unwrap(), NOW).map(drop);
        assert_eq!(enter("2001:db8:1:2::1"), Ok(()));
        assert_eq!(enter("2001:db8:1:2:ffff::9"), Err(Full::TooFast));
        assert_eq!(enter("2001:db8:1:3::1"), Ok(()));
    }

    proptest! {
        #[test]
        fn never_more_than_its_places(comes in proptest::collection::vec((0_u8..4, any::<bool>()), 0..80), most in 1_usize..5) {
            let (crowd, mut here) = (Arc::new(Crowd::new(most, 0)), Vec::<(u8, Pass)>::new());
            for (who, stays) in comes {
                let count = here.iter().filter(|(h, _)| *h == who).count();
                if stays {
                    let pass = crowd.enter([10, 0, 0, who].into(), NOW);
                    prop_assert_eq!(pass.is_ok(), count < most);
                    here.extend(pass.ok().map(|pass| (who, pass)));
                } else if let Some(at) = here.iter().position(|(h, _)| *h == who) {
                    here.remove(at);
                }
            }
        }
    }
}
