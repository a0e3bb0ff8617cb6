//! `jamey memory stats`: how much is remembered, and what it takes.

use super::size;
use crate::{
    app,
    cli::{Common, recall, recall::when},
    store::{Bytes, Figures},
};
use serde_json::json;

pub(super) fn stats(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let (store, index) = recall::open(&config)?;
    let bar = super::progress(None, "the records are counted", common.json);
    let figures = store.figures()?;
    bar.finish_and_clear();
    let bytes = store.bytes(data)?;
    let index_bytes = app::folder_bytes(&data.join(app::INDEX));
    let lag = store.change_log()?.map_or(0, |(_, last)| last.saturating_sub(index.applied()));
    let Figures { layers, pinned, superseded, recalled, tiers, oldest, changes } = &figures;
    let Bytes { database, free, wal } = bytes;
    if common.json {
        let tiers: serde_json::Map<_, _> =
            tiers.iter().map(|(tier, (summaries, records))| (tier.clone(), json!({"summaries": summaries, "records": records}))).collect();
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "v": 1, "records": layers, "pinned": pinned, "superseded": superseded, "recalled": recalled, "summaries": tiers,
                "oldest": oldest.map(|at| at.to_string()), "database_bytes": database, "free_bytes": free, "wal_bytes": wal,
                "index_bytes": index_bytes, "index_records": index.records(), "index_lag": lag, "change_log": changes,
            }))?
        );
        return Ok(());
    }
    let all: u64 = layers.values().sum();
    let of = |layer: &str| layers.get(layer).copied().unwrap_or(0);
    crate::cli::line!("{all} records: {} working, {} short-term, {} long-term", of("working"), of("short_term"), of("long_term"));
    crate::cli::line!("  {pinned} pinned, {superseded} superseded by newer facts, {recalled} were ever recalled");
    if let Some(at) = oldest {
        crate::cli::line!("  the oldest is of {}", when(*at, &config.zone()));
    }
    for (tier, (summaries, records)) in tiers {
        crate::cli::line!("{summaries} summaries of {}, for {records} records", tier.replace('_', " "));
    }
    crate::cli::line!("database {} ({} of it free), log {}", size(database), size(free), size(wal));
    crate::cli::line!("index {} for {} records, {lag} transactions behind", size(index_bytes), index.records());
    Ok(())
}
