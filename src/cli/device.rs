//! `jamey device list|show|signals`: the registry of actuators, read from the store, whether Jamey runs or not.

mod signals;

use super::Common;
use crate::{
    broker::guard::{GuardRules, coverage},
    domain::{Device, EntityId, Registry},
    observe::device,
    store::Reader,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// All devices that can be commanded, the riskiest first.
    List,
    /// One device: who says what of it, its topics and aliases, and what was told and asked last.
    Show { device: String },
    /// Propose `[[signal]]` entries for the config, from sensors that announced themselves; nothing is changed.
    Signals,
}

/// How far back it is looked for a device's last state and command.
const AMONG: u32 = 50_000;

/// # Errors
/// When there is no store yet, or no such device.
pub fn device(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    let open =
        || Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()));
    match action {
        Action::List => list(common, open()?.devices()?),
        Action::Show { device } => {
            let reader = open()?;
            let id = EntityId::new(device)?;
            let devices = reader.devices()?;
            let Some(one) = devices.iter().find(|d| d.id == id) else {
                bail!("no device is called `{id}`: `jamey device list` shows which are known")
            };
            let registry = Registry::from_devices(devices.iter().cloned());
            show(common, &reader, one, &coverage::of(&registry, &GuardRules::of(&config), one))
        }
        Action::Signals => signals::propose(common, &config, &open()?),
    }
}

/// The devices of a data folder; none where Jamey has not run.
pub fn known(data: &Path) -> anyhow::Result<Vec<Device>> {
    match Reader::open(data) {
        Ok(reader) => Ok(reader.devices()?),
        Err(_) if !data.join("jamey.db").exists() => Ok(Vec::new()),
        Err(error) => Err(error).context("the store cannot be read"),
    }
}

fn list(common: &Common, mut devices: Vec<Device>) -> anyhow::Result<()> {
    devices.sort_by(|a, b| b.risk.get().total_cmp(&a.risk.get()).then_with(|| a.id.cmp(&b.id)));
    if common.json {
        let rows: Vec<Value> = devices.iter().map(device::brief).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "devices": rows}))?);
        return Ok(());
    }
    if devices.is_empty() {
        crate::cli::line!(
            "no device is known yet: they are learned from Home Assistant discovery, Zigbee2MQTT and Tasmota, or named by [[device]]"
        );
        return Ok(());
    }
    crate::cli::line!("{:<28} {:<12} {:>4}  {:<14} {:<20} {:>6}  said by", "device", "class", "risk", "area", "tags", "topics");
    for device in &devices {
        crate::cli::line!(
            "{:<28} {:<12} {:>4.1}  {:<14} {:<20} {:>6}  {}",
            device.id.as_str(),
            device.class.as_str(),
            device.risk.get(),
            device.area.as_deref().unwrap_or("-"),
            if device.tags.is_empty() { "-".to_owned() } else { Vec::from_iter(device.tags.iter().map(String::as_str)).join(",") },
            device.commands().count(),
            device::families(device).join(", ")
        );
    }
    Ok(())
}

fn show(common: &Common, reader: &Reader, device: &Device, topics: &[coverage::Covered]) -> anyhow::Result<()> {
    let told = reader.last_told(&device.id, AMONG)?;
    let asked = reader.last_asked(&device.id, AMONG)?;
    if common.json {
        let mut value = device::whole(device);
        let rows: Vec<Value> = topics.iter().map(|t| json!({"topic": t.topic, "judged": t.judged.as_str(), "why": t.why})).collect();
        let more = json!({
            "topics": rows,
            "last_told": told.as_ref().map(|t| json!({"at": t.at.to_string(), "kind": t.kind, "topic": t.topic, "text": t.record.text})),
            "last_asked": asked.as_ref().map(|a| json!({
                "at": a.at.to_string(), "by": a.requester, "verb": a.request.verb, "endpoint": a.request.endpoint, "value": a.request.value,
                "decision": a.verdict.decision.as_str(), "reason": a.verdict.reason, "forwarded_at": a.forwarded_at.map(|t| t.to_string()),
            })),
        });
        if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
            value.extend(more.clone());
        }
        crate::cli::line!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    crate::cli::line!("{}: {}", device.id, device.name.as_deref().unwrap_or("(no name)"));
    crate::cli::line!("  class {}, risk {:.2}: {}", device.class.as_str(), device.risk.get(), device::why(device));
    let tags: Vec<&str> = device.tags.iter().map(String::as_str).collect();
    crate::cli::line!(
        "  area {}; tags {}",
        device.area.as_deref().unwrap_or("-"),
        if tags.is_empty() { "-".to_owned() } else { tags.join(", ") }
    );
    crate::cli::line!("  said of it:");
    for claim in device.claims.values() {
        crate::cli::line!("  - {} by {}: {} topics ({})", claim.class.as_str(), claim.family.as_str(), claim.commands.len(), claim.key);
    }
    crate::cli::line!("  topics:");
    for topic in topics {
        crate::cli::line!("  - {:<5} {:<44} {}", topic.judged.as_str(), topic.topic, topic.why);
    }
    match &told {
        Some(told) => crate::cli::line!("  told last: {} ({}, {})", told.record.text, told.topic, told.at),
        None => crate::cli::line!("  told last: nothing that is kept under its name"),
    }
    match &asked {
        Some(asked) => crate::cli::line!(
            "  asked last: {} by {}, {}: {}, {} ({})",
            asked.request.verb.0,
            asked.requester,
            asked.at,
            asked.verdict.decision.as_str(),
            if asked.forwarded_at.is_some() { "passed on" } else { "not passed on" },
            asked.verdict.reason
        ),
        None => crate::cli::line!("  asked last: nothing"),
    }
    Ok(())
}
