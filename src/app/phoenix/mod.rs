//! Phoenix in the running house: snapshots when they are due or asked for, drills, pruning, and what is told of them.

pub mod courier;

use crate::{
    config::Config,
    phoenix::{Progress, Secret, Sequence},
};
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    pub dry_run: bool,
    pub took_millis: u64,
}

/// Takes a snapshot: the running Jamey does, or, where none runs, this process with the data folder locked.
///
/// # Errors
/// When there is no such repository, or the running Jamey does not answer; what went wrong in one repository stands in its place.
pub fn snapshot_now(_config: &Config, _which: Which<'_>, _progress: Progress<'_>) -> Result<Vec<Came<Snapped>>> {
    bail!("no repository is configured: name one under [[phoenix.repository]]")
}

/// Restores the newest snapshot, or one, to a folder beside the data, looks whether it is whole, puts on record what came of it, and clears it
/// away.
///
/// # Errors
/// As `snapshot_now`.
pub fn drill_now(_config: &Config, _which: Which<'_>, _of: Option<Sequence>, _progress: Progress<'_>) -> Result<Vec<Came<Trial>>> {
    bail!("no repository is configured: name one under [[phoenix.repository]]")
}

/// Prunes by each repository's own `keep_…`; those of the defaults for one that no config names.
///
/// # Errors
/// As `snapshot_now`.
pub fn prune_now(_config: &Config, _which: Which<'_>, _dry_run: bool, _progress: Progress<'_>) -> Result<Vec<Came<Swept>>> {
    bail!("no repository is configured: name one under [[phoenix.repository]]")
}
