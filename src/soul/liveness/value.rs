//! Whether what is said changes as it used to: a sensor that froze still sends.

use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Before so many changes nobody can say how often there is one.
const CHANGES: u16 = 16;
/// The same for so many times as long as it ever was the same, and for at least so long, and so many words.
const TIMES: f64 = 4.0;
const LEAST_SECONDS: f64 = 6.0 * 3_600.0;
const WORDS: f64 = 10.0;
/// What was long a fortnight ago counts half.
const MEMORY_SECONDS: f64 = 28.0 * 86_400.0;

/// When it last told something else, and how long it used to tell the same.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct News {
    last: Option<Timestamp>,
    changes: u16,
    /// Seconds; the longest of late.
    stillest: f32,
}

impl News {
    /// Takes a word: whether it tells something else than the one before of its kind, where that can be said.
    pub fn note(&mut self, news: Option<bool>, at: Timestamp) {
        if news != Some(true) {
            return;
        }
        if let Some(last) = self.last.replace(at) {
            let still = at.seconds_since(last);
            let faded = f64::from(self.stillest) * (1.0 - (still / MEMORY_SECONDS).min(0.5));
            #[allow(clippy::cast_possible_truncation, reason = "seven digits of a duration are enough")]
            let longest = faded.max(still) as f32;
            self.stillest = longest;
            self.changes = self.changes.saturating_add(1);
        }
    }

    /// Whether it has told the same for longer than it used to. `every`: seconds between its words.
    #[must_use]
    pub fn are_late(&self, at: Timestamp, every: f64) -> bool {
        let usual = (TIMES * f64::from(self.stillest)).max(LEAST_SECONDS).max(WORDS * every);
        self.changes >= CHANGES && self.last.is_some_and(|last| at.seconds_since(last) > usual)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.stillest.is_finite() && self.stillest >= 0.0
    }
}
