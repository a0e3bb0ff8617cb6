//! What discovery tells of how things stand to one another: through which gateway they are reached, and in which room they are.

use super::{Map, Place, Value, actuator, config_of, document::Document};
use crate::domain::{EntityId, limits};

/// One described thing, as far as it stands to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    pub entity: EntityId,
    pub area: Option<String>,
    /// The gateway, by whatever identifier the document has for it.
    pub via: Option<EntityId>,
    /// What other documents may call it.
    pub identifiers: Vec<EntityId>,
}

/// Identifiers of one device: documents have one or two.
const IDENTIFIERS: usize = 8;
/// How Zigbee2MQTT calls its own bridge.
const ZIGBEE_BRIDGE: &str = "zigbee2mqtt_bridge";
/// Levels below the name of a device that speaks of itself: ESPHome's components, Shelly's.
const BELOW_A_NAME: [&str; 5] = ["sensor", "binary_sensor", "status", "events", "text_sensor"];
/// Levels above the name of a device: Tasmota's, Shelly's first generation's.
const ABOVE_A_NAME: [&str; 3] = ["tele", "stat", "shellies"];

/// What a discovery document tells of relations; nothing where it is none, or tells of none.
#[must_use]
pub fn ties(topic: &str, payload: &[u8], prefixes: &[String], zigbee_bases: &[String]) -> Vec<Tie> {
    let Some(place) = config_of(topic, prefixes).filter(|_| payload.len() <= limits::PACKET_BYTES) else { return Vec::new() };
    let Ok(Value::Object(map)) = serde_json::from_slice(payload) else { return Vec::new() };
    let device = Document::new(&map, None);
    let whole = |parts: &Map<String, Value>| {
        parts
            .iter()
            .filter_map(|(name, part)| {
                let doc = Document::new(part.as_object()?, Some(&device));
                tie(doc.text("platform")?, &doc, &place, &format!("{}_{name}", place.object), zigbee_bases)
            })
            .collect()
    };
    match device.get("components") {
        Some(Value::Object(parts)) if place.component == "device" => whole(parts),
        _ => {
            let fallback = place.node.map_or_else(|| place.object.to_owned(), |node| format!("{node}_{}", place.object));
            tie(place.component, &device, &place, &fallback, zigbee_bases).into_iter().collect()
        }
    }
}

fn tie(component: &str, doc: &Document<'_>, place: &Place<'_>, fallback: &str, bases: &[String]) -> Option<Tie> {
    let (entity, base) = match zigbee_name(doc, bases) {
        Some((base, name)) => (EntityId::escaped(&name), Some(base)),
        None => (named(component, doc, fallback, bases)?, None),
    };
    let text = |full: &str, short: &str| doc.of_device(full, short).and_then(Value::as_str).filter(|text| !text.is_empty());
    let via = text("via_device", "via_device").map(|via| match base {
        Some(base) if via.starts_with(ZIGBEE_BRIDGE) => zigbee_bridge(base),
        _ => EntityId::escaped(via),
    });
    let identifiers = match doc.of_device("identifiers", "ids") {
        Some(Value::String(one)) => vec![EntityId::escaped(one)],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(IDENTIFIERS).map(EntityId::escaped).collect(),
        _ => Vec::new(),
    };
    let area = text("suggested_area", "sa").map(actuator::short);
    // The components of one device tell the same of it.
    let tells = area.is_some() || via.is_some() || (!identifiers.is_empty() && place.component == "device");
    (tells || !identifiers.is_empty()).then_some(Tie { entity, area, via, identifiers })
}

/// Base and friendly name of a device whose state stands on `base/NAME`.
fn zigbee_name<'b>(doc: &Document<'_>, bases: &'b [String]) -> Option<(&'b str, String)> {
    let topic = doc.topic("state_topic").or_else(|| doc.topic("json_attributes_topic"))?;
    let own = |base: &'b String| Some((base.as_str(), topic.strip_prefix(base.as_str())?.strip_prefix('/')?.to_owned()));
    bases.iter().filter_map(own).filter(|(_, name)| !name.starts_with("bridge/")).max_by_key(|(base, _)| base.len())
}

/// As whom it speaks, or is commanded.
fn named(component: &str, doc: &Document<'_>, fallback: &str, bases: &[String]) -> Option<EntityId> {
    if let Ok(Some(claim)) = actuator::claim(component, doc, String::new(), fallback, bases) {
        return Some(claim.device);
    }
    let topic = doc.topic("state_topic")?;
    let mut levels = topic.split('/');
    let (first, second) = (levels.next()?, levels.next().unwrap_or_default());
    match () {
        () if ABOVE_A_NAME.contains(&first) => Some(EntityId::escaped(second)),
        () if BELOW_A_NAME.contains(&second) => Some(EntityId::escaped(first)),
        () => None,
    }
}

/// Zigbee2MQTT's bridge on a base topic, as the registry calls it.
fn zigbee_bridge(base: &str) -> EntityId {
    EntityId::new(&format!("{}.bridge", EntityId::escaped(base))).unwrap_or_else(|_| EntityId::escaped(&format!("{base}/bridge")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(topic: &str, document: &Value) -> Vec<(String, Option<String>, Option<String>)> {
        let found = ties(topic, document.to_string().as_bytes(), &["homeassistant".into()], &["zigbee2mqtt".into()]);
        found.into_iter().map(|t| (t.entity.to_string(), t.area, t.via.map(|v| v.to_string()))).collect()
    }

    fn one(entity: &str, area: Option<&str>, via: Option<&str>) -> Vec<(String, Option<String>, Option<String>)> {
        vec![(entity.into(), area.map(str::to_owned), via.map(str::to_owned))]
    }

    #[test]
    fn areas_and_gateways_are_read_from_what_devices_tell() {
        let zigbee = json!({"state_topic": "zigbee2mqtt/hall/lamp", "command_topic": "zigbee2mqtt/hall/lamp/set",
            "device": {"identifiers": ["zigbee2mqtt_0x1"], "via_device": "zigbee2mqtt_bridge_0x2", "suggested_area": "Hall"}});
        assert_eq!(read("homeassistant/light/0x1/light/config", &zigbee), one("hall.2flamp", Some("Hall"), Some("zigbee2mqtt.bridge")));
        let esphome = json!({"stat_t": "cellar/sensor/temp/state", "dev": {"ids": "aabb", "sa": "Cellar"}});
        assert_eq!(read("homeassistant/sensor/cellar/temp/config", &esphome), one("cellar", Some("Cellar"), None));
        let tasmota = json!({"state_topic": "tele/plug/SENSOR", "device": {"identifiers": ["x"], "via_device": "hub"}});
        assert_eq!(read("homeassistant/sensor/plug/config", &tasmota), one("plug", None, Some("hub")));
        assert_eq!(read("homeassistant/sensor/other/config", &json!({"state_topic": "a/b/c"})), []);
        assert_eq!(ties("homeassistant/sensor/x/config", b"{", &["homeassistant".into()], &[]), []);
        assert_eq!(read("elsewhere/x/config", &zigbee), []);
    }
}
