//! A body as phrases, what matters first: `opened`, `temperature 21.5 °C`, `battery 97 %`.

use super::{
    line::{beside, says},
    senses,
};
use crate::domain::{Body, ValueName, is_secret};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Values that tell of the radio, the clock and the firmware, and nothing of the house.
const LEFT_OUT: &[&str] = &[
    "linkquality",
    "lqi",
    "rssi",
    "snr",
    "signal",
    "last_seen",
    "time",
    "timestamp",
    "ts",
    "uptime",
    "uptime_sec",
    "heap",
    "sleep",
    "sleep_mode",
    "load_avg",
    "mqtt_count",
    "wifi",
    "vcc",
    "bssid",
    "ssid",
    "channel",
    "ip",
    "mac",
    "update",
    "update_available",
    "color",
    "color_mode",
    "id",
    "src",
    "dst",
    "source",
    "temp_unit",
    "t_f",
    "power_on_behavior",
    "v",
    "own_id",
    "restart_reason",
    "cfg_rev",
    "minute_ts",
    "by_minute",
    "ap_ssid",
];
/// Said after all others.
const MINOR: &[&str] =
    &["battery", "battery_percent", "voltage", "device_temperature", "current", "power_factor", "apparent_power", "reactive_power"];
/// Pressed by somebody.
const PRESSED: &[&str] = &["action", "click", "event", "button"];
/// Fields as families abbreviate them, and what they are called and measured in.
const CALLED: &[(&str, &str, &str)] = &[
    ("t_c", "temperature", "°C"),
    ("apower", "power", "W"),
    ("power", "power", "W"),
    ("humidity", "humidity", "%"),
    ("battery", "battery", "%"),
    ("battery_percent", "battery", "%"),
    ("aenergy", "energy", ""),
    ("rh", "humidity", "%"),
    ("illuminance_lux", "illuminance", "lx"),
];
/// Deeper than any device nests what it tells.
const DEPTH: usize = 6;
/// Phrases of one body: more do not fit.
const PHRASES: usize = 40;

/// What a body says, most telling first.
#[must_use]
pub fn phrases(entity: &str, kind: &str, body: &Body, values: Option<&BTreeMap<String, ValueName>>) -> Vec<String> {
    let mut told = Told { entity, values, unit: None, found: Vec::new() };
    let value = match body {
        Body::Empty => return vec!["cleared".into()],
        Body::Bytes(n) => return vec![format!("{} {n} bytes", spaced(&plain(kind)))],
        Body::Bool(truth) => Value::Bool(*truth),
        Body::Number(n) => Value::from(*n),
        Body::Text(text) => Value::from(text.as_str()),
        Body::Json(value) | Body::Cbor(value) => value.clone(),
    };
    if is_secret(kind) {
        return vec![format!("{} (not kept)", spaced(&plain(kind)))];
    }
    match &value {
        Value::Object(map) => {
            told.unit = map.get("TempUnit").and_then(Value::as_str).map(|unit| format!("°{}", unit.trim_start_matches('°')));
            told.object("", kind, map, DEPTH);
        }
        Value::Array(_) => told.nested(kind, kind, &value, DEPTH),
        _ => told.one(kind, &plain(kind), &value, true),
    }
    told.found.sort_by_key(|(rank, _)| *rank);
    told.found.into_iter().map(|(_, phrase)| phrase).collect()
}

/// Whether what stands at a path (`ENERGY.Power`) tells nothing of the house.
#[must_use]
pub fn is_left_out(path: &str) -> bool {
    path.split('.').any(|key| LEFT_OUT.contains(&plain(key).as_str()))
}

/// What a word at a path says, in the words of people: `opened`; None: it is said as it is. An empty path: the body was the word.
#[must_use]
pub fn sensed(entity: &str, kind: &str, path: &str, word: &str, values: Option<&BTreeMap<String, ValueName>>) -> Option<String> {
    let (field, described) = of_path(kind, path, values);
    let value = match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::from(word),
    };
    let told = Told { entity, values, unit: None, found: Vec::new() };
    told.event(&field, &value, described).map(|(said, _)| said)
}

/// What the number at a path is called beside the entity's name, and its unit; both may be empty.
#[must_use]
pub fn measured(entity: &str, kind: &str, path: &str, values: Option<&BTreeMap<String, ValueName>>) -> (String, String) {
    let (field, described) = of_path(kind, path, values);
    let told = Told { entity, values, unit: None, found: Vec::new() };
    let is_told = described.is_some_and(|v| v.name.is_some()) || called(&field).is_some();
    // Two parts of a body may have the same last name.
    let (name, unit) = told.label(&field, described, true);
    (if is_told || path.is_empty() { name } else { spaced(&plain(path)) }, unit)
}

fn of_path<'v>(kind: &str, path: &str, values: Option<&'v BTreeMap<String, ValueName>>) -> (String, Option<&'v ValueName>) {
    let last = path.rsplit('.').next().unwrap_or_default();
    let field = if matches!(last, "" | "value") { kind } else { last };
    (plain(field), values.and_then(|values| values.get(if path.is_empty() { kind } else { path })))
}

fn called(field: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    CALLED.iter().find(|(name, ..)| *name == field)
}

struct Told<'t> {
    entity: &'t str,
    values: Option<&'t BTreeMap<String, ValueName>>,
    /// Of all temperatures in the body.
    unit: Option<String>,
    found: Vec<(u8, String)>,
}

impl Told<'_> {
    fn object(&mut self, path: &str, kind: &str, map: &Map<String, Value>, depth: usize) {
        for (key, value) in map {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            // `{"value": 5}` is told of the kind itself.
            let field = if key == "value" { plain(kind) } else { plain(key) };
            if self.found.len() >= PHRASES || LEFT_OUT.contains(&field.as_str()) {
                continue;
            }
            if is_secret(key) {
                self.found.push((1, format!("{} (not kept)", spaced(&field))));
            } else if value.is_object() || value.is_array() {
                self.nested(&path, key, value, depth.saturating_sub(1));
            } else {
                self.one(&path, &field, value, map.len() == 1);
            }
        }
    }

    fn nested(&mut self, path: &str, key: &str, value: &Value, depth: usize) {
        if depth == 0 {
            return;
        }
        match value {
            Value::Object(map) => self.object(path, key, map, depth),
            Value::Array(items) => {
                for item in items.iter().take(PHRASES) {
                    self.nested(path, key, item, depth - 1);
                }
            }
            _ if self.found.len() < PHRASES => self.one(path, &plain(key), value, true),
            _ => {}
        }
    }

    /// One value. `alone`: nothing else is told with it.
    fn one(&mut self, path: &str, field: &str, value: &Value, alone: bool) {
        let described = self.values.and_then(|values| values.get(path));
        if let Some((rank, phrase)) = self.phrase(field, value, described, alone) {
            self.found.push((rank, phrase));
        }
    }

    fn phrase(&self, field: &str, value: &Value, described: Option<&ValueName>, alone: bool) -> Option<(u8, String)> {
        let rank = if MINOR.contains(&field) { 2 } else { 1 };
        if let Some((said, beside_others)) = self.event(field, value, described) {
            return (beside_others || alone).then_some((0, said));
        }
        if senses::is_seen(field)
            && let Some(count) = value.as_f64()
        {
            return Some((0, if count > 0.0 { format!("{} detected", spaced(field)) } else { format!("no {}", spaced(field)) }));
        }
        let said = match value {
            Value::Null => return None,
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), number),
            Value::String(word) if word.is_empty() && PRESSED.contains(&field) => return None,
            Value::String(word) => word.clone(),
            Value::Array(_) | Value::Object(_) => return None,
        };
        let (name, unit) = self.label(field, described, value.is_number());
        let phrase = [name, said, unit].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Some((rank, phrase))
    }

    /// What happened, where a value says that something did, and whether it is worth saying beside other values.
    fn event(&self, field: &str, value: &Value, described: Option<&ValueName>) -> Option<(String, bool)> {
        let sense = senses::of(field, described);
        let is_switch = sense.is_some_and(|s| s.yes == "turned on");
        if let Value::String(word) = value
            && (is_switch || matches!(field, "status" | "current_state" | "lock_state" | "door_state"))
            && let Some(said) = senses::state(word)
        {
            return Some((self.part_of(field, said), true));
        }
        // A number of watts is no switch.
        if let Some(sense) = sense.filter(|_| !(is_switch && value.is_number()))
            && let Some(truth) = senses::truth(field, value, described)
        {
            let said = if truth { sense.yes } else { sense.no };
            let of = described.and_then(|v| v.name.as_deref()).unwrap_or(sense.of);
            let of = if says(said, of) { String::new() } else { beside(self.entity, of) };
            return Some((if of.is_empty() { self.part_of(field, said) } else { format!("{of} {said}") }, truth || sense.both));
        }
        let word = value.as_str().filter(|word| !word.is_empty() && PRESSED.contains(&field))?;
        Some((format!("pressed {}", spaced(word)), true))
    }

    /// What a value is called, beside the entity's name, and its unit.
    fn label(&self, field: &str, described: Option<&ValueName>, is_number: bool) -> (String, String) {
        let called = called(field);
        let name = described.and_then(|v| v.name.clone()).map(|name| name.to_lowercase());
        let name = name.unwrap_or_else(|| called.map_or_else(|| spaced(field), |(_, name, _)| (*name).to_owned()));
        let usual = called.map(|(.., unit)| *unit).filter(|unit| !unit.is_empty() && is_number);
        let unit = described
            .and_then(|v| v.unit.as_deref())
            .or(self.unit.as_deref().filter(|_| field == "temperature"))
            .or(usual)
            .unwrap_or_default();
        (beside(self.entity, &name), unit.to_owned())
    }

    /// One of several switches says which: `l1 turned on`.
    fn part_of(&self, field: &str, said: &str) -> String {
        match field.rsplit_once('_') {
            Some(("state" | "output" | "relay", part)) => format!("{} {said}", spaced(part)),
            _ => said.to_owned(),
        }
    }
}

/// A field's name in lower case, with `_` between its words: `ApparentPower`, `soilMoisture` and `Soil Moisture` alike.
pub fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for c in name.chars() {
        let next = if c.is_alphanumeric() { c } else { '_' };
        if next.is_uppercase() && before.is_lowercase() {
            out.push('_');
        }
        if next != '_' || before != '_' {
            out.extend(next.to_lowercase());
        }
        before = next;
    }
    out.trim_matches('_').to_owned()
}

pub fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// To a thousandth: more no sensor knows.
pub fn number(x: f64) -> String {
    let near = libm::round(x * 1_000.0) / 1_000.0;
    if near.is_finite() { near.to_string() } else { x.to_string() }
}
