//! The shipped file is the schema at its defaults, with nothing missing and nothing wrong in its examples.

use super::super::{Config, Sources, read, reader::Ledger};
use super::{config, lines};
use crate::domain::{Combine, DeviceClass, SignalValue};

/// The file with its examples taken in: `#topic = …` is one, `# Words` is not.
fn with_examples() -> String {
    let uncover = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace() && c != '-') => rest,
        _ => line,
    };
    Config::EMBEDDED.lines().map(uncover).collect::<Vec<_>>().join("\n")
}

/// Every path of a serialised value: `broker`, `broker.mqtt`.
fn paths(value: &serde_json::Value, path: &str, out: &mut Vec<String>) {
    if let Some(map) = value.as_object() {
        for (key, value) in map {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            paths(value, &path, out);
            out.push(path);
        }
    }
}

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(config(Config::EMBEDDED), Config::default());
    assert_eq!(config(""), Config::default());
    assert_eq!(Config::read(&Sources::default()).unwrap(), Config::default());
}

#[test]
fn every_default_stands_in_the_shipped_file() {
    let mut all = Vec::new();
    paths(&serde_json::to_value(Config::default()).unwrap(), "", &mut all);
    assert!(all.len() > 30);
    let file: toml::Table = with_examples().parse().unwrap();
    for path in all {
        // The owner's own inputs stand at the top of the file.
        let path = if path == "inputs.extra" { "input".to_owned() } else { path };
        let mut at = Some(&file);
        for (i, key) in path.split('.').enumerate() {
            let value = at.and_then(|table| table.get(key));
            assert!(value.is_some(), "`{path}` (level {i}) is missing in config/jamey.toml");
            at = value.and_then(toml::Value::as_table);
        }
    }
}

#[test]
fn every_key_that_is_read_stands_in_the_shipped_file_and_is_explained() {
    let text = with_examples();
    let mut ledger = Ledger::default();
    read(&Sources { file: Some(("j.toml", &text)), ..Sources::default() }, &mut ledger);
    assert!(ledger.known.len() > 50, "{}", ledger.known.len());
    for key in &ledger.known {
        let last = key.rsplit('.').next().unwrap();
        let stands = text.lines().any(|l| l.starts_with(&format!("{last} = ")) || l.contains(&format!("[{key}]")));
        assert!(stands, "`{key}` is missing in config/jamey.toml");
    }
    let mut before = "";
    for line in Config::EMBEDDED.lines() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(before.starts_with("# "), "`{line}` has no line above that explains it");
        }
        before = line;
    }
}

#[test]
fn the_examples_work() {
    assert_eq!(lines(&with_examples()), [""; 0]);
    let c = config(&with_examples());
    assert_eq!((c.guards.len(), c.devices.len(), c.inputs.extra.len(), c.entities.len()), (2, 2, 2, 1));
    assert_eq!((c.listeners.len(), c.listeners[0].requires_certificate(), c.listeners[1].requires_certificate()), (2, true, false));
    assert_eq!(c.guards[0].class, DeviceClass::Lock);
    assert_eq!(c.conscience.weights["AUT-1-quiet-hours"], 0.5);
    assert_eq!(c.signals.len(), Config::default().signals.len() + 1);
    let smoke = c.signals.iter().find(|s| s.name == "smoke").unwrap();
    assert_eq!((smoke.from.len(), smoke.combine), (3, Combine::Any));
    assert_eq!((smoke.from[0].entity.as_str(), smoke.from[0].kind.as_str()), ("hall_smoke", "state"));
    assert_eq!(c.inputs.signals.len(), 2, "two topics that no input names");
    assert_eq!((c.signals[0].default, c.signals[0].stale_after_seconds), (SignalValue::Bool(true), Some(86_400)));
}

#[test]
fn the_zone_comes_from_the_bundled_database() {
    assert_eq!(config("timezone = \"europe/berlin\"").timezone, "Europe/Berlin");
    assert_eq!(config("timezone = \"Europe/Berlin\"").zone().iana_name(), Some("Europe/Berlin"));
    assert_eq!(Config::default().zone().iana_name(), Some("UTC"));
}
