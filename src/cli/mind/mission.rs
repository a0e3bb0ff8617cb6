//! `jamey mind mission`.

use crate::{cli::Common, store::Reader};
use clap::Args;

#[derive(Debug, Args)]
pub struct Asked {
    /// Only this objective.
    id: Option<String>,
}

pub(super) fn mission(common: &Common, reader: &Reader, asked: &Asked) -> anyhow::Result<()> {
    let all: Vec<_> = reader.missions()?.into_iter().filter(|(id, _)| asked.id.as_ref().is_none_or(|wanted| wanted == id)).collect();
    if common.json {
        let views: Vec<_> = all.into_iter().map(|(_, view)| view).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&views)?);
    }
    Ok(())
}
