//! Pruning: snapshots go first, then what only they needed; what is still needed of a pack that is mostly idle moves to a new one.

use super::id::Sequence;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    pub removed: Vec<Sequence>,
    pub kept: Vec<Sequence>,
    pub bytes_before: u64,
    pub bytes_after: u64,
}
