//! What the soul learned of how an entity speaks: its rhythm, its readings, and how well it is understood. Stored less often than the
//! opinion: it is larger, and a few minutes of it are soon learned again.

use super::{anomaly::SeriesSet, empathy::Empathy, liveness::Life};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Written to the store this often at most: with the opinion's row, or at a stop.
const STORED_SECONDS: f64 = 600.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Senses {
    pub life: Life,
    pub series: SeriesSet,
    pub empathy: Empathy,
    stored: Option<Timestamp>,
}

impl Senses {
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
        self.life.is_sound() && self.series.is_sound() && self.empathy.is_sound()
    }
}
