//! Z-Wave values by command class: what writing one asks for. Classes that only tell, and those that configure a device, are unknown here.

use super::super::attributes::{self, Act};
use super::strict;
use crate::domain::{DeviceClass, Verb, limits};
use serde_json::Value;

/// Command classes by the names that "named topics" use, with their numbers (Z-Wave Specification, "List of defined Z-Wave Command Classes").
const CLASSES: [(&str, u8); 21] = [
    ("basic", 32),
    ("switch_binary", 37),
    ("switch_multilevel", 38),
    ("switch_all", 39),
    ("switch_toggle_binary", 40),
    ("switch_toggle_multilevel", 41),
    ("scene_activation", 43),
    ("sensor_binary", 48),
    ("sensor_multilevel", 49),
    ("color", 51),
    ("thermostat_mode", 64),
    ("thermostat_setpoint", 67),
    ("thermostat_fan_mode", 68),
    ("door_lock", 98),
    ("user_code", 99),
    ("barrier_operator", 102),
    ("configuration", 112),
    ("notification", 113),
    ("protection", 117),
    ("sound_switch", 121),
    ("indicator", 135),
];

/// The class that a level names; also one without a name here, by its number.
pub fn class(level: &str) -> Option<u8> {
    if let Some((_, number)) = CLASSES.iter().find(|(name, _)| *name == level) {
        return Some(*number);
    }
    level.strip_prefix("unknownClass_").unwrap_or(level).parse().ok().filter(|n| *n >= 32 && level.len() <= 16)
}

/// What a payload is taken for: `{"value":…}` is its value, words are truths.
#[derive(Debug, Clone, PartialEq)]
enum Wrote {
    Truth(bool),
    Number(f64),
    Word(String),
    Other(Value),
}

/// What writing a value asks for; None where it cannot be told.
pub fn act(command_class: u8, property: &str, key: Option<&str>, payload: &[u8], class: DeviceClass) -> Option<Act> {
    let wrote = wrote(payload)?;
    let is_target = matches!(property, "targetValue" | "currentValue" | "value");
    let mut act = match (command_class, &wrote) {
        (32 | 37 | 39, _) if is_target => switched(truth(&wrote)?, class),
        (38, _) => multilevel(property, is_target, &wrote, class)?,
        (40 | 41, _) => Act::plain("toggle"),
        (51, _) | (121, Wrote::Number(_) | Wrote::Truth(_)) => Act::plain("set"),
        // 0 is unsecured, 255 secured; between them it is unsecured for a while, or on one side.
        (98, _) if matches!(property, "targetMode" | "currentMode") => match &wrote {
            Wrote::Truth(true) => Act::plain("lock"),
            Wrote::Truth(false) => Act::plain("unlock"),
            Wrote::Number(255.0) => Act::plain("lock"),
            Wrote::Number(n) if [0.0, 1.0, 16.0, 17.0, 32.0, 33.0].contains(n) => Act::plain("unlock"),
            _ => return None,
        },
        (64, Wrote::Number(0.0)) if property == "mode" => Act::plain("off"),
        (64, Wrote::Truth(false)) if property == "mode" => Act::plain("off"),
        (64, Wrote::Number(_) | Wrote::Word(_)) if property == "mode" => Act::plain("mode"),
        (67 | 68, Wrote::Number(_) | Wrote::Word(_)) => Act::plain("set"),
        (102, _) if matches!(property, "targetState" | "currentState") => match &wrote {
            Wrote::Truth(true) | Wrote::Number(255.0) => Act::plain("open"),
            Wrote::Truth(false) | Wrote::Number(0.0) => Act::plain("close"),
            _ => return None,
        },
        _ => return None,
    };
    if let Wrote::Number(number) = wrote {
        act.value = Some(number);
    }
    let name = key.map_or_else(|| property.to_owned(), |key| format!("{property}/{key}"));
    let said = match wrote {
        Wrote::Truth(truth) => truth.into(),
        Wrote::Number(number) => number.into(),
        Wrote::Word(word) => word.into(),
        Wrote::Other(value) => value,
    };
    let argument = if act.verb.0 == "mode" { "mode".to_owned() } else { name };
    act.args.insert(argument, attributes::bounded(&said));
    Some(act)
}

fn switched(on: bool, class: DeviceClass) -> Act {
    attributes::for_class(Act::plain(if on { "on" } else { "off" }), class)
}

/// 0 to 99, or 255 for "as before"; for what opens it is a position, for a lamp a brightness.
fn multilevel(property: &str, is_target: bool, wrote: &Wrote, class: DeviceClass) -> Option<Act> {
    use DeviceClass::{Cover, Door, Garage, Gate, Valve};
    let opens = matches!(class, Cover | Garage | Gate | Door | Valve);
    Some(match (property, wrote) {
        (_, Wrote::Word(word)) if is_target && word.eq_ignore_ascii_case("stop") => Act::plain("stop"),
        (_, Wrote::Truth(on)) if is_target => switched(*on, class),
        (_, Wrote::Number(n)) if is_target && (*n == 255.0 || (0.0..=100.0).contains(n)) => match (*n == 0.0, opens) {
            (true, _) => switched(false, class),
            (false, true) if class == Cover && *n < 99.0 => Act::plain("set"),
            (false, true) => Act::plain("open"),
            (false, false) => Act::plain("set"),
        },
        ("Open" | "Up" | "On", Wrote::Truth(true)) => Act::plain(if opens || property != "On" { "open" } else { "on" }),
        ("Close" | "Down" | "Off", Wrote::Truth(true)) => Act::plain(if opens || property != "Off" { "close" } else { "off" }),
        ("Open" | "Up" | "Close" | "Down", Wrote::Truth(false)) => Act::plain("stop"),
        ("duration", Wrote::Number(_) | Wrote::Word(_)) => Act { verb: Verb("set".into()), ..Act::plain("set") },
        _ => return None,
    })
}

fn truth(wrote: &Wrote) -> Option<bool> {
    match wrote {
        Wrote::Truth(truth) => Some(*truth),
        Wrote::Number(number) => Some(*number > 0.0),
        _ => None,
    }
}

fn wrote(payload: &[u8]) -> Option<Wrote> {
    let text = std::str::from_utf8(payload).ok().filter(|t| t.len() <= limits::BODY_BYTES)?;
    if let Some(mut object) = strict::object(payload) {
        // Without a `value` the object itself is written.
        return Some(match object.remove("value") {
            Some(Value::Bool(truth)) => Wrote::Truth(truth),
            Some(Value::Number(number)) => Wrote::Number(number.as_f64()?),
            Some(Value::String(text)) => word(&text)?,
            Some(other) => Wrote::Other(other),
            None => Wrote::Other(Value::Object(object)),
        });
    }
    // What begins as JSON and is not read is written by nobody knows what.
    if text.trim_start().starts_with(['{', '[', '"']) {
        return None;
    }
    word(text)
}

/// The gateway looks for words anywhere (`not on` is true to it) and reads numbers from the front: only whole words and plain numbers are read.
fn word(text: &str) -> Option<Wrote> {
    let text = text.trim();
    Some(match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "lock" => Wrote::Truth(true),
        "false" | "off" | "unlock" => Wrote::Truth(false),
        "" => return None,
        lower if lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) => {
            Wrote::Number(lower.parse().ok().filter(|n: &f64| n.is_finite())?)
        }
        lower if lower.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_' || b == b' ') && !mixed(lower) => Wrote::Word(text.to_owned()),
        _ => return None,
    })
}

/// A text in which the gateway would find a truth.
fn mixed(lower: &str) -> bool {
    lower
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| matches!(word, "true" | "on" | "lock" | "false" | "off" | "unlock"))
}
