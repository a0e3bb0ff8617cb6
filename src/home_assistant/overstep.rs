//! Documents that reach for what is Jamey's: in nobody else's name is Home Assistant to command Jamey, or to show something as Jamey's own.

use super::{Value, config_of, document::Document, is_discovery};
use crate::domain::{documents, limits};

/// What is Jamey's, and where others describe devices.
#[derive(Debug, Clone, Copy)]
pub struct Own<'h> {
    pub node: &'h str,
    pub root: &'h str,
    pub prefixes: &'h [String],
    pub zigbee_bases: &'h [String],
}

/// Of a command that is no device's.
pub const COMMANDS: &str = "it names topics of Jamey, of the broker, or of discovery itself as commands";
const POSES: &str = "it describes a part of Jamey's own device";
const UNREADABLE: &str = "it cannot be read, and another might read it";

/// Why nobody may get a document of another's, if so: Home Assistant would command Jamey by it with its own rights, or show it among what is
/// Jamey's. Each command topic counts, also where the rest of the document is wrong.
#[must_use]
pub fn oversteps(topic: &str, payload: &[u8], own: Own<'_>) -> Option<&'static str> {
    config_of(topic, own.prefixes)?;
    if payload.is_empty() {
        return None;
    }
    let read = (payload.len() <= limits::PACKET_BYTES).then(|| serde_json::from_slice(payload).ok()).flatten();
    let Some(Value::Object(map)) = read else { return Some(UNREADABLE) };
    let device = Document::new(&map, None);
    let parts = device.all("components").filter_map(Value::as_object).flat_map(|parts| parts.values()).filter_map(Value::as_object);
    let parts = parts.map(|part| Document::new(part, Some(&device)));
    std::iter::once(Document::new(&map, None)).chain(parts).find_map(|doc| {
        let commands = doc.commanded().any(|topic| commands_too_far(&topic, own));
        if commands { Some(COMMANDS) } else { poses(&doc, own).then_some(POSES) }
    })
}

/// Whether a command topic is no device's: one of Jamey's own, a `$`-topic, or a place of descriptions.
#[must_use]
pub fn commands_too_far(topic: &str, own: Own<'_>) -> bool {
    let below = |root: &str| topic.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    topic.starts_with('$')
        || below(own.root)
        || own.prefixes.iter().any(|prefix| below(prefix))
        || is_discovery(topic, own.prefixes, own.zigbee_bases)
}

/// Home Assistant puts all with one identifier on one page.
fn poses(doc: &Document<'_>, own: Own<'_>) -> bool {
    let device = documents::device(own.node);
    let is_own = |id: &str| id.strip_prefix(&device).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    let named = doc.all("device").filter_map(Value::as_object).flat_map(|d| [d.get("identifiers"), d.get("ids")]).flatten();
    let mut ids = named.flat_map(|ids| ids.as_array().map_or(std::slice::from_ref(ids), Vec::as_slice)).chain(doc.all("unique_id"));
    ids.any(|id| id.as_str().is_some_and(is_own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn why(document: &str) -> Option<&'static str> {
        let (prefixes, bases) = (["homeassistant".to_owned()], ["zigbee2mqtt".to_owned()]);
        let own = Own { node: "attic", root: "jamey", prefixes: &prefixes, zigbee_bases: &bases };
        oversteps("homeassistant/light/x/config", document.as_bytes(), own)
    }

    #[test]
    fn no_command_goes_to_jamey_in_whatever_way_it_is_written() {
        for document in [
            json!({"command_topic": "jamey/cmd/guard-mode"}),
            json!({"cmd_t": "~/guard-mode", "~": "jamey/cmd"}),
            json!({"cmd_t": "a", "command_topic": "jamey"}),
            json!({"command_topic": "+", "bri_cmd_t": "jamey/cmd/profile"}),
            json!({"cmps": {"a": {"p": "lock", "cmd_t": "x"}, "b": {"p": "sensor", "set_pos_t": "jamey/act/door/unlock"}}}),
            json!({"components": {}, "cmps": {"a": {"cmd_t": "homeassistant/lock/door/config"}}}),
            json!({"command_topic": "$SYS/x"}),
        ] {
            assert_eq!(why(&document.to_string()), Some(COMMANDS), "{document}");
        }
        assert_eq!(why(r#"{"command_topic":"jameys/lamp/set","state_topic":"jamey/status"}"#), None);
        let deep = format!(r#"{{"x":{}{},"command_topic":"jamey/cmd/profile"}}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(why(&deep), Some(UNREADABLE));
        assert_eq!(why(""), None, "a clean-up");
    }

    #[test]
    fn nobody_puts_a_button_on_jameys_page() {
        for document in [
            json!({"command_topic": "x/set", "device": {"identifiers": ["jamey_attic"]}}),
            json!({"dev": {"ids": "jamey_attic_lamp"}, "cmps": {}}),
            json!({"cmps": {"a": {"p": "button", "cmd_t": "x", "dev": {"ids": ["y", "jamey_attic"]}}}}),
            json!({"uniq_id": "jamey_attic_guard"}),
        ] {
            assert_eq!(why(&document.to_string()), Some(POSES), "{document}");
        }
        assert_eq!(why(r#"{"device":{"identifiers":["jamey_attic2"]}}"#), None, "another Jamey's");
    }
}
