//! What generation 2 and later take: words on `command/COMPONENT:N`, calls by method on `rpc`. Method names are compared without regard to case.

use super::{
    super::{
        attributes::{self, Act},
        strict,
    },
    number, set,
};
use crate::domain::limits;
use serde_json::{Map, Value};

/// A call on `ID/rpc`.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// It only asks, or it is an answer or a notification, which devices publish on topics that end so too.
    Nothing,
    Administration(Act),
    /// The component (`switch:0`; empty where none is named), and what it is asked for: None where that cannot be told.
    Acts(String, Option<Vec<Act>>),
}

/// Methods that only tell, by what follows the dot.
const QUERIES: [&str; 12] = [
    "getstatus",
    "getconfig",
    "getdeviceinfo",
    "getcomponents",
    "listmethods",
    "listprofiles",
    "listtimezones",
    "listsupported",
    "checkforupdate",
    "list",
    "getcounters",
    "getinfo",
];

/// Methods that configure, whatever the component.
const SETTINGS: [&str; 8] = ["setconfig", "calibrate", "resetcounters", "delete", "deleteall", "create", "update", "setprofile"];

/// Components of the device itself: whoever may command these may make the device do anything.
const ADMINISTRATION: [&str; 22] = [
    "shelly", "sys", "script", "schedule", "webhook", "http", "kvs", "wifi", "eth", "ble", "bthome", "mqtt", "ws", "cloud", "matter",
    "ota", "ui", "plugs_ui", "modbus", "virtual", "zigbee", "knx",
];

/// What a word on `command/COMPONENT:N` asks for; None where it cannot be told.
pub fn word(component: &str, text: &str) -> Option<Vec<Act>> {
    let (word, rest) = text.split_once(',').map_or((text, None), |(word, rest)| (word, Some(rest)));
    match (component, word, rest) {
        ("switch" | "light" | "rgb" | "rgbw" | "cct" | "rgbcct", "on" | "off", _) => switched(word == "on", rest.map(number)),
        ("switch" | "light" | "rgb" | "rgbw" | "cct" | "rgbcct", "toggle", None) => Some(vec![Act::plain("toggle")]),
        ("light" | "rgb" | "rgbw" | "cct" | "rgbcct", "set" | "dim", Some(rest)) => {
            let mut act = Act::plain("set");
            act.value = rest.split(',').next().and_then(number);
            act.args.insert(word.to_owned(), attributes::bounded(&rest.into()));
            Some(vec![act])
        }
        // The second word is for how long it moves.
        ("cover", "open" | "close", rest) if rest.is_none_or(|rest| number(rest).is_some()) => Some(vec![Act::plain(word)]),
        ("cover", "stop", None) => Some(vec![Act::plain("stop")]),
        ("cover", "pos", Some(rest)) => Some(vec![set("position", number(rest).filter(|n| (0.0..=100.0).contains(n))?)]),
        ("cover", "rel", Some(rest)) => relative(number(rest)?),
        ("cover", "slat_pos", Some(rest)) => Some(vec![set("tilt", number(rest)?)]),
        ("smoke" | "flood", "mute", None) => Some(vec![Act::plain("mute")]),
        _ => None,
    }
}

/// What a call asks for.
pub fn call(payload: &[u8]) -> Call {
    let unread = || Call::Acts(String::new(), None);
    if payload.len() > limits::BODY_BYTES {
        return unread();
    }
    let Some(frame) = strict::object(payload) else { return unread() };
    let Some(method) = frame.get("method") else {
        return if frame.contains_key("result") || frame.contains_key("error") { Call::Nothing } else { unread() };
    };
    let Some((component, method)) =
        method.as_str().map(str::to_ascii_lowercase).and_then(|m| m.split_once('.').map(|(c, m)| (c.to_owned(), m.to_owned())))
    else {
        // `NotifyStatus`, `NotifyEvent`, `NotifyFullStatus` are what a device tells.
        let notifies = method.as_str().is_some_and(|m| ["NotifyStatus", "NotifyEvent", "NotifyFullStatus"].contains(&m));
        return if notifies { Call::Nothing } else { unread() };
    };
    let none = Map::new();
    let params = match frame.get("params") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(params)) => params,
        Some(_) => return unread(),
    };
    if QUERIES.contains(&method.as_str()) {
        return Call::Nothing;
    }
    if ADMINISTRATION.contains(&component.as_str()) || SETTINGS.contains(&method.as_str()) {
        return Call::Administration(administration(&component, &method, params));
    }
    // `SetAll` and `ToggleAll` are for all lights of the device; without an id a call is refused by the device.
    let part = match params.get("id") {
        Some(Value::Number(id)) => format!("{component}:{id}"),
        None if method.ends_with("all") => String::new(),
        _ => return Call::Acts(String::new(), None),
    };
    Call::Acts(part, acts(&component, &method, params))
}

fn acts(component: &str, method: &str, params: &Map<String, Value>) -> Option<Vec<Act>> {
    let lamp = matches!(component, "light" | "rgb" | "rgbw" | "cct" | "rgbcct");
    match (component, method) {
        ("switch", "set") => {
            let on = params.get("on")?.as_bool()?;
            let after = params.get("toggle_after").map(Value::as_f64);
            only(params, &["id", "on", "toggle_after"]).then(|| switched(on, after))?
        }
        ("switch", "toggle") => Some(vec![Act::plain("toggle")]),
        (_, "toggle" | "toggleall") if lamp => Some(vec![Act::plain("toggle")]),
        (_, "set" | "setall") if lamp => light(params),
        (_, "dimup" | "dimdown" | "dimstop") if lamp => Some(vec![Act::plain("set")]),
        ("cover", "open" | "close" | "stop") => Some(vec![Act::plain(method)]),
        ("cover", "gotoposition") => {
            let mut acts = Vec::new();
            for (key, value) in params.iter().filter(|(key, _)| *key != "id") {
                let value = value.as_f64()?;
                match key.as_str() {
                    "pos" => acts.push(set("position", Some(value).filter(|n| (0.0..=100.0).contains(n))?)),
                    "rel" => acts.extend(relative(value)?),
                    "slat_pos" | "slat_rel" => acts.push(set("tilt", value)),
                    _ => return None,
                }
            }
            (!acts.is_empty()).then_some(acts)
        }
        ("smoke" | "flood", "mute") => Some(vec![Act::plain("mute")]),
        ("boolean" | "number" | "text" | "enum", "set") => {
            let value = params.get("value")?;
            let mut act = Act::plain("set");
            act.value = value.as_f64();
            act.args.insert("value".into(), attributes::bounded(value));
            Some(vec![act])
        }
        ("button", "trigger") => Some(vec![Act::plain("press")]),
        _ => None,
    }
}

/// `on,10` is on now and off in ten seconds; `off,10` the other way round: both are asked for.
fn switched(on: bool, after: Option<Option<f64>>) -> Option<Vec<Act>> {
    let plain = |on| Act::plain(if on { "on" } else { "off" });
    Some(match after {
        None => vec![plain(on)],
        Some(seconds) => {
            let mut then = plain(!on);
            then.args.insert("after_seconds".into(), seconds?.into());
            vec![plain(on), then]
        }
    })
}

fn light(params: &Map<String, Value>) -> Option<Vec<Act>> {
    let mut acts = Vec::new();
    if let Some(on) = params.get("on") {
        acts.extend(switched(on.as_bool()?, params.get("toggle_after").map(Value::as_f64))?);
    }
    for (key, value) in params.iter().filter(|(key, _)| !["id", "on", "toggle_after", "transition_duration"].contains(&key.as_str())) {
        let mut act = Act::plain("set");
        act.value = value.as_f64();
        act.args.insert(key.clone(), attributes::bounded(value));
        acts.push(act);
    }
    (!acts.is_empty()).then_some(acts)
}

/// So many percent up or down.
fn relative(by: f64) -> Option<Vec<Act>> {
    let mut act = Act::plain(if by > 0.0 { "open" } else { "close" });
    act.args.insert("by".into(), by.into());
    (by != 0.0).then(|| vec![act])
}

fn only(params: &Map<String, Value>, keys: &[&str]) -> bool {
    params.keys().all(|key| keys.contains(&key.as_str()))
}

/// The verb is the method: `script_start`.
fn administration(component: &str, method: &str, params: &Map<String, Value>) -> Act {
    let verb = format!("{component}_{method}");
    let plain = verb.len() <= limits::KIND_BYTES && verb.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let mut act = Act::plain(if plain { &verb } else { "unknown" });
    // Scalars say what is meant; scripts and certificates would only weigh down the verdict's row.
    let scalars = params.iter().filter(|(_, v)| !v.is_array() && !v.is_object());
    act.args.extend(scalars.take(16).map(|(k, v)| (k.clone(), attributes::bounded(v))));
    act
}
