//! The clock: wall time that never goes back, and ids in its order.

use crate::domain::Timestamp;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, UNIX_EPOCH},
};
use uuid::Uuid;

/// Wall time, monotone within the process: time = max(previous, wall).
#[derive(Debug)]
pub struct Clock {
    last: AtomicI64,
    started: Instant,
}

impl Clock {
    /// Starts no earlier than `floor`, the last time that the store knows.
    #[must_use]
    pub fn new(floor: Timestamp) -> Self {
        Self { last: AtomicI64::new(floor.micros()), started: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        let wall = self.wall().micros();
        let before = self.last.fetch_max(wall, Ordering::Relaxed);
        Timestamp::from_micros(before.max(wall))
    }

    /// The host's own time, though it was set back: ids hold it too.
    pub fn wall(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)]
        let wall = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
    }

    /// A new percept's id: uuid v7, in the order of time.
    pub fn percept_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// A new request's id.
    pub fn request_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let ahead = Timestamp::from_micros(i64::MAX / 2);
        let clock = Clock::new(ahead);
        assert_eq!(clock.now(), ahead);
        assert!(clock.percept_id() < clock.percept_id());
    }
}
