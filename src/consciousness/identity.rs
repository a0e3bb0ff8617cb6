//! Who Jamey is: roles by contexts, counted from what it did.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Identity {}
