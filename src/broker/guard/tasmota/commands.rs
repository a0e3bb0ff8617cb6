//! What each Tasmota command asks for, after <https://tasmota.github.io/docs/Commands>: outputs, shutters, light, fan; all else is administration.

use super::{Act, argument};
use crate::domain::{Verb, limits};

/// What one command means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Query,
    /// An act, and the commands whose devices it is about; none: any that listens there.
    Acts(Vec<String>, Act),
    /// Of the device's rules, firmware, settings: whoever may send it may command everything.
    Administration(Act),
}

/// Outputs of one device: `POWER1` to `POWER32`; 0 is all of them.
const OUTPUTS: u32 = 32;

/// Settings of a light or fan: a number, a word, a step. "Light", "Dimmer", "Fan" in the documentation.
const LIGHT: [&str; 17] = [
    "dimmer",
    "channel",
    "color",
    "hsbcolor",
    "hsbcolour",
    "ct",
    "white",
    "speed",
    "speed2",
    "fade",
    "scheme",
    "palette",
    "led",
    "dimmerstep",
    "virtualct",
    "rgbwwtable",
    "dimmerrange",
];

/// Management, Wi-Fi, MQTT, rules, timers, serial, infrared, Zigbee and scripts in the documentation, by what their names begin with.
const ADMINISTRATION: [&str; 100] = [
    "add",
    "adcparam",
    "altitude",
    "ap",
    "baudrate",
    "blinkcount",
    "blinktime",
    "br",
    "button",
    "calcres",
    "cors",
    "counter",
    "cpufrequency",
    "current",
    "deepsleep",
    "delay",
    "devgroup",
    "devicename",
    "display",
    "dnstimeout",
    "domoticz",
    "driver",
    "emulation",
    "energy",
    "event",
    "ethernet",
    "fn",
    "friendlyname",
    "fulltopic",
    "global",
    "gpio",
    "grouptopic",
    "hostname",
    "humoffset",
    "humres",
    "i2c",
    "interlock",
    "ipaddress",
    "irhvac",
    "irsend",
    "knx",
    "latitude",
    "ledmask",
    "ledpower",
    "ledstate",
    "loghost",
    "logport",
    "longitude",
    "mem",
    "module",
    "mqtt",
    "mult",
    "ntpserver",
    "otaurl",
    "password",
    "poweronstate",
    "prefix",
    "publish",
    "pulsetime",
    "pwm",
    "reset",
    "restart",
    "retain",
    "rf",
    "rule",
    "savedata",
    "scale",
    "script",
    "sensor",
    "serial",
    "setoption",
    "setsensor",
    "sleep",
    "so",
    "speedunit",
    "ssid",
    "sserial",
    "sub",
    "subscribe",
    "switch",
    "syslog",
    "tasmotaclient",
    "teleperiod",
    "telegram",
    "temp",
    "template",
    "time",
    "topic",
    "tuya",
    "ufs",
    "unsubscribe",
    "upgrade",
    "upload",
    "ufsrun",
    "var",
    "voltage",
    "web",
    "wifi",
    "zb",
    "zigbee",
];

/// These only tell, whatever they are given. "Status", "State" in the documentation.
const QUERIES: [&str; 5] = ["status", "state", "modules", "gpios", "timezonelist"];

/// These do something without data too: the documentation's exceptions from "a command without data returns the setting".
const ACTS_WITHOUT_DATA: [&str; 7] = ["wakeup", "buzzer", "mp3", "zb", "ufs", "irsend", "rf"];

/// Reads a command with its data, as it stands in a topic and its payload. `Backlog` is several.
pub fn read(command: &str, payload: &str) -> Vec<Meaning> {
    let Some((name, index)) = split(command) else { return vec![unknown()] };
    // The device's text ends at a NUL; what follows is not what it reads.
    if payload.contains('\0') {
        return vec![unknown()];
    }
    let data = payload.trim_start();
    let data = if data == "?" { "" } else { data };
    match name.as_str() {
        "backlog" => backlog(data),
        _ => vec![one(&name, index, data)],
    }
}

/// A command as it is compared: `power1` for `POWER` and `Power1`. None where no device would take it for a command.
pub fn normal(command: &str) -> Option<String> {
    let (name, index) = split(command)?;
    Some(format!("{name}{}", index.unwrap_or(1)))
}

/// Name and number of a command. Case does not matter to Tasmota, and the digits at the end are the number.
fn split(command: &str) -> Option<(String, Option<u32>)> {
    let name = command.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = command.get(name.len()..).unwrap_or_default();
    if name.is_empty() || name.len() > limits::KIND_BYTES || !name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') {
        return None;
    }
    let index = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
    Some((name.to_ascii_lowercase(), index))
}

/// Commands between semicolons. Braces join what stands between them, which is not read here.
fn backlog(data: &str) -> Vec<Meaning> {
    if data.contains(['{', '}', '\r', '\n']) {
        return vec![unknown()];
    }
    let parts = || data.split(';').map(str::trim).filter(|part| !part.is_empty());
    if parts().nth(limits::REQUESTS_PER_PUBLISH).is_some() {
        return vec![unknown()];
    }
    let mut meanings = Vec::new();
    for part in parts() {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '/'))).unwrap_or(part.len());
        let (command, rest) = part.split_at(end);
        // `cmnd/plug/POWER`: what stands before a slash is skipped there, as in the console.
        let command = command.rsplit('/').next().unwrap_or(command);
        match split(command) {
            Some((name, _)) if name == "backlog" => meanings.push(unknown()),
            Some((name, index)) => {
                let data = rest.trim_start();
                meanings.push(one(&name, index, if data == "?" { "" } else { data }));
            }
            None => meanings.push(unknown()),
        }
    }
    meanings
}

fn one(name: &str, index: Option<u32>, data: &str) -> Meaning {
    let at = |name: &str| vec![format!("{name}{}", index.unwrap_or(1))];
    let numbered = |act: Act| Act { endpoint: index.filter(|i| *i != 1).map(|i| i.to_string()), ..act };
    if QUERIES.contains(&name) {
        return Meaning::Query;
    }
    if data.is_empty() && ACTS_WITHOUT_DATA.iter().any(|prefix| name.starts_with(prefix)) {
        return unknown();
    }
    match name {
        _ if name.starts_with("shutter") => shutter(name, index, data),
        "power" if data.is_empty() => Meaning::Query,
        "power" if index.is_some_and(|i| i > OUTPUTS) => unknown(),
        // All outputs together.
        "power" if index == Some(0) => Meaning::Acts(Vec::new(), Act { endpoint: Some("all".into()), ..power(data) }),
        "power" => Meaning::Acts(at(name), numbered(power(data))),
        _ if data.is_empty() && (name == "fanspeed" || LIGHT.contains(&name) || is_administration(name)) => Meaning::Query,
        "fanspeed" => {
            let mut act = set(name, data);
            if act.value == Some(0.0) {
                act.verb = Verb("off".into());
            }
            Meaning::Acts(at(name), act)
        }
        _ if LIGHT.contains(&name) => Meaning::Acts(Vec::new(), numbered(set(name, data))),
        _ if is_administration(name) => Meaning::Administration(administration(name, index, data)),
        _ => unknown(),
    }
}

fn is_administration(name: &str) -> bool {
    ADMINISTRATION.iter().any(|prefix| name.starts_with(prefix))
}

/// `POWER`'s data: 0 to 4, or a word, in any case. Words of other languages and `StateText` of one's own are not known here.
fn power(data: &str) -> Act {
    let verb = match data.to_ascii_lowercase().as_str() {
        "0" | "off" | "false" => "off",
        "1" | "on" | "true" => "on",
        // It blinks: on and off by turns.
        "2" | "toggle" | "3" | "blink" => "toggle",
        // It stays as it was before.
        "4" | "blinkoff" => "stop",
        _ => return Act::unknown(),
    };
    Act::plain(verb)
}

/// "Shutters and Blinds" in the documentation. What moves them needs no data.
fn shutter(name: &str, index: Option<u32>, data: &str) -> Meaning {
    let word = |data: &str| match data.to_ascii_lowercase().as_str() {
        "open" | "up" => Some("open"),
        "close" | "down" => Some("close"),
        "stop" => Some("stop"),
        "toggle" | "toggledir" | "stoptoggle" | "stoptoggledir" => Some("toggle"),
        _ => None,
    };
    // `ShutterOpen 2` moves the second one, as `ShutterOpen2` does.
    let number = data.parse::<u32>().ok().filter(|n| (1..=16).contains(n));
    let index = match (name, index, number) {
        ("shutteropen" | "shutterclose" | "shutterstop", None | Some(1), Some(number)) => number,
        _ => index.unwrap_or(1),
    };
    let act = match name {
        "shutteropen" | "shutterstopopen" => Act::plain("open"),
        "shutterclose" | "shutterstopclose" => Act::plain("close"),
        "shutterstop" => Act::plain("stop"),
        "shuttertoggle" | "shuttertoggledir" | "shutterstoptoggle" | "shutterstoptoggledir" => Act::plain("toggle"),
        "shutterposition" | "shuttersetposition" if data.is_empty() => return Meaning::Query,
        "shutterposition" => match (word(data), plain_number(data).filter(|n| (0.0..=100.0).contains(n))) {
            (Some(word), _) => Act::plain(word),
            (None, Some(number)) => {
                let mut act = set("position", data);
                act.value = Some(number);
                act
            }
            _ => Act::unknown(),
        },
        "shuttertilt" | "shuttertiltchange" if data.is_empty() => return Meaning::Query,
        "shuttertilt" | "shuttertiltchange" => set("tilt", data),
        // How it is driven: calibration, relays, times.
        _ if data.is_empty() => return Meaning::Query,
        _ => return Meaning::Administration(administration(name, Some(index), data)),
    };
    let endpoint = (index != 1).then(|| index.to_string());
    let same = ["shutteropen", "shutterclose", "shutterstop", "shutterposition"].iter().map(|name| format!("{name}{index}")).collect();
    Meaning::Acts(same, Act { endpoint, ..act })
}

fn set(name: &str, data: &str) -> Act {
    let mut act = Act::plain("set");
    act.value = plain_number(data);
    argument(&mut act, name, data);
    act
}

/// The verb is the command: `rule1`, `otaurl`.
fn administration(name: &str, index: Option<u32>, data: &str) -> Act {
    let mut act = Act::plain(name);
    if let Some(index) = index {
        act.verb.0.push_str(&index.to_string());
    }
    act.value = plain_number(data);
    // Secrets stay where they are; the rest says what is meant.
    if !["password", "mqttpassword", "webpassword", "mqttuser"].contains(&name) {
        argument(&mut act, "value", data);
    }
    act
}

/// A decimal number without an exponent, which Tasmota would read otherwise.
fn plain_number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    text.parse().ok().filter(|n: &f64| plain && n.is_finite())
}

fn unknown() -> Meaning {
    Meaning::Acts(Vec::new(), Act::unknown())
}
