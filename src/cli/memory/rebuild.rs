//! `jamey memory rebuild` and `optimise`: by the running Jamey or on the folder at rest.

use crate::{
    app::{self, Wish},
    cli::{Common, paint::size, recall},
    store::Reader,
};
use anyhow::Context;
use serde_json::Value;

pub(super) fn rebuild(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    // Without a house there is nothing to make an index of, and none is made.
    Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    let of = recall::open(&config).ok().map(|(_, index)| index.records());
    let mut bar = None;
    let told = app::grant_wish(&config, &Wish::Rebuild, |done| match done {
        Some(done) => {
            let bar = bar.get_or_insert_with(|| super::progress(of, "built", common.json));
            bar.set_length(of.unwrap_or(done).max(done));
            bar.set_position(done);
        }
        None => {
            bar.get_or_insert_with(|| super::progress(None, "the running Jamey builds the index anew", common.json));
        }
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        crate::cli::line!("the index was made anew: {} records", told.get("records").and_then(Value::as_u64).unwrap_or(0));
    }
    Ok(())
}

pub(super) fn optimise(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    let bar = super::progress(None, "what is due is summed up and let go of", common.json);
    let told = app::grant_wish(&config, &Wish::Optimise, |_| {})?;
    bar.finish_and_clear();
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        let number = |key: &str| told.get(key).and_then(Value::as_u64).unwrap_or(0);
        match number("rows") {
            0 => crate::cli::line!("nothing was due"),
            rows => crate::cli::line!("{rows} records, summaries and pages were summed up, let go of or given back"),
        }
        let (before, after) = (number("index_bytes_before"), number("index_bytes"));
        crate::cli::line!("the index has {}, and had {} with what was gone", size(after), size(before));
    }
    Ok(())
}
