//! `jamey entity list|show`: read from the store, whether Jamey runs or not.

use super::Common;
use crate::{app::view, domain::EntityId, store::Reader};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// All entities, least trusted first.
    List,
    /// One entity, and why it stands where it does.
    Show { entity: String },
}

/// # Errors
/// When there is no store yet, or no such entity.
pub fn entity(common: &Common, action: &Action) -> anyhow::Result<()> {
    let data = common.load()?.store.data;
    let reader =
        Reader::open(&data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    match action {
        Action::List => {
            let mut all = reader.entities(u32::try_from(crate::domain::limits::ENTITIES)?, None)?;
            all.sort_by(|a, b| a.lower_bound.get().total_cmp(&b.lower_bound.get()).then_with(|| a.entity.cmp(&b.entity)));
            if common.json {
                let rows: Vec<_> = all.iter().map(view::opinion).collect();
                crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "entities": rows}))?);
                return Ok(());
            }
            if all.is_empty() {
                crate::cli::line!("nobody spoke yet: try `mosquitto_pub -t jamey/in/kitchen/temperature -m 21.5`");
                return Ok(());
            }
            crate::cli::line!("{:<32} {:<9} {:>6} {:>11} {:>7}  last seen", "entity", "standing", "trust", "expectation", "events");
            for one in &all {
                crate::cli::line!(
                    "{:<32} {:<9} {:>6.2} {:>11.2} {:>7}  {}",
                    one.entity.as_str(),
                    one.standing.as_str(),
                    one.lower_bound.get(),
                    one.expectation.get(),
                    one.events,
                    one.last_seen
                );
            }
        }
        Action::Show { entity } => {
            let id = EntityId::new(entity)?;
            let Some(one) = reader.entity(&id)? else { bail!("nobody is called `{id}`: `jamey entity list` shows who is") };
            if common.json {
                crate::cli::line!("{}", serde_json::to_string_pretty(&view::opinion(&one))?);
                return Ok(());
            }
            crate::cli::line!("{id}: {}, last seen {}", one.standing.as_str(), one.last_seen);
            crate::cli::line!(
                "  belief {:.3}  disbelief {:.3}  uncertainty {:.3}  (base rate {:.1})",
                one.belief,
                one.disbelief,
                one.uncertainty,
                one.base_rate
            );
            crate::cli::line!(
                "  expectation {:.3}; trusted to at least {:.3} after {} events",
                one.expectation.get(),
                one.lower_bound.get(),
                one.events
            );
            for reason in &one.reasons {
                crate::cli::line!("  - {reason}");
            }
        }
    }
    Ok(())
}
