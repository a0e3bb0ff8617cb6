//! Values that are a yes or a no, in the words of people: `opened`, `motion detected`, `dry`, `locked`.

use crate::domain::ValueName;
use serde_json::Value;

/// How a yes and a no are said, and what it is that they are said of, where an entity's own name may not tell.
pub(super) struct Sense {
    pub yes: &'static str,
    pub no: &'static str,
    pub of: &'static str,
    /// A no is worth saying beside other values.
    pub both: bool,
}

const fn sense(yes: &'static str, no: &'static str) -> Sense {
    Sense { yes, no, of: "", both: true }
}

const fn moves(of: &'static str) -> Sense {
    Sense { yes: "opened", no: "closed", of, both: true }
}

const fn alarm(yes: &'static str, no: &'static str) -> Sense {
    Sense { yes, no, of: "", both: false }
}

/// Of dangers a no does not have the word: who asks for a leak is not told of the thousand times when there was none.
///
/// By Home Assistant's device class, and by the names that families give their fields, in lower case with `_` between words.
const SENSES: &[(&[&str], Sense)] = &[
    (&["contact", "opening", "open"], moves("")),
    (&["door", "door_state"], moves("door")),
    (&["window", "window_state"], moves("window")),
    (&["garage_door"], moves("garage door")),
    (&["motion", "occupancy", "moving", "pir", "pir_motion"], sense("motion detected", "no motion")),
    (&["presence", "home"], sense("presence detected", "nobody there")),
    (&["smoke", "smoke_alarm", "smoke_detected"], sense("smoke detected", "air clear")),
    (&["gas", "gas_alarm"], sense("gas detected", "air clear")),
    (&["carbon_monoxide", "co", "co_alarm"], sense("carbon monoxide detected", "air clear")),
    (&["moisture", "water_leak", "leak", "water", "flood", "water_alarm"], sense("water leak detected", "dry")),
    (&["lock", "lock_state"], sense("unlocked", "locked")),
    (&["state", "power", "relay", "output", "switch", "light", "outlet", "plug", "ison"], sense("turned on", "turned off")),
    (&["vibration", "shock"], alarm("vibration detected", "no vibration")),
    (&["sound", "noise_detected"], alarm("sound detected", "no sound")),
    (&["tamper"], alarm("tampering detected", "no tampering")),
    (&["battery_low", "low_battery"], alarm("battery low", "battery fine")),
    (&["problem", "fault", "safety"], alarm("problem detected", "no problem")),
    (&["running"], sense("started running", "stopped running")),
    (&["availability", "lwt", "online", "connectivity", "available"], sense("is online", "went offline")),
    (&["person", "car", "dog", "cat", "package", "bird", "bicycle", "face"], sense("", "")),
];

/// The sense of a value, by its described class and else by its field's name.
pub(super) fn of(field: &str, described: Option<&ValueName>) -> Option<&'static Sense> {
    let by = |name: &str| SENSES.iter().find(|(names, _)| names.contains(&name)).map(|(_, sense)| sense).filter(|s| !s.yes.is_empty());
    let class = described.and_then(|v| v.class.as_deref());
    // The class `battery` of what is a yes or a no tells of an empty one.
    let class = class.map(|class| if class == "battery" && described.is_some_and(|v| v.on.is_some()) { "battery_low" } else { class });
    // `power1`, `output_0`: one of several.
    let base = field.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    class.and_then(by).or_else(|| by(field)).or_else(|| by(base)).or_else(|| field.starts_with("state_").then(|| by("state")).flatten())
}

/// Whether Frigate tells of such an object by a count.
pub(super) fn is_seen(field: &str) -> bool {
    SENSES.last().is_some_and(|(names, _)| names.contains(&field))
}

/// Whether a value says yes: as it was described, else as devices usually say it.
pub(super) fn truth(field: &str, value: &Value, described: Option<&ValueName>) -> Option<bool> {
    let is = |wanted: &Option<Value>| wanted.as_ref().is_some_and(|wanted| same(wanted, value));
    match described {
        Some(v) if is(&v.on) => return Some(on_is_yes(field, v)),
        Some(v) if is(&v.off) => return Some(!on_is_yes(field, v)),
        _ => {}
    }
    match value {
        // Zigbee's `contact` is true while door and frame touch.
        Value::Bool(truth) => Some(*truth != (field == "contact")),
        Value::Number(number) => [(0.0, false), (1.0, true)].into_iter().find(|(n, _)| number.as_f64() == Some(*n)).map(|(_, truth)| truth),
        Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" | "open" | "opened" | "home" | "detected" | "wet" | "occupied" | "active" | "unlocked"
            | "unlock" | "online" | "alive" | "triggered" | "alarm" | "motion" | "connected" => Some(true),
            "off" | "false" | "no" | "0" | "closed" | "close" | "not_home" | "away" | "clear" | "dry" | "inactive" | "locked" | "lock"
            | "offline" | "dead" | "idle" | "none" | "disconnected" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A lock's inventory calls LOCK its on.
fn on_is_yes(field: &str, described: &ValueName) -> bool {
    let locks = described
        .on
        .as_ref()
        .and_then(Value::as_str)
        .is_some_and(|on| on.eq_ignore_ascii_case("lock") || on.eq_ignore_ascii_case("locked"));
    !(locks || (field == "lock_state" && described.class.is_none()))
}

/// `true` is sent for `"true"`, and `1` for `"1"`, by those who write templates.
fn same(wanted: &Value, value: &Value) -> bool {
    let written = (!value.is_string()).then(|| value.to_string());
    wanted == value || written.is_some_and(|written| wanted.as_str() == Some(&written))
}

/// What a device's own word for its state is in plain words; None: it is said as it is.
pub(super) fn state(word: &str) -> Option<&'static str> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "on" => "turned on",
        "off" => "turned off",
        "open" | "opened" => "opened",
        "close" | "closed" => "closed",
        "opening" => "is opening",
        "closing" => "is closing",
        "stop" | "stopped" => "stopped",
        "lock" | "locked" => "locked",
        "unlock" | "unlocked" => "unlocked",
        "online" | "alive" => "is online",
        "offline" | "dead" => "went offline",
        "home" => "came home",
        "not_home" | "away" => "left home",
        "armed_away" | "armed_home" | "armed_night" | "armed" => "armed",
        "disarmed" => "disarmed",
        "triggered" => "alarm triggered",
        _ => return None,
    })
}
