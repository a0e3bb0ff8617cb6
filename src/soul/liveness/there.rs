//! Words on being there: availability topics and last wills, in the words of each family.

use crate::domain::Body;
use serde_json::Value;

/// Whether its subject is there; None where a percept says nothing of it.
///
/// Zigbee2MQTT's `availability` and `bridge/state`, Tasmota's `LWT`, ESPHome's and Z-Wave JS UI's `status`, Shelly's `online`, Frigate's
/// `available`: bare, or in a JSON body.
#[must_use]
pub fn said(kind: &str, body: &Body) -> Option<bool> {
    if !["availability", "lwt", "status", "online"].contains(&kind) {
        return None;
    }
    match body {
        // A status of 1 may be anything.
        Body::Bool(truth) if kind != "status" => Some(*truth),
        Body::Number(number) if kind == "online" => Some(*number != 0.0),
        Body::Text(text) => word(kind, text),
        Body::Json(json) | Body::Cbor(json) => {
            let text = ["state", "status"].iter().find_map(|name| word(kind, json.get(name)?.as_str()?));
            text.or_else(|| json.get("value").and_then(Value::as_bool))
        }
        _ => None,
    }
}

fn word(kind: &str, text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        // A node that sleeps is where it should be.
        "online" | "alive" | "awake" | "asleep" => Some(true),
        "offline" | "dead" => Some(false),
        // A washing machine's status is `stopped` and a charger's `disconnected`, and both are there.
        _ if kind == "status" => None,
        "available" | "connected" | "true" => Some(true),
        "stopped" | "unavailable" | "disconnected" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_familys_words_are_understood() {
        for (kind, body, there) in [
            ("availability", "online", Some(true)),
            ("availability", r#"{"state":"offline"}"#, Some(false)),
            ("lwt", "Online", Some(true)),
            ("lwt", "Offline", Some(false)),
            ("online", "true", Some(true)),
            ("online", "false", Some(false)),
            ("status", "offline", Some(false)),
            ("status", r#"{"time":1795000000000,"value":true,"status":"Asleep","nodeId":7}"#, Some(true)),
            ("status", r#"{"time":1795000000000,"value":false,"status":"Dead"}"#, Some(false)),
            ("status", r#"{"value":true}"#, Some(true)),
            ("status", "washing", None),
            ("status", "stopped", None),
            ("status", "disconnected", None),
            ("status", r#"{"state":"stopped"}"#, None),
            ("availability", "stopped", Some(false)),
            ("status", "1", None),
            ("state", "offline", None),
            ("availability", "", None),
        ] {
            assert_eq!(said(kind, &Body::parse(body.as_bytes(), None)), there, "{kind} {body}");
        }
    }
}
