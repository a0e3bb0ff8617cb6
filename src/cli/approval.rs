//! `jamey approval list|show|approve|refuse`: what waits for a person's word, and the host's own.

use super::{Common, paint::plain};
use crate::{
    app::{Left, held_document},
    domain::{Kept, Timestamp},
    runtime::Clock,
    store::{ApprovalRow, Reader},
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// What waits, and what became of the latest that waited.
    List {
        /// How many of those that wait no more.
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: u32,
    },
    /// One that waits, whole.
    Show { id: Uuid },
    /// Let it on, if nothing forbids it meanwhile.
    Approve { id: Uuid },
    /// Do not.
    Refuse { id: Uuid },
}

/// How long the running Jamey may take: it looks once a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// # Errors
/// When there is no store yet, nothing waits under the id, or no Jamey runs that could hear the answer.
pub fn approval(common: &Common, action: &Action) -> anyhow::Result<()> {
    let data = common.load()?.store.data;
    let reader =
        Reader::open(&data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    match action {
        Action::List { limit } => list(common, &reader, *limit),
        Action::Show { id } => {
            let document = held_document(&reader, &waiting(&reader, *id)?)?;
            crate::cli::line!("{}", serde_json::to_string_pretty(&document)?);
            Ok(())
        }
        Action::Approve { id } => answer(common, &data, &reader, *id, true),
        Action::Refuse { id } => answer(common, &data, &reader, *id, false),
    }
}

fn waiting(reader: &Reader, id: Uuid) -> anyhow::Result<Kept> {
    let found = reader.held()?.into_iter().find(|kept| kept.percept.id == id);
    found.with_context(|| format!("nothing waits under {id}: `jamey approval list` shows what does"))
}

fn list(common: &Common, reader: &Reader, limit: u32) -> anyhow::Result<()> {
    let (held, settled) = (reader.held()?, reader.settled_approvals(limit, None)?);
    if common.json {
        let held: Vec<Value> = held.iter().map(|kept| held_document(reader, kept)).collect::<Result<_, _>>()?;
        let settled: Vec<Value> = settled.iter().map(row).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "waiting": held, "settled": settled}))?);
        return Ok(());
    }
    let now = Clock::new(Timestamp::default()).now();
    for kept in &held {
        let left = kept.expires_at.seconds_since(now).max(0.0);
        crate::cli::line!(
            "{}  waits {left:.0} s more: {} on {}",
            kept.percept.id,
            kept.percept.source.requester,
            plain(&kept.percept.topic)
        );
        crate::cli::line!("    {}", plain(&kept.reason));
    }
    if held.is_empty() {
        crate::cli::line!("nothing waits for a person's word");
    }
    for one in &settled {
        crate::cli::line!("{}  {} {}  {}", one.percept, one.at, one.answer, plain(&one.reason));
    }
    Ok(())
}

fn row(one: &ApprovalRow) -> Value {
    json!({
        "id": one.percept, "asked_at": one.asked_at.to_string(), "at": one.at.to_string(), "settled": one.answer, "by": one.by,
        "forwarded": one.let_on, "reason": one.reason,
    })
}

fn answer(common: &Common, data: &Path, reader: &Reader, id: Uuid, approves: bool) -> anyhow::Result<()> {
    let kept = waiting(reader, id)?;
    if std::fs::File::open(data.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok()) {
        bail!("no Jamey runs with the data folder {}: what waits goes nowhere until one does", data.display());
    }
    let left = Left { approves, nonce: kept.nonce.clone(), sha256: kept.digest() };
    left.leave(data, id).with_context(|| format!("{} cannot be written", data.display()))?;
    let until = Instant::now() + PATIENCE;
    let settled = loop {
        if let Some(settled) = reader.approval(id)? {
            break settled;
        }
        if Instant::now() > until {
            bail!("no answer within {} s: look at Jamey's log, and at `jamey audit list`", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if common.json {
        crate::cli::line!("{}", row(&settled));
    } else {
        crate::cli::line!("{}: {}", settled.answer, settled.reason);
    }
    if approves != settled.let_on {
        bail!("it was not let on: {}", settled.reason);
    }
    Ok(())
}
