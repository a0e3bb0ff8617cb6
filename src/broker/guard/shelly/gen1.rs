//! What generation 1 takes: a word on `command`, a number on `command/pos`, a JSON object on `set`.

use super::{
    super::{
        attributes::{self, Act},
        strict,
    },
    number, set,
};
use serde_json::Value;

/// What a message on `shellies/ID/PART/WORD` asks for; None where it cannot be told.
pub fn read(part: &str, word: &str, text: &str) -> Option<Vec<Act>> {
    let (kind, channel) = part.split_once('/')?;
    if channel.is_empty() || !channel.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (kind, word) {
        ("relay", "command") => Some(vec![switched(text)?]),
        ("light" | "color" | "white", "command") => Some(vec![switched(text)?]),
        ("light" | "color" | "white", "set") => lamp(text),
        ("roller", "command") => Some(vec![match text.to_ascii_lowercase().as_str() {
            "open" => Act::plain("open"),
            "close" => Act::plain("close"),
            "stop" => Act::plain("stop"),
            // It calibrates itself: all the way up and down.
            "rc" => Act::plain("toggle"),
            _ => return None,
        }]),
        ("roller", "command/pos") => Some(vec![set("position", number(text).filter(|n| (0.0..=100.0).contains(n))?)]),
        // Radiator valves: `thermostat/0/command/target_t` and `…/valve_pos`.
        ("thermostat", "command/target_t") => Some(vec![set("target_t", number(text)?)]),
        ("thermostat", "command/valve_pos") => Some(vec![set("valve_pos", number(text)?)]),
        _ => None,
    }
}

fn switched(text: &str) -> Option<Act> {
    Some(Act::plain(match text.to_ascii_lowercase().as_str() {
        "on" => "on",
        "off" => "off",
        "toggle" => "toggle",
        _ => return None,
    }))
}

/// `{"turn":"on","brightness":50}`: each key is an act.
fn lamp(text: &str) -> Option<Vec<Act>> {
    let object = strict::object(text.as_bytes())?;
    object
        .iter()
        .map(|(key, value)| match (key.as_str(), value) {
            ("turn", Value::String(word)) => switched(word),
            // Kept from the status that is sent back as it came; the device takes no notice.
            ("ison", Value::Bool(on)) => Some(Act::plain(if *on { "on" } else { "off" })),
            ("turn" | "ison", _) => None,
            _ => {
                let mut act = Act::plain("set");
                act.value = value.as_f64();
                act.args.insert(key.clone(), attributes::bounded(value));
                Some(act)
            }
        })
        .collect()
}
