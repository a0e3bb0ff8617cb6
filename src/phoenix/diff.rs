//! What became other between two snapshots.

use super::{id::Id, source::Component};

/// One file that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub component: Component,
    pub path: String,
    pub standing: Standing,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Bytes of the later one that the earlier one does not hold.
    pub new_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Added,
    Removed,
    Changed { from: Id, to: Id },
}
