//! Places for connections: so many in all, and some that strangers leave to this host, so that who watches over Jamey always finds one.

use crate::domain::limits;
use std::{net::IpAddr, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub struct Places {
    all: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

/// Held as long as the connection lives.
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_strangers: Option<OwnedSemaphorePermit>,
}

impl Places {
    #[must_use]
    pub fn new(most: usize) -> Self {
        let kept = (most / limits::HTTP_KEPT_OF).min(limits::HTTP_KEPT);
        Self { all: Arc::new(Semaphore::new(most)), strangers: Arc::new(Semaphore::new(most - kept)) }
    }

    /// None: there is no place for this one.
    #[must_use]
    pub fn enter(&self, from: IpAddr) -> Option<Place> {
        let take = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let of_strangers = if from.to_canonical().is_loopback() { None } else { Some(take(&self.strangers)?) };
        Some(Place { _of_all: take(&self.all)?, _of_strangers: of_strangers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_leave_places_to_this_host_and_nobody_takes_more_than_there_are() {
        let stranger: IpAddr = "192.168.1.7".parse().unwrap();
        for near in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let near: IpAddr = near.parse().unwrap();
            for (most, theirs) in [(1, 1), (4, 4), (16, 14), (128, 120), (1_000, 992)] {
                let places = Places::new(most);
                let mut taken: Vec<Place> = std::iter::from_fn(|| places.enter(stranger)).collect();
                assert_eq!(taken.len(), theirs, "of {most}");
                taken.extend(std::iter::from_fn(|| places.enter(near)));
                assert_eq!(taken.len(), most);
                taken.clear();
                taken.extend(std::iter::from_fn(|| places.enter(near)));
                assert_eq!(taken.len(), most, "{near} may have all, and all were given back");
            }
        }
    }
}
