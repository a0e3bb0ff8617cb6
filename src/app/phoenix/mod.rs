//! Phoenix in the running house: snapshots when they are due or asked for, drills, pruning, and what is told of them.

mod changes;
pub mod courier;
mod drill;
mod gather;
mod hanging;
mod keeper;
mod kept;
mod letting_go;
mod listed;
mod named;
mod once;
mod place;
mod rescue;
mod rewrite;
mod rises;
mod rounds;
mod seen;
mod settle;
mod told;
mod wishes;
mod work;

#[cfg(test)]
mod round;

pub use gather::{Folder, Gathered, Gathering, Running};
pub use keeper::{Keeper, ended, keep};
pub use listed::{drilled, listed};
pub use named::{Named, files as named_files, remotes, secrets as named_secrets};
pub use once::ForOnce;
pub use place::handed_over;
pub use rescue::{rescue, rescued};
pub use seen::newest;
pub use settle::{Settled, quoted, settle};
pub use told::News;
pub use wishes::{Wish, drill_now, prune_now, snapshot_now, watch};

use crate::phoenix::{PhoenixError, Secret, Sequence};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which repositories it is about.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    /// Each `[[phoenix.repository]]`.
    All,
    /// The one of this name, or at this path.
    Named(&'a str),
    /// One that no config names, with what opens it; only while no Jamey runs on this data folder.
    Other { folder: &'a Path, secret: &'a Secret },
}

/// What came of it in one repository; each is tried, whatever came of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came<T> {
    /// Its name in the config, else its path.
    pub repository: String,
    pub path: PathBuf,
    pub came: Result<T, String>,
}

/// A snapshot that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapped {
    pub sequence: Sequence,
    /// BLAKE3 of the manifest's file, in hexadecimal digits.
    pub hash: String,
    /// Bytes of content.
    pub bytes: u64,
    /// Bytes that the repository grew by.
    pub written: u64,
    pub chunks: u64,
    pub new_chunks: u64,
    /// What was wanted and is not in it, and why.
    pub left_out: Vec<String>,
    pub took_millis: u64,
}

/// A snapshot that was restored for trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub sequence: Sequence,
    pub passed: bool,
    /// What was not as it should be; empty where it passed.
    pub wrong: Vec<String>,
    pub bytes: u64,
    pub files: u64,
    pub took_millis: u64,
}

/// What went, or would go, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    pub removed: Vec<Sequence>,
    pub kept: Vec<Sequence>,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Of each snapshot that stays and is not whole, how many of its chunks are lost.
    #[serde(default)]
    pub lost: BTreeMap<Sequence, u64>,
    pub dry_run: bool,
    pub took_millis: u64,
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// What went wrong, for people: each cause once, and of a file in the repository only that it lies there, for the names of fresh ones are
/// others each time.
fn words(error: &anyhow::Error, repository: &Path) -> String {
    if let Some(PhoenixError::File { path, doing, source }) = error.downcast_ref()
        && path.starts_with(repository)
    {
        return format!("{}: {doing}: {source}", repository.display());
    }
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn each_cause_is_said_once_and_no_fresh_file_is_named() {
        let file = |path: &str| -> Result<(), PhoenixError> {
            Err(PhoenixError::File { path: path.into(), doing: "cannot be written", source: std::io::Error::other("full") })
        };
        let said = |error: anyhow::Error| words(&error, Path::new("/mnt/nas"));
        assert_eq!(said(file("/mnt/nas/partial/.new-1").unwrap_err().into()), "/mnt/nas: cannot be written: full");
        assert_eq!(said(file("/data/x").unwrap_err().into()), "/data/x: cannot be written: full");
        assert_eq!(said(file("/data/x").context("no drill").unwrap_err()), "no drill: /data/x: cannot be written: full");
    }
}
