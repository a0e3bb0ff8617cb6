//! MQTT 3.1.1 sends back to us what we publish on topics that we hear. Each such echo is expected once, and not taken for news.

use crate::domain::{Timestamp, percept::digest};
use std::collections::{BTreeMap, VecDeque};

/// What was published and has not come back yet.
#[derive(Default)]
pub struct Echoes {
    expected: BTreeMap<u64, u32>,
    order: VecDeque<(u64, Timestamp)>,
}

/// More cannot be under way within a connection's window and the other broker's own queue; what is forgotten comes in as news, and no further.
const EXPECTED: usize = 10_000;
/// An echo that has not come by then was lost with a connection.
const FORGET_MICROS: i64 = 300_000_000;

impl Echoes {
    pub fn expect(&mut self, topic: &str, payload: &[u8], now: Timestamp) {
        let key = digest(topic, payload);
        *self.expected.entry(key).or_default() += 1;
        self.order.push_back((key, now));
        while let Some((old, at)) = self.order.front().copied() {
            if self.order.len() <= EXPECTED && now.micros().saturating_sub(at.micros()) < FORGET_MICROS {
                break;
            }
            self.order.pop_front();
            self.take(old);
        }
    }

    /// Whether this is an echo.
    pub fn is_echo(&mut self, topic: &str, payload: &[u8]) -> bool {
        let key = digest(topic, payload);
        let found = self.take(key);
        if found && let Some(at) = self.order.iter().position(|(k, _)| *k == key) {
            self.order.remove(at);
        }
        found
    }

    fn take(&mut self, key: u64) -> bool {
        let Some(count) = self.expected.get_mut(&key) else { return false };
        *count -= 1;
        if *count == 0 {
            self.expected.remove(&key);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_echo_is_taken_once() {
        let (mut echoes, now) = (Echoes::default(), Timestamp::from_micros(0));
        echoes.expect("t", b"1", now);
        echoes.expect("t", b"1", now);
        assert!(!echoes.is_echo("t", b"2"));
        assert!(echoes.is_echo("t", b"1") && echoes.is_echo("t", b"1") && !echoes.is_echo("t", b"1"));
        echoes.expect("old", b"", now);
        echoes.expect("new", b"", Timestamp::from_micros(FORGET_MICROS));
        assert!(!echoes.is_echo("old", b"") && echoes.is_echo("new", b""));
    }
}
