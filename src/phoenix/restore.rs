//! Restoring: beside the target first, every hash compared, then put in its place in one step. Nothing half-restored is ever seen there.

use super::{id::Sequence, source::Component};
use std::collections::{BTreeMap, BTreeSet};

/// What to restore.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// None: all that the snapshot holds.
    pub components: Option<BTreeSet<Component>>,
    /// Everything is read, opened and compared, and nothing written.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    pub sequence: Sequence,
    pub bytes: u64,
    pub files: u64,
    /// Schema and counts of each component, as the manifest has them.
    pub parts: BTreeMap<Component, (u32, BTreeMap<String, u64>)>,
}
