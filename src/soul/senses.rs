//! What the soul learned of how an entity speaks: its rhythm, its readings, and how well it is understood. Stored less often than the
//! opinion: it is larger, and a few minutes of it are soon learned again.

use super::{anomaly::SeriesSet, empathy::Empathy, liveness::Life};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Written to the store this often at most: with the opinion's row, or at a stop.
const STORED_SECONDS: f64 = 600.0;

/// Nobody is awaited longer, in seconds.
const MOST_PATIENCE: f64 = 900.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Senses {
    pub life: Life,
    pub series: SeriesSet,
    pub empathy: Empathy,
    /// Seconds that it was seen to take to obey; 0: nothing out of the ordinary.
    patience: f64,
    stored: Option<Timestamp>,
}

impl Senses {
    #[must_use]
    pub fn patience(&self) -> f64 {
        self.patience
    }

    /// Takes that it obeyed after so many seconds, later than it was awaited.
    pub fn learn_patience(&mut self, seconds: f64) {
        self.patience = self.patience.max(2.0 * seconds).min(MOST_PATIENCE);
    }

    /// Whether the store's copy is older than it may be; if so it is about to be written.
    pub fn take_due(&mut self, at: Timestamp) -> bool {
        let due = self.stored.is_none_or(|stored| at.seconds_since(stored) >= STORED_SECONDS);
        if due {
            self.stored = Some(at);
        }
        due
    }

    /// Has it be written at the next chance.
    pub fn due(&mut self) {
        self.stored = None;
    }

    /// Whether what was read from the store can be these.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.life.is_sound() && self.series.is_sound() && self.empathy.is_sound() && (0.0..=MOST_PATIENCE).contains(&self.patience)
    }
}
