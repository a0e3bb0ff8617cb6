//! Zigbee2MQTT's grammar: `base/NAME-or-IEEE[/endpoint]/set[/attribute]`, groups, `/get`, and the administrator's `bridge/request/#`.

use super::{
    Found, Message,
    attributes::{self, Act},
};
use crate::domain::{Claim, Device, DeviceClass, EntityId, Family, Registry, Verb};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A topic that Zigbee2MQTT listens to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spoken<'t> {
    Get,
    /// `name` may still end in an endpoint: only the registry tells `kitchen/left` from a device with a slash in its name.
    Set {
        base: &'t str,
        name: &'t str,
        attribute: Option<&'t str>,
    },
    Bridge {
        base: &'t str,
        act: &'t str,
    },
}

/// Reads a topic; of two base topics that fit, the longer is meant. Allocates nothing.
pub fn parse<'t>(bases: &'t [String], topic: &'t str) -> Option<Spoken<'t>> {
    let (base, rest) = bases
        .iter()
        .filter(|base| !base.is_empty())
        .filter_map(|base| Some((base.as_str(), topic.strip_prefix(base.as_str())?.strip_prefix('/')?)))
        .max_by_key(|(base, _)| base.len())?;
    if let Some(tail) = rest.strip_prefix("bridge/") {
        return bridge_act(tail).map(|act| Spoken::Bridge { base, act });
    }
    // The first `set` or `get` level counts, as in Zigbee2MQTT's own expression: `x/set/get` sets the attribute `get`.
    for (at, _) in rest.match_indices('/') {
        let (Some(name), Some(tail)) = (rest.get(..at), rest.get(at + 1..)) else { continue };
        if name.is_empty() {
            continue;
        }
        let (word, attribute) = tail.split_once('/').map_or((tail, None), |(word, attribute)| (word, Some(attribute)));
        match word {
            "get" => return Some(Spoken::Get),
            "set" => return Some(Spoken::Set { base, name, attribute }),
            _ => {}
        }
    }
    None
}

/// The bridge as a device: who may pair, remove or update devices commands the whole network.
#[must_use]
pub fn bridge_claim(base: &str) -> Claim {
    Claim {
        key: format!("{base}/bridge"),
        device: EntityId::bridge(base),
        name: Some(format!("Zigbee2MQTT ({base})")),
        class: DeviceClass::Gateway,
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        family: Family::Zigbee2mqtt,
        aliases: BTreeSet::new(),
        members: BTreeSet::new(),
        commands: Vec::new(),
        state_topic: Some(format!("{base}/bridge/state")),
    }
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    match *spoken {
        Spoken::Get => {}
        // Also when empty and retained: `bridge/request/restart` needs no payload, and those who listen now get it.
        Spoken::Bridge { base, act } => {
            // The bridge's `id` is the device it is about; `transaction` is the asker's own.
            found.id = transaction(message.payload);
            found.push(&EntityId::bridge(base), bridge_request(act, message.payload));
        }
        Spoken::Set { attribute: Some(""), base, name } if !message.clean_up => {
            for (device, _) in targets(registry, base, name) {
                found.push(&device.id, Act::unknown());
            }
        }
        Spoken::Set { base, name, attribute } => {
            let empty_acts = attribute.is_some_and(attributes::acts_when_empty);
            // Zigbee2MQTT takes an empty payload on `/set` for nothing; on an attribute it is an empty value.
            if message.payload.is_empty() && !empty_acts && (message.clean_up || attribute.is_none()) {
                return;
            }
            let acts = attributes::read(attribute, message.payload);
            for (device, endpoint) in targets(registry, base, name) {
                for act in &acts {
                    let mut act = attributes::for_class(act.clone(), device.class);
                    act.endpoint = act.endpoint.or_else(|| endpoint.map(str::to_owned));
                    found.push(&device.id, act);
                    if found.too_many {
                        break;
                    }
                }
            }
        }
    }
}

/// A device commanded, as far as its risk matters here.
struct Commanded {
    id: EntityId,
    class: DeviceClass,
}

impl From<&Device> for Commanded {
    fn from(device: &Device) -> Self {
        Self { id: device.id.clone(), class: device.class }
    }
}

/// The devices that a name means, each with the endpoint: the whole name first, then without its last level, as Zigbee2MQTT
/// looks it up; else the name itself, escaped, as a device nobody knows.
fn targets<'t>(registry: &Registry, base: &str, name: &'t str) -> Vec<(Commanded, Option<&'t str>)> {
    let whole = known(registry, base, name);
    if !whole.is_empty() {
        return whole.into_iter().map(|c| (c, None)).collect();
    }
    if let Some((device, endpoint)) = name.rsplit_once('/') {
        let part = known(registry, base, device);
        if !part.is_empty() {
            return part.into_iter().map(|c| (c, Some(endpoint))).collect();
        }
        if is_endpoint(endpoint) {
            return vec![(stranger(device), Some(endpoint))];
        }
    }
    vec![(stranger(name), None)]
}

fn stranger(name: &str) -> Commanded {
    Commanded { id: EntityId::escaped(name), class: DeviceClass::Unknown }
}

/// The usual endpoint names, for devices that no inventory describes: a number, `l1`, `ep1`, `left` …
fn is_endpoint(level: &str) -> bool {
    let number = level.strip_prefix("ep").or_else(|| level.strip_prefix('l')).unwrap_or(level);
    matches!(level, "left" | "right" | "center" | "top" | "bottom") || (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Devices of the registry under a name or address, groups as their members. A group whose own class is known is judged too:
/// its name may be one that a lock bears.
fn known(registry: &Registry, base: &str, name: &str) -> Vec<Commanded> {
    let mut out: Vec<Commanded> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |commanded: Commanded| {
        if seen.insert(commanded.id.clone()) {
            out.push(commanded);
        }
    };
    for device in named(registry, base, name) {
        if device.members.is_empty() || device.class != DeviceClass::Unknown {
            add(device.into());
        }
        for member in &device.members {
            let devices = named(registry, base, member);
            if devices.is_empty() {
                add(stranger(member));
            }
            devices.into_iter().for_each(|d| add(d.into()));
        }
    }
    out
}

/// By command topic (name, address or group number), then by id, then by alias: the last walks the registry, for strangers only.
fn named<'r>(registry: &'r Registry, base: &str, name: &str) -> Vec<&'r Device> {
    let lower = name.to_ascii_lowercase();
    let name = if is_address(&lower) { &lower } else { name };
    let topic = format!("{base}/{name}/set");
    let mut devices: Vec<&Device> =
        registry.commanded_by(&topic).filter(|(_, c)| c.shape == crate::domain::CommandShape::Attributes).map(|(d, _)| d).collect();
    if let Some(device) = registry.device(&EntityId::escaped(name)).filter(|d| speaks_zigbee(d)) {
        devices.push(device);
    }
    if devices.is_empty() {
        devices.extend(registry.devices().filter(|d| d.aliases.contains(name)));
    }
    devices
}

fn speaks_zigbee(device: &Device) -> bool {
    device.claims.values().any(|c| c.family == Family::Zigbee2mqtt || c.family == Family::Owner)
}

fn is_address(name: &str) -> bool {
    name.strip_prefix("0x").is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What of `bridge/…` commands. Before 2.0 there was no `request`: `bridge/config/permit_join`, `bridge/group/NAME/add` …
/// The rest, and the legacy list `bridge/config/devices`, is what Zigbee2MQTT itself tells.
fn bridge_act(tail: &str) -> Option<&str> {
    if tail == "request" {
        return Some("");
    }
    if let Some(act) = tail.strip_prefix("request/") {
        return Some(act);
    }
    let legacy = ["config/", "group/", "bind/", "unbind/", "ota_update/"];
    (tail != "config/devices" && legacy.iter().any(|l| tail.starts_with(l))).then_some(tail)
}

fn bridge_request(act: &str, payload: &[u8]) -> Act {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'/'));
    let mut levels = act.split('/');
    let verb = match (levels.next(), levels.next()) {
        (Some(word @ ("bind" | "unbind")), Some(_)) => word.to_owned(),
        // The legacy form has the group's name in the middle: `group/NAME/add`; the present one is `group/members/add`.
        (Some("group"), Some(name)) if name != "members" && levels.clone().next().is_some() => {
            format!("group_{}", levels.next_back().unwrap_or_default())
        }
        _ => act.replace('/', "_"),
    };
    if verb.is_empty() || verb.len() > 64 || !plain(&verb) {
        return Act::unknown();
    }
    let mut request = Act { verb: Verb(verb), endpoint: None, value: None, args: Map::new() };
    match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Object(map)) => {
            request.value = ["time", "value"].iter().find_map(|key| map.get(*key)?.as_f64());
            // Scalars say what is meant; files and nested options would only weigh down the verdict's row.
            let scalars = map.into_iter().filter(|(_, v)| !v.is_array() && !v.is_object());
            request.args = scalars.take(16).map(|(k, v)| (k, attributes::bounded(&v))).collect();
        }
        Ok(value) => {
            request.value = value.as_f64();
            request.args.insert("value".into(), attributes::bounded(&value));
        }
        Err(_) => {
            if let Some(text) = std::str::from_utf8(payload).ok().filter(|t| !t.is_empty()) {
                request.args.insert("value".into(), attributes::bounded(&Value::String(text.to_owned())));
            }
        }
    }
    request
}

fn transaction(payload: &[u8]) -> Option<String> {
    let object: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let id = match object.get("transaction")? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=128).contains(&id.len()).then_some(id)
}
