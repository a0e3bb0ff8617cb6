//! `jamey config migrate`: a file of an older Jamey with the names of now.

use super::{file, written};
use crate::{cli::Common, config};
use anyhow::{Context, Result, anyhow};
use serde_json::json;

pub(super) fn migrate(common: &Common, dry_run: bool) -> Result<()> {
    let file = file(common)?;
    let old = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let new = config::migrate(&old).map_err(|why| anyhow!("{}: {why}", file.display()))?;
    common.load_over(file, &new.text).context("nothing was written")?;
    let write = !dry_run && !new.changes.is_empty();
    if write {
        written::write(file, &new.text)?;
    }
    if common.json {
        crate::cli::line!("{}", json!({"v": 1, "file": file, "changes": new.changes, "written": write}));
        return Ok(());
    }
    if new.changes.is_empty() {
        crate::cli::line!("{} has the names of now", file.display());
    }
    new.changes.iter().for_each(|change| crate::cli::line!("{change}"));
    if write {
        crate::cli::line!("{} is written", file.display());
    }
    Ok(())
}
