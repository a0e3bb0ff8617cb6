//! The parts as a network of on and off, and how often each was seen to follow which: what exact Φ is computed from.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Observed {}

impl Observed {
    /// Takes a second in which the parts did so much, in the order of `Part::ALL`.
    pub fn see(&mut self, _did: [u32; 6]) {}
}
