//! `jamey memory pin|unpin` and `jamey forget --record`: the owner's word on single memories.

use crate::{
    app::{self, Wish},
    cli::Common,
    store::Reader,
};
use anyhow::{Context, bail};
use serde_json::Value;
use uuid::Uuid;

/// Keeps records whatever else goes, or no longer.
///
/// # Errors
/// When none of them is there, or it could not be stored.
pub(super) fn pin(common: &Common, records: &[Uuid], pinned: bool) -> anyhow::Result<()> {
    let told = say(common, &Wish::Pin { records: records.to_vec(), pinned }, records.len())?;
    if !common.json {
        let kept = if pinned { "kept, whatever else goes" } else { "no longer pinned" };
        crate::cli::line!("{} {kept}", memories(&told));
    }
    Ok(())
}

/// Deletes records.
///
/// # Errors
/// As above.
pub(in crate::cli) fn let_go(common: &Common, records: &[Uuid]) -> anyhow::Result<()> {
    let told = say(common, &Wish::LetGo { records: records.to_vec() }, records.len())?;
    if !common.json {
        crate::cli::line!("{} forgotten: the record, what the index knew of it, how it was recalled, and the journal", memories(&told));
        crate::cli::line!(
            "Not reached: verdicts and the audit trail, where it was a request (`jamey forget ENTITY` takes those), the summaries of its kind, \
             and backups and snapshots made before: they may hold it until they are pruned."
        );
    }
    Ok(())
}

fn say(common: &Common, wish: &Wish, records: usize) -> anyhow::Result<Value> {
    let config = common.load()?;
    let data = &config.store.data;
    Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    if records > app::WISHED_AT_ONCE {
        bail!("at most {} at a time", app::WISHED_AT_ONCE);
    }
    let told = app::grant_wish(&config, wish, |_| {})?;
    let missing = told.get("not_there").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        missing.iter().filter_map(Value::as_str).for_each(|id| eprintln!("{id} is not there: summed up, let go or forgotten already"));
    }
    if missing.len() == records {
        bail!("none of them is there: `jamey recall --ids` shows ids");
    }
    Ok(told)
}

fn memories(told: &Value) -> String {
    match told.get("records").and_then(Value::as_array).map_or(0, Vec::len) {
        1 => "1 memory is".to_owned(),
        n => format!("{n} memories are"),
    }
}
