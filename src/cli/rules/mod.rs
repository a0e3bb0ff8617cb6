//! `jamey rules …`: what the rules are, whether they hold, and what another set would have said.

mod check;
mod explain;
mod learn;
mod lint;
mod list;
mod record;
mod replay;
mod shadow;

use super::{Common, option::option};
use crate::{app::rules::Refused, broker::About};
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
    /// A rule in words, or a stored verdict taken apart.
    Explain {
        /// A rule's id, or a percept's (as in a verdict).
        what: String,
    },
    /// What the record says of the rules: which never fire, always fire, or change nothing.
    Lint {
        /// From when on: 30d, 12h, 2026-03-01, 2026-03-01T08:00.
        #[arg(long, value_name = "WHEN")]
        since: Option<String>,
        /// Until when.
        #[arg(long, value_name = "WHEN")]
        until: Option<String>,
    },
    /// The profile that holds, and who chose it; with a name, another one from now on.
    Profile {
        /// `config`: what the config says.
        #[arg(value_parser = ["home", "workshop", "strict", "config"])]
        name: Option<String>,
    },
    /// How much stricter than its profile the conscience judges, and who chose that; with a number, another one from now on.
    Strictness {
        /// 0 to 0.3, added to both bars; `config`: what the config says.
        #[arg(value_name = "N", value_parser = strictness)]
        number: Option<Value>,
    },
    /// Weights that people's answers speak for, as lines for the config; nothing is changed.
    Learn,
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
        Action::Explain { what } => explain::explain(common, what),
        Action::Lint { since, until } => lint::lint(common, since.as_deref(), until.as_deref()),
        Action::Profile { name } => option(common, About::Profile, name.as_ref().map(|name| json!({"profile": name}))),
        Action::Strictness { number } => option(common, About::Strictness, number.as_ref().map(|number| json!({"strictness": number}))),
        Action::Learn => learn::learn(common),
        Action::Replay(options) => replay::replay(common, options),
        Action::Shadow { show } => shadow::shadow(common, *show),
    }
}

/// A number, or `config`; whether it is in range is told where it counts.
fn strictness(text: &str) -> Result<Value, String> {
    let number = || text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from);
    if text == crate::broker::CONFIG { Some(text.into()) } else { number() }
        .ok_or_else(|| "write a number from 0 to 0.3, or config".to_owned())
}

/// What is wrong, for a program.
pub(super) fn told(refused: &Refused) -> Value {
    crate::app::rules::told_errors(refused)
}
