//! Zigbee2MQTT's own lists: `bridge/devices` with what each device exposes, `bridge/groups` with their members.

use super::{
    actuator::short,
    document::check,
    zigbee::{is_address, is_state},
};
use crate::domain::{Claim, Command, CommandShape, DeviceClass, EntityId, Family};
use serde_json::Value;
use std::collections::BTreeSet;

/// Zigbee2MQTT's `access` is a set of bits: 1 published, 2 settable, 4 gettable.
const SETTABLE: u64 = 2;
/// Deeper exposes than any definition has.
const DEPTH: usize = 8;

/// A claim for each device that can be set.
///
/// # Errors
/// When there are entries and none is one of a device.
pub fn devices(topic: &str, base: &str, items: &[Value]) -> Result<Vec<Claim>, String> {
    collect(items, |item| {
        let address = item.get("ieee_address").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let address = address.filter(|a| is_address(a)).ok_or("`ieee_address` is not 0x and 16 hex digits")?;
        let name = item.get("friendly_name").and_then(Value::as_str).filter(|n| !n.is_empty()).unwrap_or(&address);
        if item.get("type").and_then(Value::as_str) == Some("Coordinator") {
            return Ok(None);
        }
        // Zigbee2MQTT refuses to command a device without a definition.
        let Some(definition) = item.get("definition").filter(|d| !d.is_null()) else { return Ok(None) };
        let Some(class) = class_of(definition) else { return Ok(None) };
        claim(topic, base, &address, name, BTreeSet::from([address.clone(), name.to_owned()]), class).map(Some)
    })
}

/// A claim for each group. Its class stays unknown: the guard judges a group by its members.
///
/// # Errors
/// When there are entries and none is one of a group.
pub fn groups(topic: &str, base: &str, items: &[Value]) -> Result<Vec<Claim>, String> {
    collect(items, |item| {
        let id = item.get("id").and_then(Value::as_u64).ok_or("`id` is no number")?.to_string();
        let name = item.get("friendly_name").and_then(Value::as_str).filter(|n| !n.is_empty()).unwrap_or(&id);
        let mut claim = claim(topic, base, &id, name, BTreeSet::from([id.clone(), name.to_owned()]), DeviceClass::Unknown)?;
        let members = item.get("members").and_then(Value::as_array).into_iter().flatten();
        claim.members = members
            .filter_map(|m| m.get("ieee_address")?.as_str())
            .map(str::to_ascii_lowercase)
            .filter(|address| is_address(address))
            .collect();
        Ok(Some(claim))
    })
}

fn collect(items: &[Value], read: impl Fn(&Value) -> Result<Option<Claim>, String>) -> Result<Vec<Claim>, String> {
    let (mut claims, mut problem, mut good) = (Vec::new(), None, items.is_empty());
    for (at, item) in items.iter().enumerate() {
        match read(item) {
            Ok(claim) => {
                good = true;
                claims.extend(claim);
            }
            Err(error) => problem = Some(format!("entry {at}: {error}")),
        }
    }
    match problem {
        Some(problem) if !good => Err(problem),
        _ => Ok(claims),
    }
}

fn claim(topic: &str, base: &str, id: &str, name: &str, aliases: BTreeSet<String>, class: DeviceClass) -> Result<Claim, String> {
    let mut commands = Vec::new();
    for alias in &aliases {
        let topic = check("friendly_name", format!("{base}/{alias}/set"))?;
        commands.push(Command { topic, role: "set".into(), shape: CommandShape::Attributes });
    }
    Ok(Claim {
        key: format!("{topic}#{id}"),
        device: EntityId::escaped(name),
        name: Some(short(name)),
        class,
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        family: Family::Zigbee2mqtt,
        aliases,
        members: BTreeSet::new(),
        commands,
        state_topic: check("friendly_name", format!("{base}/{name}")).ok(),
    })
}

/// The gravest class among what a device exposes; None when nothing can be set.
fn class_of(definition: &Value) -> Option<DeviceClass> {
    let exposes: Vec<&Value> = definition.get("exposes").and_then(Value::as_array).into_iter().flatten().collect();
    if !exposes.iter().any(|e| settable(e, DEPTH)) {
        return None;
    }
    let about = ["description", "model"].iter().filter_map(|k| definition.get(*k)?.as_str()).collect::<Vec<_>>().join(" ").to_lowercase();
    let said = |word: &str| about.split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
    let classes = exposes.iter().filter_map(|expose| {
        let name = ["name", "property"].iter().find_map(|k| expose.get(*k)?.as_str()).unwrap_or_default();
        Some(match (expose.get("type").and_then(Value::as_str)?, name) {
            // A child lock is exposed as a lock, a window detection as a switch: settings, with a property of their own.
            ("lock" | "switch", _) if !is_main(expose) => return None,
            ("lock", _) => DeviceClass::Lock,
            // What an opener moves stands only in its description.
            ("cover" | "switch", _) if said("garage") => DeviceClass::Garage,
            ("cover" | "switch", _) if said("gate") => DeviceClass::Gate,
            ("cover", _) if said("door") => DeviceClass::Door,
            ("switch", _) if said("valve") || said("irrigation") => DeviceClass::Valve,
            ("cover", _) => DeviceClass::Cover,
            ("switch", _) => DeviceClass::Switch,
            ("light", _) => DeviceClass::Light,
            ("climate", _) => DeviceClass::Climate,
            ("fan", _) => DeviceClass::Fan,
            // An alarm that can be silenced or tested over the air.
            ("binary", "smoke") => DeviceClass::SmokeAlarm,
            ("binary", "carbon_monoxide") => DeviceClass::CoAlarm,
            ("binary", "gas") => DeviceClass::GasAlarm,
            (_, "warning" | "alarm" | "siren" | "squawk") if settable(expose, DEPTH) => DeviceClass::Siren,
            _ => return None,
        })
    });
    // Settings alone (a sensor's calibration) do not tell what a device does.
    Some(classes.max_by(|a, b| a.risk().get().total_cmp(&b.risk().get())).unwrap_or_default())
}

/// Whether an expose is the device's own `state`, or that of an endpoint: `state_l1`.
fn is_main(expose: &Value) -> bool {
    let features = expose.get("features").and_then(Value::as_array).into_iter().flatten();
    features.filter_map(|f| f.get("property").or_else(|| f.get("name"))?.as_str()).any(is_state)
}

fn settable(expose: &Value, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    let own = expose.get("access").and_then(Value::as_u64).is_some_and(|access| access & SETTABLE != 0);
    own || expose.get("features").and_then(Value::as_array).is_some_and(|features| features.iter().any(|f| settable(f, depth - 1)))
}
