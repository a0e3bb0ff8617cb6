//! What the commands that read the record share: the store, and progress on a terminal.

use crate::{config::Config, store::Reader};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The store of the house.
///
/// # Errors
/// When there is none yet.
pub fn reader(config: &Config) -> anyhow::Result<Reader> {
    let data = &config.store.data;
    Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))
}

/// A bar on a terminal; nothing elsewhere.
pub fn progress(rows: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(rows), if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} requests, {eta} left") {
        bar.set_style(style);
    }
    bar
}
