//! How the house stands as a whole: waking, attentive, idle, consolidating, degraded, stopping.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Phases {}
