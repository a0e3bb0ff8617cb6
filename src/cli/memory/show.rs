//! `jamey memory show`: one record with all that is kept of it.

use crate::{
    cli::{Common, paint::plain, recall::when},
    domain::{Layer, Timestamp, secret},
    runtime::Clock,
    store::Reader,
};
use anyhow::Context;
use serde_json::json;
use uuid::Uuid;

pub(super) fn show(common: &Common, id: Uuid) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let store =
        Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    let row = store.record(id)?.with_context(|| {
        format!("no memory has the id {id}: `jamey recall --ids` shows ids; it may have been summed up, let go or forgotten")
    })?;
    let uses = store.uses([id])?.remove(&id);
    let now = Clock::new(Timestamp::default()).now();
    let level = uses.map(|uses| uses.base_level(now));
    let payload = secret::payload(&row.kind, &row.payload);
    if common.json {
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "v": 1, "id": row.id, "at": row.at.to_string(), "entity": row.entity, "kind": row.kind, "topic": row.topic,
                "text": row.record.text, "importance": row.record.importance, "layer": row.record.layer, "about": row.record.about,
                "pinned": row.pinned, "superseded_by": row.superseded_by, "requester": row.requester, "client": row.client_id,
                "user": row.user, "qos": row.qos, "retained": row.retained, "payload": payload, "payload_bytes": row.payload.len(),
                "recalled": uses.map_or(0, |uses| uses.n.saturating_sub(1)), "base_level": level,
            }))?
        );
        return Ok(());
    }
    let layer = match row.record.layer {
        Layer::Working => "working memory: summed up first",
        Layer::ShortTerm => "short-term memory",
        Layer::LongTerm => "long-term memory: kept one by one",
    };
    let mut lines = vec![
        plain(&row.record.text),
        format!("  when        {}", when(row.at, &config.zone())),
        format!("  entity      {}, kind {}", row.entity, plain(&row.kind)),
        format!("  said by     {} on {} at QoS {}", row.requester, plain(&row.topic), row.qos),
        format!("  matters     {:.2}, {layer}{}", row.record.importance, if row.pinned { "; pinned" } else { "" }),
    ];
    if let Some(uses) = uses {
        let last = uses.latest.iter().flatten().next().map_or_else(String::new, |at| format!(", last {}", when(*at, &config.zone())));
        lines.push(format!("  recalled    {} times{last}", uses.n.saturating_sub(1)));
    }
    if let Some(newer) = row.superseded_by {
        lines.push(format!("  superseded  by {newer}"));
    }
    lines.push(match payload {
        Some(text) => format!("  payload     {}", plain(&text)),
        None => format!("  payload     {} bytes", row.payload.len()),
    });
    crate::cli::line!("{}", lines.join("\n"));
    Ok(())
}
