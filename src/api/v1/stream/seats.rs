//! Places for those who listen: so many in all, and so many of one address that is not this host.

use crate::{api::problem::Problem, domain::limits};
use axum::http::StatusCode;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub struct Seats {
    here: Mutex<BTreeMap<IpAddr, usize>>,
    all: AtomicUsize,
    left: Notify,
}

/// Held as long as somebody listens.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    of: IpAddr,
}

impl Seats {
    /// # Errors
    /// With 503 where all are taken, 429 where this address has its share.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Seat, Problem> {
        let of = household(address);
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let own = here.get(&of).copied().unwrap_or_default();
        if here.values().sum::<usize>() >= limits::STREAM_SUBSCRIBERS {
            let detail = format!("{} listen already, and no more may: ask again when one has left", limits::STREAM_SUBSCRIBERS);
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "subscribers", detail));
        }
        if own >= limits::STREAM_ADDRESS_SUBSCRIBERS && !of.is_loopback() {
            let detail = format!("{} listen from your address already: end one of these first", limits::STREAM_ADDRESS_SUBSCRIBERS);
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "subscribers", detail));
        }
        here.insert(of, own + 1);
        self.all.store(here.values().sum(), Ordering::Relaxed);
        Ok(Seat { seats: Arc::clone(self), of })
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
        let left = here.get(&self.of).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            here.remove(&self.of);
        } else {
            here.insert(self.of, left);
        }
        self.seats.all.store(here.values().sum(), Ordering::Relaxed);
        drop(here);
        self.seats.left.notify_one();
    }
}

/// A household of IPv6 owns a /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_this_host_all_that_are_left() {
        let seats = Arc::new(Seats::default());
        let stranger = |last: u16| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
        let mut taken: Vec<Seat> = (0..8).map(|n| seats.take(stranger(n)).unwrap()).collect();
        assert_eq!(taken.len(), limits::STREAM_ADDRESS_SUBSCRIBERS);
        assert_eq!(seats.take(stranger(9)).unwrap_err().status, StatusCode::TOO_MANY_REQUESTS, "one household, whatever its address");
        let here: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        while seats.taken() < limits::STREAM_SUBSCRIBERS {
            taken.push(seats.take(here).unwrap());
        }
        assert_eq!(seats.take(here).unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE, "one past");
        drop(taken.pop());
        drop(taken.remove(0));
        assert_eq!(seats.taken(), limits::STREAM_SUBSCRIBERS - 2);
        assert!(seats.take(stranger(1)).is_ok() && seats.take(here).is_ok());
        taken.clear();
        assert_eq!(seats.taken(), 0);
    }
}
