//! What descriptions call things: the names, places, units and classes of what entities tell, for the words of memories. Nothing is decided by them.

use super::{
    List, Value, actuator, config_of,
    document::Document,
    inventory_of,
    sensors::{self, Sensing},
};
use crate::domain::{EntityId, InputSource, Names, ValueName, limits, pattern::kind_name};
use std::collections::BTreeMap;

/// Deeper exposes than any definition has.
const DEPTH: usize = 4;

/// What a description calls the entities that it is about; nothing where it is none. `inputs` tell which topic is whose.
#[must_use]
pub fn names(
    topic: &str,
    payload: &[u8],
    prefixes: &[String],
    zigbee_bases: &[String],
    inputs: &[InputSource],
) -> BTreeMap<EntityId, Names> {
    let mut found: BTreeMap<EntityId, Names> = BTreeMap::new();
    if payload.is_empty() || payload.len() > limits::PACKET_BYTES {
        return found;
    }
    let mut add = |entity: EntityId, names: Names| {
        if found.len() < limits::NAMED || found.contains_key(&entity) {
            found.entry(entity).or_default().learn(names);
        }
    };
    if let Some((_, List::Devices)) = inventory_of(topic, zigbee_bases) {
        if let Ok(Value::Array(items)) = serde_json::from_slice(payload) {
            for item in &items {
                if let Some((entity, names)) = of_zigbee(item) {
                    add(entity, names);
                }
            }
        }
        return found;
    }
    let Some(place) = config_of(topic, prefixes) else { return found };
    let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(payload) else { return found };
    let device = Document::new(&map, None);
    let mut one = |component: &str, doc: &Document<'_>| {
        if let Some((entity, names)) = of_document(component, doc, &place, inputs) {
            add(entity, names);
        }
    };
    match device.get("components") {
        Some(Value::Object(parts)) if place.component == "device" => {
            for part in parts.values().filter_map(Value::as_object) {
                let doc = Document::new(part, Some(&device));
                if let Some(platform) = doc.text("platform") {
                    one(platform, &doc);
                }
            }
        }
        _ => one(place.component, &device),
    }
    found
}

fn of_document(component: &str, doc: &Document<'_>, place: &super::Place<'_>, inputs: &[InputSource]) -> Option<(EntityId, Names)> {
    let state = doc.topic("state_topic")?;
    let (entity, kind) = inputs.iter().find_map(|input| {
        let (entity, kind) = input.pattern.read(&state)?;
        let entity = entity.map(EntityId::escaped).or_else(|| input.entity.clone())?;
        Some((entity, kind.map(kind_name).or_else(|| input.kind.clone()).unwrap_or_else(|| "state".into())))
    })?;
    let text = |full: &str, short: &str| doc.of_device(full, short).and_then(Value::as_str).and_then(cut);
    let device = text("name", "name");
    let own = doc.text("name").and_then(cut);
    let mut names = Names { name: device.clone(), area: text("suggested_area", "sa"), values: BTreeMap::new() };
    match sensors::sensing(component, doc, place) {
        Some(Sensing { device_class, field, on, off, unit, .. }) => {
            let value = ValueName {
                name: own.map(|own| without(&own, device.as_deref())).filter(|own| !own.is_empty()),
                unit: unit.as_deref().and_then(cut),
                class: device_class.as_deref().and_then(cut),
                on: on.filter(is_short),
                off: off.filter(is_short),
            };
            let field = field.unwrap_or(kind);
            if field.len() <= limits::NAME_BYTES {
                names.values.insert(field, value);
            }
        }
        // An actuator's own name is the thing's.
        None if names.name.is_none() => names.name = own,
        None => {}
    }
    Some((entity, names))
}

/// Its own name without the device's before it.
fn without(own: &str, device: Option<&str>) -> String {
    device.and_then(|device| own.strip_prefix(device)).unwrap_or(own).trim().to_owned()
}

/// One entry of Zigbee2MQTT's inventory, with what it exposes.
fn of_zigbee(item: &Value) -> Option<(EntityId, Names)> {
    let name = item.get("friendly_name").and_then(Value::as_str).filter(|n| !n.is_empty())?;
    let entity = EntityId::escaped(name);
    let mut names = Names { name: cut(name).filter(|name| name != entity.as_str()), ..Names::default() };
    let exposes = item.get("definition").and_then(|d| d.get("exposes")).and_then(Value::as_array).into_iter().flatten();
    exposes.for_each(|expose| exposed(expose, &mut names, DEPTH));
    Some((entity, names))
}

fn exposed(expose: &Value, names: &mut Names, depth: usize) {
    let text = |key: &str| expose.get(key).and_then(Value::as_str).and_then(cut);
    for feature in expose.get("features").and_then(Value::as_array).into_iter().flatten() {
        if depth > 0 {
            exposed(feature, names, depth - 1);
        }
    }
    let value = |key: &str| expose.get(key).filter(|v| is_short(v)).cloned();
    let named = ValueName { name: None, unit: text("unit"), class: None, on: value("value_on"), off: value("value_off") };
    if let Some(property) = text("property")
        && named != ValueName::default()
        && (names.values.len() < limits::NAMED_VALUES || names.values.contains_key(&property))
    {
        names.values.insert(property, named);
    }
}

/// A name as kept; None: it says nothing.
fn cut(text: &str) -> Option<String> {
    let mut text: String = actuator::short(text).split_whitespace().collect::<Vec<_>>().join(" ");
    text.truncate(text.floor_char_boundary(limits::NAME_BYTES));
    (!text.is_empty()).then_some(text)
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= limits::NAME_BYTES,
        Value::Bool(_) | Value::Number(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::InputPattern;
    use serde_json::json;

    fn read(topic: &str, document: &Value) -> BTreeMap<EntityId, Names> {
        let source = |pattern: &str, kind: Option<&str>| InputSource {
            pattern: InputPattern::new(pattern).unwrap(),
            entity: None,
            kind: kind.map(str::to_owned),
        };
        let inputs = [source("zigbee2mqtt/{entity}", Some("state")), source("{entity}/binary_sensor/{kind}/state", None)];
        names(topic, document.to_string().as_bytes(), &["homeassistant".into()], &["zigbee2mqtt".into()], &inputs)
    }

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    #[test]
    fn documents_name_things_places_and_values() {
        let zigbee = json!({"name": null, "state_topic": "zigbee2mqtt/front_door", "value_template": "{{ value_json.contact }}", "device_class": "door",
            "payload_on": false, "payload_off": true, "device": {"name": "Front door", "suggested_area": "Hall"}});
        let all = read("homeassistant/binary_sensor/0x1/contact/config", &zigbee);
        let door = &all[&id("front_door")];
        assert_eq!((door.name.as_deref(), door.area.as_deref()), (Some("Front door"), Some("Hall")));
        let contact = &door.values["contact"];
        assert_eq!((contact.class.as_deref(), &contact.on, &contact.off), (Some("door"), &Some(json!(false)), &Some(json!(true))));
        let whole = json!({"cmps": {"a": {"p": "binary_sensor", "stat_t": "cellar/binary_sensor/water/state", "dev_cla": "moisture", "name": "Cellar Floor"},
            "b": {"p": "sensor", "stat_t": "nobody/knows/it"}}, "dev": {"name": "Cellar", "sa": "Basement"}});
        let all = read("homeassistant/device/cellar/config", &whole);
        assert_eq!(all.keys().map(EntityId::as_str).collect::<Vec<_>>(), ["cellar"]);
        let water = &all[&id("cellar")].values["water"];
        assert_eq!((water.name.as_deref(), water.class.as_deref(), &water.on), (Some("Floor"), Some("moisture"), &Some(json!("ON"))));
        let lock = json!({"name": "Shed lock", "state_topic": "zigbee2mqtt/shed", "command_topic": "zigbee2mqtt/shed/set"});
        assert_eq!(read("homeassistant/lock/shed/config", &lock)[&id("shed")].name.as_deref(), Some("Shed lock"));
    }

    #[test]
    fn zigbees_inventory_names_units_and_what_yes_is() {
        let list = json!([{"friendly_name": "Front Door/Lock", "definition": {"exposes": [
            {"type": "binary", "property": "contact", "value_on": false, "value_off": true}, {"type": "numeric", "property": "battery", "unit": "%"},
            {"type": "lock", "features": [{"type": "binary", "property": "state", "value_on": "LOCK", "value_off": "UNLOCK"}]}]}},
            {"friendly_name": "", "definition": null}, {"friendly_name": "hub", "definition": null}]);
        let all = read("zigbee2mqtt/bridge/devices", &list);
        let door = &all[&id("front_door.2flock")];
        assert_eq!(door.name.as_deref(), Some("Front Door/Lock"));
        assert_eq!(door.values.keys().map(String::as_str).collect::<Vec<_>>(), ["battery", "contact", "state"]);
        assert_eq!(door.values["battery"].unit.as_deref(), Some("%"));
        assert_eq!(all[&id("hub")], Names::default(), "its id is its name");
    }

    #[test]
    fn what_is_none_names_nothing_and_one_past_each_limit_is_cut() {
        assert!(read("homeassistant/sensor/x/config", &json!([])).is_empty());
        assert!(read("elsewhere/x", &json!({})).is_empty());
        let long = "n".repeat(limits::NAME_BYTES + 1);
        let exposes: Vec<Value> = (0..=limits::NAMED_VALUES).map(|n| json!({"property": format!("p{n:03}"), "unit": "W"})).collect();
        let all = read("zigbee2mqtt/bridge/devices", &json!([{"friendly_name": long, "definition": {"exposes": exposes}}]));
        let names = all.values().next().unwrap();
        assert_eq!((names.name.as_ref().unwrap().len(), names.values.len()), (limits::NAME_BYTES, limits::NAMED_VALUES));
    }
}
