//! `jamey forget`: an entity with all that is kept of it, as `jamey entity forget` does, or single memories.

use super::{Common, entity, memory};
use anyhow::bail;
use clap::Args;
use std::io::IsTerminal;
use uuid::Uuid;

/// Delete all that is kept of an entity, or single memories.
#[derive(Debug, Args)]
pub struct Asked {
    /// Whom to forget.
    #[arg(required_unless_present = "record", conflicts_with = "record")]
    entity: Option<String>,
    /// Which memories to forget, by their ids (`jamey recall --ids`).
    #[arg(long, num_args = 1.., value_name = "ID")]
    record: Vec<Uuid>,
    /// Do not ask again.
    #[arg(long)]
    yes: bool,
}

/// # Errors
/// When there is nothing of the kind, or it could not be deleted.
pub fn forget(common: &Common, asked: &Asked) -> anyhow::Result<()> {
    if let Some(entity) = &asked.entity {
        return entity::entity(common, &entity::Action::Forget { entity: entity.clone(), yes: asked.yes });
    }
    if !asked.yes && (common.json || !std::io::stdin().is_terminal()) {
        bail!("this deletes {} memories, and cannot be taken back: say --yes", asked.record.len());
    }
    if !asked.yes {
        entity::ask_once_more(
            &format!("This deletes {} memories, and cannot be taken back. Write yes to go on: ", asked.record.len()),
            "yes",
        )?;
    }
    memory::keep::let_go(common, &asked.record)
}
