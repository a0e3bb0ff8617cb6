//! What a broker that speaks MQTT 5 gives out of its store on a new subscription. Its retained values come as they were published, like
//! those that somebody publishes now: what comes first on each topic, soon after the subscription, is the one it had kept.

use crate::domain::{limits, percept::digest};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::Instant;

/// 20,000 retained values come in some seconds; a slow link is given a minute.
const GIVEN_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Given {
    /// When the subscription was made anew; None: it is an old one, for which nothing is given.
    since: Option<Instant>,
    topics: BTreeSet<u64>,
}

impl Given {
    pub fn since(since: Option<Instant>) -> Self {
        Self { since, topics: BTreeSet::new() }
    }

    /// Whether a retained message on this topic is one that was kept. One live message in the first minute may be taken for it: that costs
    /// one sign of life.
    pub fn takes(&mut self, topic: &str) -> bool {
        if self.since.is_some_and(|since| since.elapsed() > GIVEN_WITHIN) || self.topics.len() >= limits::RETAINED_MESSAGES {
            *self = Self::default();
        }
        self.since.is_some() && self.topics.insert(digest(topic, b""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_on_each_topic_of_a_new_subscription_was_kept() {
        let mut old = Given::since(None);
        assert!(!old.takes("a"));
        let mut new = Given::since(Some(Instant::now()));
        assert!(new.takes("a") && new.takes("b") && !new.takes("a"));
    }

    #[test]
    fn past_the_limit_nothing_is_taken_for_kept() {
        let mut new = Given::since(Some(Instant::now()));
        assert!((0..limits::RETAINED_MESSAGES).all(|n| new.takes(&format!("t{n}"))));
        assert!(!new.takes("one more"));
    }
}
