//! What Jamey is for: its objectives, and how well each goes.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Missions {}
