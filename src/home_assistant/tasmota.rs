//! Tasmota's own announcement, `tasmota/discovery/MAC/config`: its topics, and which outputs, shutters, lights and fans it has.
//! After <https://tasmota.github.io/docs/MQTT> ("Discovery") and tasmota/tasmota_xdrv_driver/xdrv_12_discovery.ino.

use super::{actuator::short, document::check};
use crate::domain::{Claim, Command, CommandShape, DeviceClass, EntityId, Family};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const PLACE: &str = "tasmota/discovery/";
/// Relays that the announcement has room for.
const RELAYS: usize = 32;

/// Whether a Tasmota device announces itself here.
pub fn is_place(topic: &str) -> bool {
    topic.strip_prefix(PLACE).and_then(|rest| rest.strip_suffix("/config")).is_some_and(|mac| !mac.is_empty() && !mac.contains('/'))
}

/// The claim of a device; None where it has nothing that could be commanded.
///
/// # Errors
/// When its topics are none.
pub fn claim(topic: &str, map: &Map<String, Value>) -> Result<Option<Claim>, String> {
    let text = |key: &str| map.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
    let own = text("t").ok_or("`t`, its topic, is missing")?;
    let full = text("ft").unwrap_or("%prefix%/%topic%/");
    let prefix =
        |at: usize, default: &'static str| map.get("tp").and_then(|tp| tp.get(at)?.as_str()).filter(|p| !p.is_empty()).unwrap_or(default);
    let id: String = text("mac").map(|mac| mac.chars().skip(6).collect::<String>().to_uppercase()).unwrap_or_default();
    let whole = |prefix: &str| {
        let topic =
            full.replace("%prefix%", prefix).replace("%topic%", own).replace("%hostname%", text("hn").unwrap_or(own)).replace("%id%", &id);
        check("ft", topic.trim_end_matches('/').to_owned())
    };
    let base = whole(prefix(0, "cmnd"))?;
    let numbers = |key: &str| -> Vec<u64> {
        map.get(key).and_then(Value::as_array).into_iter().flatten().take(RELAYS).map(|v| v.as_u64().unwrap_or(0)).collect()
    };
    let relays = numbers("rl");
    let is_set = |key: &str| map.get(key).and_then(Value::as_u64).is_some_and(|n| n > 0);
    let mut aliases = BTreeSet::from([base.clone()]);
    let mut commands = Vec::new();
    let mut add = |name: String, role: &str, shape: CommandShape| {
        if let Ok(topic) = check("ft", format!("{base}/{name}")) {
            commands.push(Command { topic, role: role.to_owned(), shape });
        }
    };
    for (at, _) in relays.iter().enumerate().filter(|(_, kind)| matches!(kind, 1 | 2)) {
        add(format!("POWER{}", at + 1), "relay", words(map));
    }
    // A shutter has two relays.
    let shutters = relays.iter().filter(|kind| **kind == 3).count().div_ceil(2);
    for number in 1..=shutters {
        for (name, verb) in [("ShutterOpen", "open"), ("ShutterClose", "close"), ("ShutterStop", "stop")] {
            add(format!("{name}{number}"), "shutter", CommandShape::Press { verb: verb.into() });
        }
        add(format!("ShutterPosition{number}"), "shutter", CommandShape::Number { verb: "position".into() });
    }
    if is_set("lt_st") {
        add("Dimmer".into(), "light", CommandShape::Number { verb: "set".into() });
    }
    if is_set("if") {
        add("FanSpeed".into(), "fan", CommandShape::Number { verb: "set".into() });
    }
    if commands.is_empty() {
        return Ok(None);
    }
    if !id.is_empty() {
        // By this one it listens whatever topic it was given.
        let fallback = check("mac", format!("{}/DVES_{id}_fb", prefix(0, "cmnd")))?;
        commands.push(Command { topic: format!("{fallback}/POWER0"), role: "fallback topic".into(), shape: words(map) });
        aliases.insert(fallback);
    }
    let classes = [
        (relays.contains(&1), DeviceClass::Switch),
        (shutters > 0, DeviceClass::Cover),
        (is_set("if"), DeviceClass::Fan),
        (is_set("lt_st") || relays.contains(&2), DeviceClass::Light),
    ];
    Ok(Some(Claim {
        key: topic.to_owned(),
        device: EntityId::escaped(own),
        name: text("dn").map(short),
        class: classes.into_iter().find(|(has, _)| *has).map_or(DeviceClass::Unknown, |(_, class)| class),
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        family: Family::Tasmota,
        aliases,
        members: BTreeSet::new(),
        commands,
        state_topic: whole(prefix(2, "tele")).and_then(|base| check("ft", format!("{base}/STATE"))).ok(),
    }))
}

/// The device's own words besides the usual ones, which it takes too.
fn words(map: &Map<String, Value>) -> CommandShape {
    let mut words = BTreeMap::from(["OFF", "ON", "TOGGLE"].map(|word| (word.to_owned(), word.to_lowercase())));
    for (at, verb) in ["off", "on", "toggle"].into_iter().enumerate() {
        if let Some(word) = map.get("st").and_then(|st| st.get(at)?.as_str()).filter(|word| !word.is_empty()) {
            words.entry(short(word)).or_insert_with(|| verb.to_owned());
        }
    }
    CommandShape::Words { words }
}
