//! Places for those who listen: so many in all, of one user, and of one address that is not this host.

use crate::{api::problem::Problem, broker::Household, domain::limits};
use axum::http::StatusCode;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub struct Seats {
    here: Mutex<Here>,
    all: AtomicUsize,
    left: Notify,
}

/// Who listens.
#[derive(Debug, Default)]
struct Here {
    households: BTreeMap<Household, usize>,
    users: BTreeMap<String, usize>,
    /// Those whose connections hold a place among all others.
    holding: usize,
}

/// Held as long as somebody listens.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    of: Household,
    user: Option<String>,
    holds: bool,
}

impl Seats {
    /// `most`: how many may hold a place among those of all connections, where this one does.
    ///
    /// # Errors
    /// With 503 where all are taken, 429 where this address or user has its share.
    pub fn take(self: &Arc<Self>, address: IpAddr, user: Option<&str>, most: Option<usize>) -> Result<Seat, Problem> {
        let of = Household::from(address);
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |many: usize| {
            let detail =
                format!("{many} listen already, and no more may: ask again when one has left, or for /v1/stream instead of /v1/events");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "subscribers", detail)
        };
        let share = |many: usize, whose: &str| {
            let detail = format!("{many} of {whose} listen already: end one of these first");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "subscribers", detail)
        };
        if here.households.values().sum::<usize>() >= limits::STREAM_SUBSCRIBERS {
            return Err(full(limits::STREAM_SUBSCRIBERS));
        }
        if let Some(most) = most.filter(|most| here.holding >= *most) {
            return Err(full(most));
        }
        let own = here.households.get(&of).copied().unwrap_or_default();
        if own >= limits::STREAM_ADDRESS_SUBSCRIBERS && !address.to_canonical().is_loopback() {
            return Err(share(limits::STREAM_ADDRESS_SUBSCRIBERS, "your address"));
        }
        if user.and_then(|user| here.users.get(user)).is_some_and(|many| *many >= limits::STREAM_USER_SUBSCRIBERS) {
            return Err(share(limits::STREAM_USER_SUBSCRIBERS, "this user"));
        }
        here.households.insert(of, own + 1);
        if let Some(user) = user {
            *here.users.entry(user.to_owned()).or_default() += 1;
        }
        here.holding += usize::from(most.is_some());
        self.all.store(here.households.values().sum(), Ordering::Relaxed);
        Ok(Seat { seats: Arc::clone(self), of, user: user.map(str::to_owned), holds: most.is_some() })
    }

    /// How many listen.
    pub fn taken(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Resolves when nobody listens any more.
    pub async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.taken() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut here = self.seats.here.lock().unwrap_or_else(PoisonError::into_inner);
        leave(&mut here.households, &self.of);
        if let Some(user) = &self.user {
            leave(&mut here.users, user);
        }
        here.holding -= usize::from(self.holds);
        self.seats.all.store(here.households.values().sum(), Ordering::Relaxed);
        drop(here);
        self.seats.left.notify_one();
    }
}

fn leave<K: Ord>(all: &mut BTreeMap<K, usize>, of: &K) {
    match all.get_mut(of) {
        Some(many) if *many > 1 => *many -= 1,
        _ => drop(all.remove(of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn an_address_has_its_share_a_user_has_his_and_this_host_all_that_are_left() {
        let seats = Arc::new(Seats::default());
        let stranger = |last: u16| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
        let mut taken: Vec<Seat> = (0..8).map(|n| seats.take(stranger(n), None, None).unwrap()).collect();
        assert_eq!(taken.len(), limits::STREAM_ADDRESS_SUBSCRIBERS);
        assert_eq!(
            seats.take(stranger(9), None, None).unwrap_err().status,
            StatusCode::TOO_MANY_REQUESTS,
            "one household, whatever its address"
        );
        let here: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        taken.extend((0..limits::STREAM_USER_SUBSCRIBERS).map(|_| seats.take(here, Some("anna"), None).unwrap()));
        assert_eq!(seats.take(here, Some("anna"), None).unwrap_err().status, StatusCode::TOO_MANY_REQUESTS, "one past her own");
        while seats.taken() < limits::STREAM_SUBSCRIBERS {
            taken.push(seats.take(here, None, None).unwrap());
        }
        assert_eq!(seats.take(here, Some("ben"), None).unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE, "one past");
        drop(taken.pop());
        drop(taken.remove(0));
        assert_eq!(seats.taken(), limits::STREAM_SUBSCRIBERS - 2);
        assert!(seats.take(stranger(1), None, None).is_ok() && seats.take(here, None, None).is_ok());
        taken.clear();
        let left = seats.here.lock().unwrap();
        assert!(seats.taken() == 0 && left.users.is_empty() && left.holding == 0);
    }

    #[test]
    fn those_who_hold_connections_leave_half_of_them_to_others() {
        let (seats, here): (_, IpAddr) = (Arc::new(Seats::default()), [127, 0, 0, 1].into());
        let taken: Vec<Seat> = (0..2).map(|_| seats.take(here, None, Some(2)).unwrap()).collect();
        assert_eq!(seats.take(here, None, Some(2)).unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(seats.take(here, None, None).is_ok());
        drop(taken);
        assert!(seats.take(here, None, Some(2)).is_ok());
    }
}
