//! `jamey entity …`: what the soul holds of those who speak, and the owner's word on them. Works whether Jamey runs or not.

mod history;
mod list;
mod show;
mod words;

use super::Common;
use crate::{
    domain::{EntityId, RelationKind, Says},
    store::Reader,
};
use anyhow::Context;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// All entities, least trusted first.
    List(Filter),
    /// One entity, why it stands where it does, and what would change that.
    Show { entity: String },
    /// What was held of it over time, and what turned it.
    History {
        entity: String,
        /// How many days back.
        #[arg(long, default_value_t = 14, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        days: u16,
    },
    /// Say that you trust it: five good events.
    Trust { entity: String },
    /// Say that you do not: five bad events, and probation.
    Distrust { entity: String },
    /// Say how it stands to another.
    Relate {
        entity: String,
        #[arg(value_parser = kind, value_name = "KIND")]
        kind: RelationKind,
        /// Another entity, or a place: `area.kitchen`.
        to: String,
        /// How far what is good for the other is good for it, from -1 to 1.
        #[arg(long, value_name = "LIKE", allow_hyphen_values = true)]
        like: Option<f64>,
    },
    /// Say that it does not stand so to another, whatever devices tell.
    Unrelate {
        entity: String,
        #[arg(value_parser = kind, value_name = "KIND")]
        kind: RelationKind,
        to: String,
    },
    /// Delete all that is kept of it.
    Forget {
        entity: String,
        /// Do not ask again.
        #[arg(long)]
        yes: bool,
    },
}

/// Which entities to list.
#[derive(Debug, Args)]
pub struct Filter {
    /// Those that fell silent or said that they go.
    #[arg(long)]
    gone: bool,
    /// Those trusted less than they were to begin with.
    #[arg(long)]
    distrusted: bool,
    /// Those with readings that are not as they should be.
    #[arg(long)]
    anomalous: bool,
    /// Owners, paired devices, or newcomers.
    #[arg(long, value_parser = ["owner", "paired", "newcomer"], value_name = "STANDING")]
    kind: Option<String>,
    /// Those in a relation to this one.
    #[arg(long, value_name = "ENTITY")]
    related_to: Option<String>,
    /// No more than so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

fn kind(text: &str) -> Result<RelationKind, String> {
    RelationKind::named(text).ok_or_else(|| "write controls, bridged_by, near or owned_by".to_owned())
}

/// A person is asked once more.
///
/// # Errors
/// When they write anything else than what is wanted.
pub fn ask_once_more(question: &str, wanted: &str) -> anyhow::Result<()> {
    words::once_more(question, wanted)
}

/// A device that never spoke is known to the registry, and nothing is held of it.
fn unknown(reader: &Reader, id: &EntityId) -> anyhow::Error {
    match reader.devices() {
        Ok(devices) if devices.iter().any(|device| device.id == *id) => {
            anyhow::anyhow!(
                "nothing is held of `{id}` yet, for it has not spoken: `jamey device show {id}` shows what is known of the device"
            )
        }
        _ => anyhow::anyhow!("nobody is called `{id}`: `jamey entity list` shows who is"),
    }
}

/// # Errors
/// When there is no store yet, no such entity, or the owner's word did not count.
pub fn entity(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let reader =
        || Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()));
    let say = |entity: &str, says: Says| {
        let id = EntityId::new(entity)?;
        // A word without a house to hear it would make one.
        reader()?;
        words::say(common, &config, id, says)
    };
    match action {
        Action::List(filter) => list::list(common, &reader()?, filter),
        Action::Show { entity } => show::show(common, &reader()?, &EntityId::new(entity)?),
        Action::History { entity, days } => history::history(common, &reader()?, &EntityId::new(entity)?, *days),
        Action::Trust { entity } => say(entity, Says::Trust),
        Action::Distrust { entity } => say(entity, Says::Distrust),
        Action::Relate { entity, kind, to, like } => {
            let like = like.unwrap_or(kind.usual_like());
            anyhow::ensure!((-1.0..=1.0).contains(&like), "--like is a number from -1 to 1");
            say(entity, Says::Relate { kind: *kind, to: EntityId::new(to)?, like })
        }
        Action::Unrelate { entity, kind, to } => say(entity, Says::Unrelate { kind: *kind, to: EntityId::new(to)? }),
        Action::Forget { entity, yes } => {
            let id = EntityId::new(entity)?;
            reader()?;
            words::ask_before_forgetting(common, &id, *yes)?;
            say(entity, Says::Forget)
        }
    }
}
