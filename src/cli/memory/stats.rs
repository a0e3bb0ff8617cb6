//! `jamey memory stats`: how much is remembered, and what it takes.

use crate::{
    app::{self, Wish},
    cli::{Common, paint::size, recall, recall::when},
    store::{Bytes, Figures},
};
use serde_json::{Value, json};

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
    // What cannot be asked of the running one is left out.
    let running = app::grant_wish(&config, &Wish::Figures, |_| {}).unwrap_or_default();
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
                "running": running,
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
    let number = |key: &str| running.get(key).and_then(Value::as_u64);
    if let Some(recalls) = number("recalls") {
        let rate = running.get("working_hit_rate").and_then(Value::as_f64);
        let hits = rate.map_or_else(String::new, |rate| format!(", found there {:.0} times of 100", rate * 100.0));
        crate::cli::line!("at hand {}{hits}; {recalls} questions since the start", size(number("working_bytes").unwrap_or(0)));
    }
    if let Some(bytes) = number("written_bytes_a_day") {
        crate::cli::line!("written to disk {} a day", size(bytes));
    }
    Ok(())
}
