//! Home Assistant's discovery: what others' documents and inventories say of actuators, as claims for the registry, and Jamey's own documents.
//! Values in, values out: nothing is published here.

mod actuator;
mod areas;
mod document;
mod inventory;
mod keys;
mod names;
pub mod out;
mod overstep;
mod sensors;
mod tasmota;
mod template;
mod ties;
mod zigbee;

#[cfg(test)]
mod tests;

use crate::domain::{Claim, limits};
pub use areas::{Placed, areas};
use document::Document;
pub use names::names;
pub use overstep::{COMMANDS, Own, commands_too_far, oversteps};
pub use sensors::{Sensing, senses};
use serde_json::{Map, Value};
pub use ties::{Tie, ties};

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub enum Learned {
    Claims(Vec<Claim>),
    /// A zero-length clean-up, a component that only tells, or one without a command topic.
    Nothing,
}

/// A document that cannot be taken: what is wrong with it, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("discovery on `{topic}`: {problem}")]
pub struct DiscoveryError {
    pub topic: String,
    pub problem: String,
}

/// Whether a topic is a place of discovery or inventory: `<prefix>/<component>/[<node>/]<object>/config`,
/// `<base>/bridge/devices`, `<base>/bridge/groups`, `tasmota/discovery/<mac>/config`.
#[must_use]
pub fn is_discovery(topic: &str, prefixes: &[String], zigbee_bases: &[String]) -> bool {
    inventory_of(topic, zigbee_bases).is_some() || config_of(topic, prefixes).is_some() || tasmota::is_place(topic)
}

/// Whether Home Assistant tells of its own house there: the last levels of `<root>/in/<user>/registry`.
#[must_use]
pub fn is_registry(topic: &str, root: &str) -> bool {
    let user = topic.strip_prefix(root).and_then(|rest| rest.strip_prefix("/in/")?.strip_suffix("/registry"));
    user.is_some_and(|user| !user.is_empty() && !user.contains('/'))
}

/// Reads a discovery document or an inventory.
///
/// **Identity.** A device on a Zigbee2MQTT topic is its friendly name, escaped, whether an inventory or a discovery document
/// tells of it. Any other is the document's `object_id` (or `default_entity_id` without its domain), else its `unique_id`, else
/// `node_object` of the topic; in device-based discovery each component is a device of its own.
///
/// **Where a part is wrong.** A document for one component is refused whole, as Home Assistant does. Of a list (an
/// inventory, the components of a device) the good parts are taken, so that one bad entry does not unguard its neighbours; it is
/// refused when no part is good.
///
/// # Errors
/// When the topic is no place of discovery, the payload is over `limits::PACKET_BYTES` or not the JSON it should be, a command topic
/// is no topic name, or there are more of them than `limits::DEVICE_COMMANDS`.
pub fn learn(topic: &str, payload: &[u8], prefixes: &[String], zigbee_bases: &[String]) -> Result<Learned, DiscoveryError> {
    let refuse = |problem: String| DiscoveryError { topic: topic.chars().take(200).collect(), problem };
    if payload.len() > limits::PACKET_BYTES {
        return Err(refuse(format!("{} bytes; a document has at most {}", payload.len(), limits::PACKET_BYTES)));
    }
    let json = || serde_json::from_slice::<Value>(payload).map_err(|e| refuse(format!("not JSON: {e}")));
    let claims = if let Some((base, list)) = inventory_of(topic, zigbee_bases) {
        if payload.is_empty() {
            return Ok(Learned::Nothing);
        }
        let Value::Array(items) = json()? else { return Err(refuse("an inventory is a JSON array".into())) };
        match list {
            List::Devices => inventory::devices(topic, base, &items),
            List::Groups => inventory::groups(topic, base, &items),
        }
    } else if let Some(place) = config_of(topic, prefixes) {
        if payload.is_empty() {
            return Ok(Learned::Nothing);
        }
        let Value::Object(map) = json()? else { return Err(refuse("a discovery document is a JSON object".into())) };
        if place.component == "device" {
            components(&place, topic, &map, zigbee_bases)
        } else {
            component(&place, topic, &map, zigbee_bases)
        }
    } else if tasmota::is_place(topic) {
        if payload.is_empty() {
            return Ok(Learned::Nothing);
        }
        let Value::Object(map) = json()? else { return Err(refuse("an announcement is a JSON object".into())) };
        tasmota::claim(topic, &map).map(|claim| claim.into_iter().collect())
    } else {
        Err("no place of discovery: <prefix>/<component>/[<node>/]<object>/config or <base>/bridge/devices".into())
    };
    let claims = claims.map_err(refuse)?;
    Ok(if claims.is_empty() { Learned::Nothing } else { Learned::Claims(claims) })
}

/// What a discovery topic names.
struct Place<'t> {
    component: &'t str,
    node: Option<&'t str>,
    object: &'t str,
}

enum List {
    Devices,
    Groups,
}

fn config_of<'t>(topic: &'t str, prefixes: &[String]) -> Option<Place<'t>> {
    prefixes.iter().find_map(|prefix| {
        let mut levels = topic.strip_prefix(prefix.as_str())?.strip_prefix('/')?.strip_suffix("/config")?.split('/');
        let (component, second) = (levels.next()?, levels.next()?);
        let (node, object) = levels.next().map_or((None, second), |object| (Some(second), object));
        let whole = levels.next().is_none() && !component.is_empty() && !object.is_empty() && node != Some("");
        whole.then_some(Place { component, node, object })
    })
}

fn inventory_of<'b>(topic: &str, bases: &'b [String]) -> Option<(&'b str, List)> {
    bases.iter().find_map(|base| match topic.strip_prefix(base.as_str())? {
        "/bridge/devices" => Some((base.as_str(), List::Devices)),
        "/bridge/groups" => Some((base.as_str(), List::Groups)),
        _ => None,
    })
}

fn component(place: &Place<'_>, topic: &str, map: &Map<String, Value>, bases: &[String]) -> Result<Vec<Claim>, String> {
    let fallback = place.node.map_or_else(|| place.object.to_owned(), |node| format!("{node}_{}", place.object));
    let doc = Document::new(map, None);
    Ok(actuator::claim(place.component, &doc, topic.to_owned(), &fallback, bases)?.into_iter().collect())
}

fn components(place: &Place<'_>, topic: &str, map: &Map<String, Value>, bases: &[String]) -> Result<Vec<Claim>, String> {
    let device = Document::new(map, None);
    let Some(Value::Object(parts)) = device.get("components") else {
        return Err("device-based discovery has an object `components` (or `cmps`)".into());
    };
    let mut claims = Vec::new();
    let mut problem = None;
    for (name, part) in parts {
        // An entry with nothing but its platform removes the component: registered guards stay, nothing is learnt.
        let Some(part) = part.as_object() else {
            problem = Some(format!("`components.{name}` is no object"));
            continue;
        };
        let doc = Document::new(part, Some(&device));
        let Some(platform) = doc.text("platform") else {
            problem = Some(format!("`components.{name}` has no `platform`"));
            continue;
        };
        if part.len() < 2 {
            continue;
        }
        match actuator::claim(platform, &doc, format!("{topic}#{name}"), &format!("{}_{name}", place.object), bases) {
            Ok(claim) => claims.extend(claim),
            Err(error) => problem = Some(format!("`components.{name}`: {error}")),
        }
    }
    match problem {
        Some(problem) if claims.is_empty() => Err(problem),
        _ => Ok(claims),
    }
}
