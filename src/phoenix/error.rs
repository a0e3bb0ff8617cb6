//! What can go wrong with a repository, in words that say what to do.

use super::{id::Sequence, source::component_list};
use std::{
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum PhoenixError {
    #[error("{}: {doing}: {source}", path.display())]
    File { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("{}: no repository of Jamey's: `jamey phoenix init` makes one", path.display())]
    NoRepository { path: PathBuf },
    #[error("{}: there is a repository already", path.display())]
    Exists { path: PathBuf },
    #[error("{}: written by a newer jamey (format {found}, this one knows {known}): use that version", path.display())]
    Newer { path: PathBuf, found: u64, known: u64 },
    #[error("{}: another process writes there: wait until it is done", path.display())]
    Busy { path: PathBuf },
    #[error("{}: append-only: nothing is deleted there", path.display())]
    AppendOnly { path: PathBuf },
    /// Wrong passphrase, key file or words.
    #[error("{0}")]
    Key(String),
    #[error("snapshot {sequence}: there is none of this number; `jamey phoenix list` shows them")]
    NoSnapshot { sequence: Sequence },
    #[error("{}: {what}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("{}: the newest snapshot is {found}, but {seen} has been seen here: an older state of the repository was put in its place", path.display())]
    RolledBack { path: PathBuf, found: Sequence, seen: Sequence },
    #[error("{}: exists and is not empty: a restore goes to a new folder", path.display())]
    NotEmpty { path: PathBuf },
    #[error("the snapshot holds no {wanted}; it holds {}", component_list(held))]
    NoComponent { wanted: &'static str, held: Vec<super::Component> },
    #[error("{0}")]
    Refused(String),
    #[error("stopped")]
    Stopped,
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
}

pub(super) trait At<T> {
    fn at(self, path: &Path, doing: &'static str) -> Result<T, PhoenixError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path, doing: &'static str) -> Result<T, PhoenixError> {
        self.map_err(|source| PhoenixError::File { path: path.to_owned(), doing, source })
    }
}
