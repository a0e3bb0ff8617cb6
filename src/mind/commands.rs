//! What was commanded of a device lately: how often, and what undid what.

use crate::domain::{EntityId, Timestamp, Verb};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A device's last commands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Commands {
    /// Second since 1970 and count, oldest first, one minute long.
    seconds: VecDeque<(u32, u32)>,
    /// Those of the last five seconds that something undoes, at most `RECENT`: when, who, and the verb's pole.
    recent: VecDeque<(Timestamp, EntityId, u8)>,
}

/// More commands than this in five seconds are counted by the minute, not looked at one by one.
const RECENT: usize = 16;
const RECENT_SECONDS: f64 = 5.0;

impl Commands {
    pub(super) fn note(&mut self, now: Timestamp, requester: &EntityId, verb: &Verb) {
        let second = second(now);
        match self.seconds.back_mut() {
            Some((last, count)) if *last == second => *count = count.saturating_add(1),
            _ => self.seconds.push_back((second, 1)),
        }
        while self.seconds.front().is_some_and(|(s, _)| s.saturating_add(60) <= second) {
            self.seconds.pop_front();
        }
        let Some(pole) = verb.pole() else { return };
        while self.recent.len() == RECENT || self.recent.front().is_some_and(|(at, ..)| now.seconds_since(*at) > RECENT_SECONDS) {
            self.recent.pop_front();
        }
        self.recent.push_back((now, requester.clone(), pole));
    }

    /// Forgets who asked, not that somebody did.
    pub(super) fn forget(&mut self, requester: &EntityId) {
        self.recent.retain(|(_, who, _)| who != requester);
    }

    pub(super) fn last_minute(&self, now: Timestamp) -> u32 {
        let second = second(now);
        self.seconds.iter().filter(|(s, _)| s.saturating_add(60) > second).fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    pub(super) fn opposites(&self, now: Timestamp, requester: &EntityId, verb: &Verb) -> u32 {
        let Some(opposite) = verb.pole().map(|pole| pole ^ 1) else { return 0 };
        let undone = |(at, who, pole): &&(Timestamp, EntityId, u8)| {
            now.seconds_since(*at) <= RECENT_SECONDS && who != requester && *pole == opposite
        };
        u32::try_from(self.recent.iter().filter(undone).count()).unwrap_or(u32::MAX)
    }
}

/// Whole seconds since 1970.
fn second(at: Timestamp) -> u32 {
    u32::try_from(at.micros().div_euclid(1_000_000)).unwrap_or(0)
}
