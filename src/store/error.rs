//! What can go wrong with the store, in words that say what to do.

use rusqlite::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}; the data folder must be one that jamey may create and write", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "{}: written by a newer jamey (schema {found}, this one knows up to {known}); run that version, or restore a snapshot of this one",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{}: schema {found}, but {known} is needed; start `jamey run` once, it brings the database up to date", path.display())]
    Older { path: PathBuf, found: i64, known: i64 },
    #[error("{}: an SQLite database, but not jamey's; choose another data folder", path.display())]
    Foreign { path: PathBuf },
    #[error("{}: damaged ({source}); keep a copy of it, then put a backup of the data folder in its place, or start with an empty one", path.display())]
    Damaged { path: PathBuf, source: rusqlite::Error },
    #[error("{}: {problem}", path.display())]
    Key { path: PathBuf, problem: String },
    #[error("store: {doing}: {source}")]
    Sqlite { doing: &'static str, source: rusqlite::Error },
    #[error("store: {table}: the row `{key}` cannot be read: {text}; restore a snapshot, or forget this row")]
    Row { table: &'static str, key: String, text: String },
    #[error("store: {what} cannot be written down: {source}")]
    Json { what: &'static str, source: serde_json::Error },
    #[error("{}: {source}; a copy of the database needs a folder that jamey may write, without one in it, and room for all of it", path.display())]
    Copy { path: PathBuf, source: io::Error },
    #[error("store: something was forgotten while the copy was taken: take it again")]
    GaveWay,
    #[error("store: the copy was stopped")]
    Stopped,
    #[error("store: {0}")]
    Again(&'static str),
}

impl StoreError {
    /// Whether the connection may be the reason, so that only a new one can heal it.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::ApiMisuse
            )
        )
    }

    /// Whether the file holds what no database can.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Sqlite { source, .. } | Self::Damaged { source, .. } if is_damage(source))
    }

    /// The same, saying which file it is and what to do, where it is damage.
    #[must_use]
    pub(super) fn at(self, path: &Path) -> Self {
        match self {
            Self::Sqlite { source, .. } if is_damage(&source) => Self::Damaged { path: path.to_owned(), source },
            other => other,
        }
    }

    /// SQLite's own code, where it was SQLite.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite { source, .. } | Self::Damaged { source, .. } => source.sqlite_error_code(),
            _ => None,
        }
    }
}

fn is_damage(source: &rusqlite::Error) -> bool {
    matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Names what was being done when SQLite failed.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sqlite { doing, source })
    }
}

/// For the columns of a row that is being read; everything else names what it was doing.
impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite { doing: "read a row", source }
    }
}
