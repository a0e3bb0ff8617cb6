//! Reads what Zigbee2MQTT takes on `/set`: a JSON object of attributes, or one word; each attribute that commands is one act.

use crate::domain::{DeviceClass, Verb, limits};
use serde_json::{Map, Value};

/// One thing asked for, before it is known of which device.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub verb: Verb,
    pub endpoint: Option<String>,
    pub value: Option<f64>,
    pub args: Map<String, Value>,
}

impl Act {
    pub fn plain(verb: &str) -> Self {
        Self { verb: Verb(verb.to_owned()), endpoint: None, value: None, args: Map::new() }
    }

    pub fn unknown() -> Self {
        Self::plain("unknown")
    }
}

/// These qualify another attribute and do nothing alone.
const MODIFIERS: [&str; 1] = ["transition"];
/// These reach past the device's definition: a raw cluster command may unlock a lock or write anything.
const RAW: [&str; 8] = ["command", "zcl_command", "zclcommand", "write", "write_undiv", "factory_reset", "reset", "raw"];
/// These act whatever their value, also an empty one.
const ACTS_ON_ANY_VALUE: [&str; 1] = ["identify"];
/// An attribute's value as an argument: an infrared code has up to some 3 KiB of text; the arguments are stored with every verdict.
const ARGUMENT_BYTES: usize = 4 * 1024;

/// The acts of a payload on `/set` (`attribute` is None) or `/set/ATTRIBUTE`. One act past the limit is enough to say "too many".
pub fn read(attribute: Option<&str>, payload: &[u8]) -> Vec<Act> {
    if payload.len() > limits::BODY_BYTES {
        return vec![Act::unknown()];
    }
    let Ok(text) = std::str::from_utf8(payload) else { return vec![Act::unknown()] };
    let json = serde_json::from_str::<Value>(text);
    match (attribute, json) {
        (Some(key), Ok(value)) => vec![attribute_act(key, &value)],
        (Some(key), Err(_)) => vec![attribute_act(key, &Value::String(text.to_owned()))],
        (None, Ok(Value::Object(map))) => object_acts(&map),
        (None, Ok(_)) => vec![Act::unknown()],
        (None, Err(_)) => vec![state_word(text.trim()).map_or_else(Act::unknown, Act::plain)],
    }
}

/// Whether an empty payload on `/set/ATTRIBUTE` does something, so that it is no clean-up.
pub fn acts_when_empty(attribute: &str) -> bool {
    RAW.contains(&attribute) || ACTS_ON_ANY_VALUE.contains(&attribute)
}

/// What an act means for a device of this class: a cover's `ON` opens it, position 0 closes, a toggle may go the risky way.
pub fn for_class(mut act: Act, class: DeviceClass) -> Act {
    use DeviceClass::{Cover, Door, Garage, Gate, Valve};
    let verb = match (act.verb.0.as_str(), class) {
        ("on", Cover | Garage | Gate | Door | Valve) => "open",
        // A relay on a garage drive takes any edge as "move": `OFF` is not known to close it.
        ("off", Cover | Valve) => "close",
        ("set", _) if act.args.contains_key("position") => match (act.value, class) {
            (Some(0.0), _) => "close",
            (Some(p), Garage | Gate | Door) if p > 0.0 => "open",
            (Some(p), _) if p >= 100.0 => "open",
            (Some(p), _) if p > 0.0 => return act,
            _ => "unknown",
        },
        _ => return risky_toggle(act, class),
    };
    act.verb = Verb(verb.to_owned());
    act
}

/// Nobody knows which way a toggle goes. For what keeps people out it is judged as the way that lets them in.
pub fn risky_toggle(mut act: Act, class: DeviceClass) -> Act {
    if act.verb.0 == "toggle" {
        match class {
            DeviceClass::Lock => act.verb = Verb("unlock".into()),
            DeviceClass::Garage | DeviceClass::Gate | DeviceClass::Door => act.verb = Verb("open".into()),
            _ => {}
        }
    }
    act
}

/// A value as an argument; null where it is too long to be stored with a verdict.
pub fn bounded(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > ARGUMENT_BYTES => Value::Null,
        Value::Array(_) | Value::Object(_) if value.to_string().len() > ARGUMENT_BYTES => Value::Null,
        _ => value.clone(),
    }
}

fn object_acts(map: &Map<String, Value>) -> Vec<Act> {
    let modifiers: Vec<(&String, Value)> =
        map.iter().filter(|(k, _)| MODIFIERS.contains(&k.as_str())).map(|(k, v)| (k, bounded(v))).collect();
    map.iter()
        .filter(|(key, value)| match key.as_str() {
            // The asker's own id.
            "id" => !value.is_string(),
            key => !MODIFIERS.contains(&key),
        })
        .take(limits::REQUESTS_PER_PUBLISH + 1)
        .map(|(key, value)| {
            let mut act = attribute_act(key, value);
            act.args.extend(modifiers.iter().map(|(k, v)| ((*k).clone(), v.clone())));
            act
        })
        .collect()
}

fn attribute_act(key: &str, value: &Value) -> Act {
    if RAW.contains(&key) {
        return Act::unknown();
    }
    let (root, endpoint) = split(key);
    let mut act = match root {
        "state" | "lock_state" => value.as_str().and_then(state_word).map_or_else(Act::unknown, Act::plain),
        "position" => position(value),
        "system_mode" if value.as_str().is_some_and(|v| v.eq_ignore_ascii_case("off")) => with_argument("off", root, value),
        "system_mode" => with_argument("mode", root, value),
        _ => {
            let mut act = with_argument("set", root, value);
            act.value = value.as_f64().filter(|n| n.is_finite());
            // Too long to be kept is too long to be judged.
            if act.args.get(root) != Some(value) {
                act.verb = Verb::unknown();
            }
            act
        }
    };
    act.endpoint = endpoint.map(str::to_owned);
    act
}

/// `state_l1` is the state of endpoint `l1`. Other keys keep their suffix: only a device's definition tells endpoints from names.
fn split(key: &str) -> (&str, Option<&str>) {
    for root in ["state", "position"] {
        if let Some(endpoint) = key.strip_prefix(root).and_then(|rest| rest.strip_prefix('_')).filter(|e| !e.is_empty()) {
            return (root, Some(endpoint));
        }
    }
    (key, None)
}

/// Unicode lower case, as JavaScript's: the Kelvin sign in `UNLOC\u{212a}` is a `k` to Zigbee2MQTT too.
fn state_word(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "on" => "on",
        "off" => "off",
        "toggle" => "toggle",
        "open" => "open",
        "close" => "close",
        "stop" => "stop",
        "lock" | "locked" => "lock",
        "unlock" | "unlocked" => "unlock",
        _ => return None,
    })
}

fn position(value: &Value) -> Act {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|n: &f64| n.is_finite());
    match number {
        Some(number) => {
            let mut act = with_argument("set", "position", value);
            act.value = Some(number);
            act
        }
        None if value.as_str().is_some_and(|v| v.eq_ignore_ascii_case("stop")) => Act::plain("stop"),
        None => Act::unknown(),
    }
}

fn with_argument(verb: &str, key: &str, value: &Value) -> Act {
    let mut act = Act::plain(verb);
    act.args.insert(key.to_owned(), bounded(value));
    act
}
