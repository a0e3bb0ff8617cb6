//! How often Home Assistant's birth is answered, and how many verdicts fall in a minute.

use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Anyone may say that Home Assistant came to life; it is answered so often, and one that comes too soon later.
const BIRTH_EVERY: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);

/// Births that are to be answered.
#[derive(Debug, Default)]
pub struct Births {
    heard: bool,
    answered: Option<Instant>,
}

impl Births {
    pub fn hear(&mut self) {
        self.heard = true;
    }

    /// Whether one is to be answered now; it counts as answered.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.heard && self.answered.is_none_or(|at| now.saturating_duration_since(at) >= BIRTH_EVERY);
        if due {
            (self.heard, self.answered) = (false, Some(now));
        }
        due
    }
}

/// What was counted in the last minute.
#[derive(Debug, Default)]
pub struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    /// Takes a count, and gives the minute's: of a hundred on to two digits, as far as anyone looks.
    pub fn count(&mut self, now: Instant, many: u64) -> u64 {
        while self.0.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= MINUTE) {
            self.0.pop_front();
        }
        if many > 0 {
            self.0.push_back((now, many));
        }
        let all: u64 = self.0.iter().map(|(_, many)| many).sum();
        let unit = 10_u64.pow(all.checked_ilog10().unwrap_or(0).saturating_sub(1));
        all / unit * unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_birth_is_answered_when_its_time_has_come() {
        let (mut births, begin) = (Births::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(!births.due(begin));
        births.hear();
        assert!(births.due(begin) && !births.due(begin));
        births.hear();
        births.hear();
        assert!(!births.due(after(29)) && births.due(after(30)) && !births.due(after(61)));
    }

    #[test]
    fn a_minute_is_counted() {
        let (mut rate, begin) = (Rate::default(), Instant::now());
        assert_eq!(rate.count(begin, 0), 0);
        assert_eq!(rate.count(begin, 7), 7);
        assert_eq!(rate.count(begin + Duration::from_secs(1), 1_239), 1_200);
        assert_eq!(rate.count(begin + MINUTE, 1), 1_200);
        assert_eq!(rate.count(begin + MINUTE * 2, 0), 0);
    }
}
