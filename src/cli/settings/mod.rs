//! `jamey config …`: what holds and where it comes from, what is other than by default or than in the running house, and the config file written
//! with its comments kept.

mod diff;
mod migrate;
mod set;
mod show;
mod written;

use super::Common;
use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::Value;
use std::path::Path;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// What holds, and where each value comes from: default, a line of the file, the environment, a flag, or chosen while Jamey ran.
    Show {
        /// Only what begins so: a section, or an option.
        path: Option<String>,
    },
    /// What is other than by default; or other in the config than in the running house, and whether that waits for a restart.
    Diff {
        /// Against the running house.
        #[arg(long)]
        running: bool,
    },
    /// Write options into the config file, which is checked whole first: `jamey config set broker.guard=enforce`.
    Set {
        /// A path and its value, in TOML or as plain text.
        #[arg(required = true, value_name = "PATH=VALUE")]
        values: Vec<String>,
        /// Say what would be written, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take options out of the config file, with the comments above them, so that their defaults hold.
    Unset {
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<String>,
        /// Say what would be written, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Give the options of an older Jamey their new names, and say what changed.
    Migrate {
        /// Say what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// # Errors
/// When the config is refused, before or as it would be written.
pub fn settings(common: &Common, action: &Action) -> Result<()> {
    match action {
        Action::Show { path } => show::show(common, path.as_deref()),
        Action::Diff { running: false } => diff::from_defaults(common),
        Action::Diff { running: true } => diff::from_running(common),
        Action::Set { values, dry_run } => set::set(common, values, *dry_run),
        Action::Unset { paths, dry_run } => set::unset(common, paths, *dry_run),
        Action::Migrate { dry_run } => migrate::migrate(common, *dry_run),
    }
}

/// The config file, which a command that writes must be told.
fn file(common: &Common) -> Result<&Path> {
    common.config.as_deref().context("which file? Say --config FILE: the embedded defaults cannot be written")
}

/// As it stands in the file.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
