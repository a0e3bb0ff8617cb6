//! `jamey recall`: what the house remembers, asked in words; whether Jamey runs or not.

use super::Common;
use crate::{
    app,
    domain::Timestamp,
    memory::{
        index::Index,
        recall::{self, Query, Recalled},
    },
    runtime::Clock,
    store::Reader,
};
use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Look for what was remembered, as in `jamey recall "front door last night"`.
///
/// Words raise a record that holds them; "phrases" must stand as they are; -word must not. entity:X, kind:X, verdict:denied and
/// importance:0.5 narrow it, and so do times: yesterday evening, last 3 hours, since monday, 2026-11-01..2026-11-05.
#[derive(Debug, Args)]
pub struct Asked {
    /// The words; none: what was last.
    query: Vec<String>,
    /// At most so many.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Go on where a page ended: its `next`.
    #[arg(long)]
    cursor: Option<String>,
}

/// # Errors
/// When there is no store or index yet, or they cannot be read.
pub fn recall(common: &Common, asked: &Asked) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let store =
        Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    let index = Index::open(&data.join(app::INDEX)).context("start `jamey run` once: it makes the index")?;
    let zone = TimeZone::get(&config.timezone).with_context(|| format!("`{}` is no time zone", config.timezone))?;
    let now = Clock::new(Timestamp::default()).now();
    let query = Query::parse(&asked.query.join(" "), now, &zone);
    let page = recall::find(&index, &store, &query, now, usize::from(asked.limit), asked.cursor.as_deref())?;
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&told(&query, &page))?);
        return Ok(());
    }
    for note in &query.notes {
        eprintln!("{note}");
    }
    if page.records.is_empty() {
        crate::cli::line!("nothing of the kind is remembered; fewer words, or a longer time, find more");
    }
    for one in &page.records {
        crate::cli::line!("{}  {}", when(one.record.at, &zone), one.record.record.text);
    }
    if let Some(next) = &page.next {
        crate::cli::line!("more: --cursor {next}");
    }
    Ok(())
}

/// On the wall clock of the house.
fn when(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_microsecond(at.micros())
        .map_or_else(|_| at.to_string(), |t| t.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// A page in public form.
#[must_use]
pub fn told(query: &Query, page: &recall::Page) -> Value {
    json!({"v": 1, "records": page.records.iter().map(record).collect::<Vec<_>>(), "next": page.next, "notes": query.notes})
}

fn record(one: &Recalled) -> Value {
    let (row, record) = (&one.record, &one.record.record);
    json!({
        "id": row.id,
        "at": row.at.to_string(),
        "entity": row.entity,
        "kind": row.kind,
        "topic": row.topic,
        "text": record.text,
        "importance": record.importance,
        "layer": record.layer,
        "requester": row.requester,
        "score": one.score,
    })
}
