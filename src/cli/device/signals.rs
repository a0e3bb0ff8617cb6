//! `jamey device signals`: entries for the config that announced sensors suggest. Printed for a person to read and paste, never applied.

use super::super::Common;
use crate::{
    config::Config,
    home_assistant::{Sensing, senses},
    store::Reader,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// How far back announcements are looked for.
const AMONG: u32 = 200_000;
/// A value older than this is no longer believed, where the sensor does not matter to life: devices that are mains-fed tell more often.
const STALE_SECONDS: u32 = 86_400;

/// What one signal would be fed by.
#[derive(Debug, PartialEq)]
struct Proposal {
    name: String,
    is_number: bool,
    combine: &'static str,
    unit: Option<String>,
    from: Vec<Sensing>,
}

/// # Errors
/// When the store cannot be read.
pub fn propose(common: &Common, config: &Config, reader: &Reader) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    // The newest document on a topic is the one that counts; an empty one has taken it back.
    for row in reader.told("discovery", AMONG)? {
        if seen.insert(row.topic.clone()) {
            all.extend(senses(&row.topic, &row.payload, &config.inputs.discovery_prefixes));
        }
    }
    let fed: BTreeSet<&str> = config.signals.iter().filter(|s| s.is_sourced()).map(|s| s.name.as_str()).collect();
    let proposals = proposals(all);
    if common.json {
        let list: Vec<Value> = proposals.iter().map(|p| p.json(fed.contains(p.name.as_str()))).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "signals": list}))?);
        return Ok(());
    }
    if proposals.is_empty() {
        crate::cli::line!(
            "# No sensor for smoke, gas, leaks, presence, doors or temperature has announced itself in Home Assistant's way."
        );
    }
    for proposal in &proposals {
        crate::cli::line!("{}", proposal.toml(fed.contains(proposal.name.as_str())));
    }
    Ok(())
}

/// Which signal a sensor feeds: one of the house's own, or one that is called after the sensor.
fn signal_of(sensing: &Sensing) -> Option<(String, &'static str)> {
    let own = |suffix: &str| Some((named(&sensing.name, suffix), "last"));
    match (sensing.component.as_str(), sensing.device_class.as_deref()) {
        ("binary_sensor", Some("smoke")) => Some(("smoke".into(), "any")),
        ("binary_sensor", Some("carbon_monoxide")) => Some(("co".into(), "any")),
        ("binary_sensor", Some("moisture")) => Some(("leak".into(), "any")),
        ("binary_sensor", Some("gas")) => Some(("gas".into(), "any")),
        ("device_tracker", _) | ("binary_sensor", Some("presence")) => Some(("home".into(), "any")),
        ("binary_sensor", Some("occupancy" | "motion")) => own("moves"),
        ("binary_sensor", Some("door" | "garage_door" | "window" | "opening")) => own("open"),
        // ON is unlocked there.
        ("binary_sensor", Some("lock")) => own("unlocked"),
        ("sensor", Some("temperature")) if sensing.unit.as_deref() != Some("°F") => own("c"),
        _ => None,
    }
}

/// A signal's name made of a sensor's: at most 32 of a-z, 0-9 and `_`.
fn named(name: &str, suffix: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !out.is_empty()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(31 - suffix.len());
    let stem = out.trim_end_matches('_');
    let stem = if stem.is_empty() { "sensor" } else { stem };
    if stem.ends_with(&format!("_{suffix}")) { stem.to_owned() } else { format!("{stem}_{suffix}") }
}

fn proposals(all: Vec<Sensing>) -> Vec<Proposal> {
    let mut by_name: BTreeMap<String, Proposal> = BTreeMap::new();
    for sensing in all {
        let Some((name, combine)) = signal_of(&sensing) else { continue };
        let is_number = sensing.component == "sensor";
        let unit = sensing.unit.clone();
        let proposal = by_name.entry(name.clone()).or_insert_with(|| Proposal { name, is_number, combine, unit, from: Vec::new() });
        if !proposal.from.iter().any(|s| s.state_topic == sensing.state_topic && s.field == sensing.field) {
            proposal.from.push(sensing);
        }
    }
    let mut proposals: Vec<Proposal> = by_name.into_values().collect();
    for proposal in &mut proposals {
        proposal.from.sort_by(|a, b| a.state_topic.cmp(&b.state_topic));
        proposal.from.truncate(crate::domain::limits::SIGNAL_SOURCES);
    }
    proposals
}

impl Proposal {
    fn default(&self) -> Value {
        match self.is_number {
            true => json!(21.0),
            // Somebody is there until the opposite is known.
            false => json!(self.name == "home"),
        }
    }

    fn json(&self, fed: bool) -> Value {
        let from: Vec<Value> = self
            .from
            .iter()
            .map(|s| json!({"topic": s.state_topic, "field": s.field, "true_when": s.on, "false_when": s.off, "of": s.name}))
            .collect();
        json!({"name": self.name, "default": self.default(), "combine": self.combine, "unit": self.unit, "from": from, "already_fed": fed})
    }

    fn toml(&self, fed: bool) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        if fed {
            line(format!("# `{}` has sources already; keep one of the two.", self.name));
        }
        line("[[signal]]".into());
        line(format!("name = {}", quoted(&self.name)));
        line(format!("default = {}", if self.is_number { "21.0".to_owned() } else { self.default().to_string() }));
        if !self.is_number && self.from.len() > 1 {
            line(format!("combine = {}", quoted(if self.combine == "last" { "any" } else { self.combine })));
        }
        if let Some(unit) = &self.unit {
            line(format!("unit = {}", quoted(unit)));
        }
        if self.is_number {
            line(format!("stale_after_seconds = {STALE_SECONDS}"));
        }
        for source in &self.from {
            line(format!("[[signal.from]] # {}", source.name.replace(char::is_control, " ")));
            line(format!("topic = {}", quoted(&source.state_topic)));
            if let Some(field) = &source.field {
                line(format!("field = {}", quoted(field)));
            }
            for (key, value) in [("true_when", &source.on), ("false_when", &source.off)] {
                if let Some(value) = value.as_ref().filter(|v| !v.is_null()) {
                    line(format!("{key} = [{}]", value.as_str().map_or_else(|| value.to_string(), quoted)));
                }
            }
        }
        out
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn documents() -> Vec<Sensing> {
        let prefixes = ["homeassistant".to_owned()];
        [
            ("binary_sensor/0x1/smoke", json!({"dev_cla": "smoke", "stat_t": "zigbee2mqtt/hall_smoke", "val_tpl": "{{ value_json.smoke }}", "pl_on": true, "pl_off": false, "name": "Smoke", "dev": {"name": "Hall"}})),
            ("binary_sensor/0x2/smoke", json!({"device_class": "smoke", "state_topic": "zigbee2mqtt/attic_smoke", "value_template": "{{ value_json['smoke'] }}", "payload_on": true, "payload_off": false})),
            ("binary_sensor/0x3/leak", json!({"device_class": "moisture", "state_topic": "bath/leak"})),
            ("binary_sensor/0x4/door", json!({"device_class": "door", "state_topic": "front/door", "name": "Front \"Door\""})),
            ("device_tracker/anna", json!({"state_topic": "owntracks/anna", "payload_home": "in", "name": "Anna"})),
            ("sensor/t", json!({"device_class": "temperature", "state_topic": "tele/x/SENSOR", "val_tpl": "{{ value_json.AM2301.Temperature }}", "unit_of_meas": "°C", "name": "Cellar"})),
            ("sensor/f", json!({"device_class": "temperature", "state_topic": "y", "unit_of_meas": "°F"})),
            ("binary_sensor/odd", json!({"device_class": "smoke", "state_topic": "z", "value_template": "{{ 'ON' if value_json.a > 3 else 'OFF' }}"})),
            ("switch/s", json!({"command_topic": "s"})),
        ]
        .into_iter()
        .flat_map(|(topic, document)| senses(&format!("homeassistant/{topic}/config"), document.to_string().as_bytes(), &prefixes))
        .collect()
    }

    #[test]
    fn what_is_proposed_is_a_config_that_works() {
        let proposals = proposals(documents());
        let names: Vec<_> = proposals.iter().map(|p| (p.name.as_str(), p.from.len())).collect();
        assert_eq!(names, [("cellar_c", 1), ("front_door_open", 1), ("home", 1), ("leak", 1), ("smoke", 2)]);
        let text: String = proposals.iter().map(|p| p.toml(false)).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("j.toml");
        std::fs::write(&file, &text).unwrap();
        let config = config::load(Some(&file), Vec::new()).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        let smoke = config.signals.iter().find(|s| s.name == "smoke").unwrap();
        assert_eq!((smoke.from.len(), smoke.from[0].field.as_deref(), smoke.combine), (2, Some("smoke"), crate::domain::Combine::Any));
        assert_eq!(config.signals.iter().find(|s| s.name == "cellar_c").unwrap().unit.as_deref(), Some("°C"));
        assert!(proposals[0].toml(true).starts_with("# `cellar_c` has sources already"));
    }

    #[test]
    fn any_name_becomes_a_signals_name() {
        for name in ["Küche Ü", "", "1234", "a".repeat(80).as_str(), "Front Door Open", "__x__"] {
            let name = named(name, "open");
            assert!(name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        }
        assert_eq!((named("Front Door Open", "open").as_str(), named("1 Bath", "c").as_str()), ("front_door_open", "bath_c"));
    }
}
