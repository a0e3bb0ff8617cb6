//! `jamey mind …`: what consciousness came to. Works whether Jamey runs or not.

mod mission;

use super::Common;
use crate::store::Reader;
use anyhow::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Action {
    Mission(mission::Asked),
}

/// # Errors
/// When there is no store yet, or nothing of that name.
pub fn mind(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let reader =
        Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    match action {
        Action::Mission(asked) => mission::mission(common, &config, &reader, asked),
    }
}
