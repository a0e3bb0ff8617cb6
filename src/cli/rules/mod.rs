//! `jamey rules …`: what the rules are, whether they hold, and what another set would have said.

mod check;
mod list;
mod record;
mod replay;
mod shadow;

use super::Common;
use crate::app::rules::Refused;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every rule with its duty, kind and weight.
    List,
    /// Check the rules that the config names, and files laid over them; tell everything that is wrong.
    Check {
        /// Rule files or candidates that are not in the config yet.
        files: Vec<PathBuf>,
    },
    /// Judge what was asked before by a candidate: which verdicts change, and by which rule.
    Replay(replay::Options),
    /// What the candidate that judges beside the rules came to (`conscience.shadow`).
    Shadow {
        /// How many disagreements are shown, the newest.
        #[arg(long, default_value_t = 10, value_name = "N")]
        show: u32,
    },
}

/// # Errors
/// When config or rules are refused.
pub fn rules(common: &Common, action: &Action) -> anyhow::Result<()> {
    match action {
        Action::List => list::list(common),
        Action::Check { files } => check::check(common, files),
        Action::Replay(options) => replay::replay(common, options),
        Action::Shadow { show } => shadow::shadow(common, *show),
    }
}

/// What is wrong, for a program.
pub(super) fn told(refused: &Refused) -> Value {
    let one = |e: &crate::conscience::RuleError| json!({"file": e.file, "rule": e.rule, "line": e.line, "column": e.column, "message": e.message});
    refused.0.iter().map(one).collect()
}
