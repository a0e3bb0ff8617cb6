//! Whether a repository is whole: what is damaged, missing, exchanged or of an older day is named.

use super::id::Sequence;
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Manifests and the indices of packs, and that every chunk has its place.
    Outline,
    /// All of it: each pack's name, each chunk's seal and hash.
    Everything,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub path: PathBuf,
    pub what: String,
    /// Those that cannot be restored whole because of it.
    pub snapshots: Vec<Sequence>,
    /// Whether something is lost; otherwise it is only odd: a snapshot that was pruned or taken away, a file that nobody needs.
    pub grave: bool,
}
