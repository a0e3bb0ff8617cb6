//! How often is judged, and how fast: what the system topic tells of verdicts.

use crate::{domain::Decision, observe::Counters};
use serde_json::{Map, Value, json};
use std::{collections::VecDeque, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);

/// What was counted at each look of the last minute.
#[derive(Debug, Default)]
pub struct Pace(VecDeque<(Duration, u64)>);

impl Pace {
    /// Takes a look; what there is to tell.
    pub fn judged(&mut self, counters: &Counters, up: Duration) -> Map<String, Value> {
        let counts = counters.verdicts();
        let mut verdicts: Map<String, Value> = counts.iter().map(|(decision, n)| (decision.as_str().to_owned(), json!(n))).collect();
        verdicts.insert("a_minute".into(), self.a_minute(counts.iter().map(|(_, n): &(Decision, u64)| n).sum(), up).into());
        let took = counters.judged_times();
        [
            ("verdicts", Value::Object(verdicts)),
            ("judged_p50_micros", took.quantile_micros(50).into()),
            ("judged_p99_micros", took.quantile_micros(99).into()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Verdicts of the last minute, or since the start where that is not over.
    fn a_minute(&mut self, all: u64, up: Duration) -> u64 {
        self.0.push_back((up, all));
        // The last look before the minute began is what it is measured from.
        while self.0.get(1).is_some_and(|(at, _)| up.saturating_sub(*at) >= MINUTE) {
            self.0.pop_front();
        }
        let before = self.0.front().filter(|(at, _)| up.saturating_sub(*at) >= MINUTE).map_or(0, |(_, before)| *before);
        all.saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_minute_is_counted() {
        let mut pace = Pace::default();
        let told: Vec<u64> = (0..10).map(|n| pace.a_minute(n * 5, Duration::from_secs(n * 10))).collect();
        assert_eq!(told, [0, 5, 10, 15, 20, 25, 30, 30, 30, 30]);
        assert!(pace.0.len() <= 8);
        assert_eq!(pace.a_minute(1_000, Duration::from_secs(1_000)), 955, "no look for long: since the last one");
    }
}
