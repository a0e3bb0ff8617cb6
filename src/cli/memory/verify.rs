//! `jamey memory verify`: the database's own check, and index and database compared record by record.

use crate::{
    cli::{Common, recall},
    memory::verify::{Agreement, agreement},
};
use anyhow::bail;
use serde_json::json;

pub(super) fn verify(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let (store, index) = recall::open(&config)?;
    let bar = super::progress(None, "the database is read", common.json);
    let damage = store.damage()?;
    bar.finish_and_clear();
    let bar = super::progress(Some(index.records()), "compared", common.json);
    // What a damaged database says is nothing to compare with.
    let told = if damage.is_empty() { agreement(&index, &store, |done| bar.set_position(done))? } else { Agreement::default() };
    bar.finish_and_clear();
    let is_good = damage.is_empty() && told.is_whole();
    let Agreement { records, waiting, missing, too_many, named } = &told;
    if common.json {
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "v": 1, "good": is_good, "damage": damage, "records": records, "waiting": waiting, "missing": missing, "too_many": too_many,
                "findings": named,
            }))?
        );
    } else {
        for finding in damage.iter().chain(named) {
            crate::cli::line!("{finding}");
        }
        if is_good {
            crate::cli::line!("good: the database is whole, and the index has its {records} records ({waiting} of them in a moment)");
        }
    }
    if !damage.is_empty() {
        bail!("{} is damaged: stop Jamey, keep a copy of the data folder, and put a good one in its place", config.store.data.display());
    }
    if !told.is_whole() {
        bail!("the index lacks {missing} records and has {too_many} too many: `jamey memory rebuild` makes it anew");
    }
    Ok(())
}
