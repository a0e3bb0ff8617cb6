//! Phoenix: what the house rises from again: sealed snapshots in repositories, verified, drilled, pruned and restored. It proves, a little
//! each second, that what it would have to save can be read. docs/phoenix-format.md says how it lies on disk.

mod chunk;
pub mod courier;
mod diff;
mod error;
mod header;
mod id;
mod key;
mod manifest;
mod pack;
mod places;
mod proof;
mod prune;
mod repository;
mod restore;
mod retention;
mod schedule;
mod seal;
mod snapshot;
mod source;
mod target;
mod vault;
mod verify;
mod walk;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use diff::{Difference, Standing};
pub use error::PhoenixError;
pub use id::{Id, Sequence};
pub use key::{KeyFile, KeyId, RepositoryKey, Secret, Slot};
pub use manifest::{Kept, Manifest, Part, SavedItem};
pub use proof::{Proof, Proved};
pub use prune::Pruned;
pub use repository::{Listed, Repository};
pub use restore::{Choice, Restored};
pub use retention::Retention;
pub use schedule::{Schedule, Timetable};
pub use seal::{Purpose, SealError, seal, sealed_len, unseal};
pub use snapshot::{Order, Taken};
pub use source::{Component, Content, Item, Source};
pub use vault::{Drilled, Vault, Writing};
pub use verify::{Depth, Finding};

/// How far a long piece of work is: called often, and cheap. Who returns `false` wants it stopped.
pub type Progress<'a> = &'a mut dyn FnMut(Step) -> bool;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Bytes of content done.
    pub done: u64,
    /// Bytes of content in all; 0 where nobody knows.
    pub of: u64,
}
