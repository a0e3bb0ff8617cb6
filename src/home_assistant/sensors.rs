//! What announced sensors could tell of the house: smoke, leaks, presence, doors. For proposals to the owner; nothing is taken by itself.

use super::{Map, Place, Value, config_of, document::Document};
use crate::domain::limits;

/// One announced sensor, as far as a signal needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensing {
    /// `binary_sensor`, `sensor`, `device_tracker`.
    pub component: String,
    pub device_class: Option<String>,
    /// For people, and the name of a signal.
    pub name: String,
    pub state_topic: String,
    /// Where in a JSON body the value stands; None: the whole body.
    pub field: Option<String>,
    /// What is sent for true and for false; of sensors with numbers, nothing.
    pub on: Option<Value>,
    pub off: Option<Value>,
    pub unit: Option<String>,
}

/// The sensors in a discovery document; those whose template takes more than one field of the body are left out.
#[must_use]
pub fn senses(topic: &str, payload: &[u8], prefixes: &[String]) -> Vec<Sensing> {
    let Some(place) = config_of(topic, prefixes).filter(|_| payload.len() <= limits::PACKET_BYTES) else { return Vec::new() };
    let Ok(Value::Object(map)) = serde_json::from_slice(payload) else { return Vec::new() };
    let device = Document::new(&map, None);
    match device.get("components") {
        Some(Value::Object(parts)) if place.component == "device" => parts
            .values()
            .filter_map(Value::as_object)
            .filter_map(|part| {
                let doc = Document::new(part, Some(&device));
                sensing(doc.text("platform")?, &doc, &place)
            })
            .collect(),
        _ => of_one(&place, &map),
    }
}

fn of_one(place: &Place<'_>, map: &Map<String, Value>) -> Vec<Sensing> {
    sensing(place.component, &Document::new(map, None), place).into_iter().collect()
}

pub(super) fn sensing(component: &str, doc: &Document<'_>, place: &Place<'_>) -> Option<Sensing> {
    if !matches!(component, "binary_sensor" | "sensor" | "device_tracker") {
        return None;
    }
    let field = match doc.text("value_template").map(str::trim) {
        None | Some("" | "{{ value }}" | "{{value}}") => None,
        Some(template) => Some(field_of(template)?),
    };
    let payload = |key: &str, default: &str| {
        Some(doc.get(key).cloned().unwrap_or_else(|| default.into())).filter(|v| !v.is_array() && !v.is_object())
    };
    let (on, off) = match component {
        "binary_sensor" => (payload("payload_on", "ON"), payload("payload_off", "OFF")),
        // Whoever is in another zone is not at home.
        "device_tracker" => (payload("payload_home", "home"), None),
        _ => (None, None),
    };
    let device = doc.of_device("name", "name").and_then(Value::as_str);
    let own = doc.text("name").or_else(|| doc.text("object_id"));
    let name = [device, own].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Sensing {
        component: component.to_owned(),
        device_class: doc.text("device_class").map(str::to_owned),
        name: super::actuator::short(if name.is_empty() { place.object } else { &name }),
        state_topic: doc.topic("state_topic")?,
        field,
        on,
        off,
        unit: doc.text("unit_of_measurement").map(super::actuator::short),
    })
}

/// `{{ value_json.battery.level }}` and `{{ value_json['smoke'] }}` take one field; a filter that only rounds does not matter.
fn field_of(template: &str) -> Option<String> {
    let inner = template.strip_prefix("{{")?.strip_suffix("}}")?;
    let mut parts = inner.split('|').map(str::trim);
    let path = parts.next()?.strip_prefix("value_json")?;
    if !parts.all(|filter| matches!(filter, "int" | "float" | "round" | "round(0)" | "round(1)" | "round(2)")) {
        return None;
    }
    let dotted = path.replace("['", ".").replace("[\"", ".").replace("']", "").replace("\"]", "");
    let field = dotted.strip_prefix('.')?;
    let plain =
        field.split('.').all(|step| !step.is_empty() && step.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')));
    plain.then(|| field.to_owned())
}
