//! The options as they may be shown: without a secret, and without what says where one is kept.

use super::Config;
use crate::domain::secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// By the names that the file has.
///
/// # Errors
/// When they cannot be written down.
pub fn shown(config: &Config) -> serde_json::Result<Value> {
    let mut all = serde_json::to_value(config)?;
    // What stands behind a receiver's host may be all that it asks for.
    for (at, webhook) in config.webhooks.iter().enumerate() {
        let scheme = webhook.url.split("://").next().unwrap_or_default();
        if let Some(url) = all.pointer_mut(&format!("/webhook/{at}/url")) {
            *url = Value::String(format!("{scheme}://{}/", webhook.host()));
        }
    }
    Ok(without_secrets(all))
}

/// The options that are not shown as they are, by path.
///
/// # Errors
/// As `shown`.
pub fn hidden(config: &Config) -> serde_json::Result<Vec<(String, Value)>> {
    let shown: BTreeMap<String, Value> = flat(&shown(config)?).into_iter().collect();
    Ok(flat(&serde_json::to_value(config)?).into_iter().filter(|(path, value)| shown.get(path) != Some(value)).collect())
}

/// Whatever is called a secret is none to be seen, also what says only where one is kept: so is an option that is not there yet.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let hide = |key: &str, value: &Value| secret::is_secret(key) && !value.is_null();
            let one = |(key, value): (String, Value)| {
                let value = if hide(&key, &value) { json!("(not shown)") } else { without_secrets(value) };
                (key, value)
            };
            Value::Object(map.into_iter().map(one).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        Value::String(text) => Value::String(secret::without_secrets(&text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Each option by its whole path, `broker.guard` or `device[0].class`, in the order of the paths; empty sections and lists as what they are.
#[must_use]
pub fn flat(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    flatten(value, "", &mut all);
    all
}

fn flatten(value: &Value, path: &str, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, &path, all);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().enumerate().for_each(|(i, item)| flatten(item, &format!("{path}[{i}]"), all));
        }
        _ => all.push((path.to_owned(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_a_secret_is_not_shown_wherever_it_stands() {
        let all = json!({
            "bridge": [{"user": "anna", "password_file": "/etc/p", "key": "/etc/k", "ca": null}],
            "webhook": {"secret_env": null, "credential": "x"},
            "device": [{"shape": {"payloads": {"disarm": "disarm 1234"}}}],
            "keep_alive_seconds": 60,
        });
        let shown = without_secrets(all).to_string();
        for hidden in ["/etc/p", "/etc/k", "\"x\"", "1234"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for seen in ["\"user\":\"anna\"", "\"secret_env\":null", "\"keep_alive_seconds\":60"] {
            assert!(shown.contains(seen), "{shown}");
        }
    }

    #[test]
    fn each_option_has_a_path_of_its_own() {
        let flat = flat(&json!({"b": {"x": 1, "e": {}}, "a": [], "l": [{"k": [1, 2]}, {"k": null}]}));
        let told: Vec<String> = flat.iter().map(|(path, value)| format!("{path}={value}")).collect();
        assert_eq!(told, ["a=[]", "b.e={}", "b.x=1", "l[0].k=[1,2]", "l[1].k=null"]);
    }
}
