//! A part that falls on purpose, so that it can be seen what becomes of the house then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// One fall.
#[derive(Debug, Clone)]
pub struct Trial {
    pub part: String,
    /// Since the start.
    pub after: Duration,
    /// How long it hangs; None: it panics.
    pub hangs: Option<Duration>,
    /// Not when it begins to work, but in the midst of it.
    pub within: bool,
    done: Arc<AtomicBool>,
}

impl Trial {
    #[must_use]
    pub fn new(part: &str, after: Duration, hangs: Option<Duration>) -> Self {
        Self { part: part.to_owned(), after, hangs, within: false, done: Arc::default() }
    }

    /// `index:panic@2`, `orders:hang@1.5`, `rules:panic-within@0`, several with commas between them.
    #[must_use]
    pub fn read(told: &str) -> Vec<Self> {
        let one = |told: &str| {
            let (part, how) = told.trim().split_once(':')?;
            let (what, after) = how.split_once('@')?;
            let (hangs, within) = match what {
                "panic" => (None, false),
                "panic-within" => (None, true),
                "hang" => (Some(Duration::from_secs(3_600)), false),
                _ => return None,
            };
            Some(Self { within, ..Self::new(part, Duration::try_from_secs_f64(after.parse().ok()?).ok()?, hangs) })
        };
        told.split(',').filter_map(one).collect()
    }

    /// True for the first who asks.
    pub(super) fn begin(&self) -> bool {
        !self.done.swap(true, Relaxed)
    }
}
