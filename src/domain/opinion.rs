//! What the soul holds of an entity, as others see it.

use super::{EntityId, Timestamp, Unit01};
use serde::{Deserialize, Serialize};

/// Why an entity starts with the base rate it has (Jøsang's base rate a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Declared in the config as an owner: a = 0.7 and 20 positive events to begin with.
    Owner,
    /// A declared or discovered device or service: a = 0.5.
    Paired,
    /// Seen for the first time: a = 0.3.
    Newcomer,
}

/// An opinion in public form: belief + disbelief + uncertainty = 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpinionView {
    pub entity: EntityId,
    pub standing: Standing,
    pub belief: f64,
    pub disbelief: f64,
    pub uncertainty: f64,
    pub base_rate: f64,
    /// P = b + a·u, the lesser of the two clocks, in [0, 1].
    pub expectation: Unit01,
    /// The 5 % quantile of the slow clock's Beta posterior, in [0, 1]: the trust t that the conscience uses.
    pub lower_bound: Unit01,
    /// The three contributions that moved P most, in words.
    pub reasons: Vec<String>,
    pub events: u64,
    pub last_seen: Timestamp,
}
