//! `jamey mind phi`.

use crate::{cli::Common, store::Reader};
use clap::Args;

#[derive(Debug, Args)]
pub struct Asked {}

pub(super) fn phi(common: &Common, reader: &Reader, _asked: &Asked) -> anyhow::Result<()> {
    let Some(row) = reader.newest_metric("phi_flow")? else {
        anyhow::bail!("nothing is known of it yet: it takes five minutes from a start on");
    };
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&row.detail)?);
    }
    Ok(())
}
