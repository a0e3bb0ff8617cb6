//! `jamey mind …`: what Jamey attends to, whether it works as one, who it is and what it is for. Works whether Jamey runs or not.

mod identity;
mod mission;
mod phi;
mod show;

use super::Common;
use crate::store::Reader;
use anyhow::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// How it stands as a whole, and what it attends to.
    Show,
    /// Whether its parts work as one.
    Phi(phi::Asked),
    /// What it is for, and how well that goes.
    Mission(mission::Asked),
    /// Who it has been by what it did.
    Identity,
}

/// # Errors
/// When there is no store yet, or what was asked for is not in it.
pub fn mind(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let reader =
        Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    match action {
        Action::Show => show::show(common, &reader),
        Action::Phi(asked) => phi::phi(common, &reader, asked),
        Action::Mission(asked) => mission::mission(common, &config, &reader, asked),
        Action::Identity => identity::identity(common, &reader),
    }
}
