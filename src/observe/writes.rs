//! What this process has written to disk, as the kernel counts it: an SD card wears by it.

use std::{collections::VecDeque, time::Duration};

/// A reading is kept each hour, for a day.
const HOUR: Duration = Duration::from_secs(3_600);
const HOURS: usize = 24;
/// What shorter time says nothing of a day.
const LEAST: Duration = Duration::from_secs(60);
const DAY_SECONDS: u64 = 86_400;

/// Readings of the last day.
#[derive(Debug, Default)]
pub struct Writes {
    readings: VecDeque<(Duration, u64)>,
}

impl Writes {
    /// Bytes since the process began. None where the kernel does not count.
    #[must_use]
    pub fn read() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/io").ok()?;
        text.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.trim().parse().ok())
    }

    /// Takes a reading; bytes a day at the pace of the last 24 hours, or of as many as there were. None: too early to say.
    pub fn note(&mut self, up: Duration, bytes: u64) -> Option<u64> {
        while self.readings.len() > HOURS {
            self.readings.pop_front();
        }
        if self.readings.back().is_none_or(|(at, _)| up.saturating_sub(*at) >= HOUR) {
            self.readings.push_back((up, bytes));
        }
        let (from, before) = self.readings.front()?;
        let passed = up.saturating_sub(*from);
        (passed >= LEAST).then(|| bytes.saturating_sub(*before).saturating_mul(DAY_SECONDS) / passed.as_secs().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_reckoned_from_the_last_one() {
        let mut writes = Writes::default();
        let hour = |n: u32| HOUR * n;
        assert_eq!(writes.note(Duration::ZERO, 1_000), None, "too early");
        assert_eq!(writes.note(hour(1), 4_600), Some(86_400));
        for n in 2..=48 {
            writes.note(hour(n), 4_600);
        }
        assert_eq!(writes.note(hour(49), 4_600), Some(0), "what is older than a day counts no more");
        assert!(writes.readings.len() <= HOURS + 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_is_asked() {
        assert!(Writes::read().is_some());
    }
}
