//! What Home Assistant itself tells of its house: which devices and entities it has, what people call them, and in which area they are.

use super::{Value, actuator};
use crate::domain::{EntityId, limits};

/// One device or entity, as far as its place and its names go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it may be called here, the surest first: identifiers, then names.
    pub known_as: Vec<EntityId>,
    /// The same of identifiers as they came: other names of devices in inventories.
    pub aliases: Vec<String>,
    /// What people call it.
    pub name: Option<String>,
    pub area: Option<String>,
}

/// What it begins with in documents of Zigbee2MQTT.
const ZIGBEE: &str = "zigbee2mqtt_";
/// Identifiers of one device: there are one or two.
const IDENTIFIERS: usize = 8;

/// Reads the document: `{"devices": [{"identifiers": [["mqtt", "zigbee2mqtt_0x1"]], "name", "name_by_user", "area"}], "entities":
/// [{"entity_id", "name", "area"}]}`. Of one list `limits::DEVICES` entries count; one that cannot be read is left out.
///
/// # Errors
/// When it is over `limits::PACKET_BYTES`, or no JSON object with a list `devices` or `entities`.
pub fn areas(payload: &[u8]) -> Result<Vec<Placed>, String> {
    if payload.len() > limits::PACKET_BYTES {
        return Err(format!("{} bytes; a document has at most {}", payload.len(), limits::PACKET_BYTES));
    }
    let document: Value = serde_json::from_slice(payload).map_err(|e| format!("not JSON: {e}"))?;
    let list = |key: &str| document.get(key).and_then(Value::as_array);
    if list("devices").is_none() && list("entities").is_none() {
        return Err("Home Assistant's areas are a JSON object with a list `devices` or `entities`".into());
    }
    let entries = |key: &str| list(key).into_iter().flatten().take(limits::DEVICES);
    Ok(entries("devices").filter_map(device).chain(entries("entities").filter_map(entity)).collect())
}

fn device(entry: &Value) -> Option<Placed> {
    let identifiers = entry.get("identifiers").and_then(Value::as_array).into_iter().flatten().take(IDENTIFIERS);
    // Each is a pair of the integration and its own id; the id alone is taken too.
    let plain = identifiers.filter_map(|one| one.as_str().or_else(|| one.as_array()?.last()?.as_str()));
    let aliases: Vec<String> =
        plain.filter_map(|id| fits(id)).flat_map(|id| id.strip_prefix(ZIGBEE).into_iter().chain([id])).map(str::to_owned).collect();
    let (given, own) = (text(entry, "name_by_user"), text(entry, "name"));
    let known_as = aliases.iter().map(String::as_str).chain(own).map(EntityId::escaped).collect();
    placed(entry, known_as, aliases, given.or(own))
}

fn entity(entry: &Value) -> Option<Placed> {
    let (_, object) = text(entry, "entity_id")?.split_once('.')?;
    placed(entry, vec![EntityId::escaped(object)], Vec::new(), text(entry, "name"))
}

fn placed(entry: &Value, known_as: Vec<EntityId>, aliases: Vec<String>, name: Option<&str>) -> Option<Placed> {
    let (name, area) = (name.map(actuator::short), text(entry, "area").map(actuator::short));
    (!known_as.is_empty() && (name.is_some() || area.is_some())).then_some(Placed { known_as, aliases, name, area })
}

fn text<'e>(entry: &'e Value, key: &str) -> Option<&'e str> {
    entry.get(key)?.as_str().map(str::trim).and_then(fits)
}

fn fits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= limits::TOPIC_BYTES).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn devices_and_entities_tell_what_they_are_called_and_where_they_are() {
        let document = json!({"v": 1, "areas": ["Hall"], "devices": [
            {"identifiers": [["mqtt", "zigbee2mqtt_0x00158d"]], "name": "0x00158d", "name_by_user": "Front door", "area": "Hall"},
            {"identifiers": ["aa:bb"], "name": "Cellar", "area": null},
            {"identifiers": [["mqtt", 7]], "name": null, "area": "Hall"},
            {"identifiers": [["mqtt", "x"]], "name": "", "area": ""},
            "no device",
        ], "entities": [{"entity_id": "lock.front_door", "name": "Front door", "area": "Hall"}, {"entity_id": "odd"}]});
        let all = areas(document.to_string().as_bytes()).unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|one| {
                let known = one.known_as.iter().map(EntityId::as_str).collect::<Vec<_>>().join(" ");
                (known, one.name.as_deref(), one.area.as_deref())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("0x00158d zigbee2mqtt_0x00158d 0x00158d".to_owned(), Some("Front door"), Some("Hall")),
                ("aa.3abb cellar".to_owned(), Some("Cellar"), None),
                ("front_door".to_owned(), Some("Front door"), Some("Hall")),
            ]
        );
        assert_eq!(all[0].aliases, ["0x00158d", "zigbee2mqtt_0x00158d"]);
    }

    #[test]
    fn what_is_no_such_document_is_told_and_one_entry_past_the_limit_is_left_out() {
        for bad in ["", "[]", "{}", r#"{"devices": {}}"#, "{broken"] {
            assert!(areas(bad.as_bytes()).is_err(), "{bad}");
        }
        let many: Vec<Value> = (0..=limits::DEVICES).map(|n| json!({"identifiers": [n.to_string()], "area": "x"})).collect();
        assert_eq!(areas(json!({"devices": many}).to_string().as_bytes()).unwrap().len(), limits::DEVICES);
        let long = json!({"devices": [{"identifiers": ["a"], "area": "x".repeat(limits::TOPIC_BYTES + 1)}]});
        assert_eq!(areas(long.to_string().as_bytes()).unwrap(), []);
        assert!(areas(&vec![b' '; limits::PACKET_BYTES + 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,60}") {
            let _ = areas(&bytes);
            let _ = areas(json!({"devices": [{"identifiers": [text], "name": text, "area": text}], "entities": [{"entity_id": text}]}).to_string().as_bytes());
        }
    }
}
