//! HTTP requests by route and status, and how long they took. Routes are templates, so that no asker makes up new ones.

use crate::domain::{Taken, Times, WAITS_MICROS};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Routes counted one by one: several times those that there are.
const ROUTES: usize = 128;
/// What no route is for.
const OTHER: &str = "other";

/// Counted behind a lock of its own: HTTP is for people and their tools, and no message waits for it.
#[derive(Debug, Default)]
pub struct Requests(Mutex<BTreeMap<String, Route>>);

#[derive(Debug)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    took: Times<{ WAITS_MICROS.len() }>,
}

/// What was asked on one route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    pub route: String,
    pub by_status: BTreeMap<u16, u64>,
    pub took: Taken,
}

impl Requests {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Route>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one; None: no route is for it.
    pub fn answered(&self, route: Option<&str>, status: u16, took: Duration) {
        let mut routes = self.locked();
        let name = route.filter(|name| routes.len() < ROUTES || routes.contains_key(*name)).unwrap_or(OTHER);
        if !routes.contains_key(name) {
            routes.insert(name.to_owned(), Route { by_status: BTreeMap::new(), took: Times::new(&WAITS_MICROS) });
        }
        if let Some(route) = routes.get_mut(name) {
            *route.by_status.entry(status).or_default() += 1;
            route.took.took(took);
        }
    }

    #[must_use]
    pub fn now(&self) -> Vec<Asked> {
        let routes = self.locked();
        routes.iter().map(|(name, of)| Asked { route: name.clone(), by_status: of.by_status.clone(), took: of.took.now() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_counts_its_answers_and_no_asker_makes_up_routes() {
        let requests = Requests::default();
        requests.answered(Some("/metrics"), 200, Duration::from_millis(2));
        requests.answered(Some("/metrics"), 200, Duration::from_millis(2));
        requests.answered(Some("/metrics"), 401, Duration::from_millis(1));
        requests.answered(None, 404, Duration::ZERO);
        let now = requests.now();
        assert_eq!(now.iter().map(|asked| asked.route.as_str()).collect::<Vec<_>>(), ["/metrics", OTHER]);
        assert_eq!((now[0].by_status[&200], now[0].by_status[&401], now[0].took.count()), (2, 1, 3));
        for n in 0..ROUTES + 5 {
            requests.answered(Some(&format!("/{n}")), 200, Duration::ZERO);
        }
        assert!(requests.now().len() <= ROUTES + 1);
    }
}
