//! Which command topics are Zigbee2MQTT's own, and which device they mean: Zigbee2MQTT reads them by its grammar, whatever a document says.

use super::document::Document;
use serde_json::Value;

/// Whose topic it is.
#[derive(Debug, PartialEq)]
pub enum Owner<'t> {
    Other,
    /// `base/bridge/…`: the bridge's, guarded by its grammar.
    Bridge,
    /// `base/NAME[/endpoint]/set[/attribute]`, with what stands before `set`.
    Device {
        base: &'t str,
        name: &'t str,
        attribute: Option<&'t str>,
    },
}

pub fn owner<'t>(topic: &'t str, bases: &'t [String]) -> Owner<'t> {
    let longest = bases
        .iter()
        .filter(|base| !base.is_empty())
        .filter_map(|base| Some((base.as_str(), topic.strip_prefix(base.as_str())?.strip_prefix('/')?)))
        .max_by_key(|(base, _)| base.len());
    let Some((base, rest)) = longest else { return Owner::Other };
    if rest.starts_with("bridge/") {
        return Owner::Bridge;
    }
    for (at, _) in rest.match_indices("/set") {
        let (Some(name), Some(tail)) = (rest.get(..at), rest.get(at + 4..)) else { continue };
        if !name.is_empty() && (tail.is_empty() || tail.starts_with('/')) {
            return Owner::Device { base, name, attribute: tail.strip_prefix('/') };
        }
    }
    Owner::Other
}

/// The friendly name in what stands before `set`: an endpoint may follow it. The document's state topic is `base/NAME`; where
/// it has none, a last level that looks like an endpoint is one.
pub fn friendly_name<'n>(doc: &Document<'_>, base: &str, name: &'n str) -> &'n str {
    for key in ["state_topic", "json_attributes_topic"] {
        if let Some(topic) = doc.topic(key)
            && let Some(told) = topic.strip_prefix(base).and_then(|t| t.strip_prefix('/'))
            && let Some(rest) = name.strip_prefix(told)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return name.get(..told.len()).unwrap_or(name);
        }
    }
    match name.rsplit_once('/') {
        Some((device, level)) if is_endpoint(level) => device,
        _ => name,
    }
}

/// The IEEE address in `device.identifiers`: `zigbee2mqtt_0x00158d0001e2a3b4`.
pub fn address(doc: &Document<'_>) -> Option<String> {
    let identifiers = doc.of_device("identifiers", "ids")?;
    let texts = match identifiers {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => Vec::from_iter(other.as_str()),
    };
    texts.into_iter().find_map(|text| {
        let address = text.rsplit_once('_').map_or(text, |(_, last)| last).to_ascii_lowercase();
        is_address(&address).then_some(address)
    })
}

pub fn is_address(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a component of a Zigbee2MQTT device tells what the device is. A lamp has numbers, selects and buttons for its settings, and a
/// radiator valve a child lock (`…/set/child_lock`): their topics are guarded by the grammar, and their class would only make
/// the lamp graver than it is.
pub fn is_main(component: &str, attribute: Option<&str>) -> bool {
    match component {
        "number" | "select" | "text" | "button" | "update" | "scene" | "notify" => false,
        "lock" | "switch" => attribute.is_none_or(is_state),
        _ => true,
    }
}

/// `state`, or that of an endpoint.
pub fn is_state(attribute: &str) -> bool {
    attribute == "state" || attribute.starts_with("state_")
}

fn is_endpoint(level: &str) -> bool {
    let number = level.strip_prefix("ep").or_else(|| level.strip_prefix('l')).unwrap_or(level);
    matches!(level, "left" | "right" | "center" | "top" | "bottom") || (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
