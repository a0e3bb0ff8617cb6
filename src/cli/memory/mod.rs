//! `jamey memory …`: how much is remembered and what it takes, whether it holds, and what the owner wants of it. Works whether Jamey runs or
//! not.

pub(super) mod keep;
mod rebuild;
mod show;
mod stats;
mod verify;

use super::Common;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// How much is remembered, by layer and tier, and what it takes on disk.
    Stats,
    /// Look whether the database is whole, whether its sums could have come about, and whether the index has what it has.
    Verify,
    /// Make the index anew from the database; recall goes on meanwhile.
    Rebuild,
    /// Sum up and let go of what is due now, merge what is gone out of the index, and give free pages back; Jamey does so by itself in time.
    Optimise,
    /// One record, whole, with how it was recalled.
    Show { id: Uuid },
    /// Keep records whatever else goes.
    Pin {
        #[arg(required = true)]
        id: Vec<Uuid>,
    },
    /// Let them go with the others again.
    Unpin {
        #[arg(required = true)]
        id: Vec<Uuid>,
    },
}

/// # Errors
/// When there is no store yet, or what was asked for cannot be done.
pub fn memory(common: &Common, action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Stats => stats::stats(common),
        Action::Verify => verify::verify(common),
        Action::Rebuild => rebuild::rebuild(common),
        Action::Optimise => rebuild::optimise(common),
        Action::Show { id } => show::show(common, *id),
        Action::Pin { id } => keep::pin(common, id, true),
        Action::Unpin { id } => keep::pin(common, id, false),
    }
}

/// A bar on a terminal, or while nobody knows how many there are, something that turns; nothing elsewhere.
fn progress(records: Option<u64>, what: &str, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(records, target);
    let template = match records {
        Some(_) => format!("{what} {{wide_bar}} {{human_pos}} of {{human_len}} records, {{eta}} left"),
        None => format!("{{spinner}} {what}, {{elapsed}}"),
    };
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    if records.is_none() && !quiet {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}
