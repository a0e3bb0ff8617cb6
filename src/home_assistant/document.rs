//! A discovery document with its keys spelled out and its topics made whole, however it abbreviates.

use super::keys;
use crate::domain::limits;
use serde_json::{Map, Value};

/// The fields of one component. A key may stand twice, once abbreviated: which of the two Home Assistant takes depends on
/// their order, which JSON does not keep, so both count where a guard could be missed.
pub struct Document<'d> {
    fields: Vec<(&'d str, &'d Value)>,
    /// What `~` stands for.
    base: Option<&'d str>,
    device: Option<&'d Value>,
}

/// What the components of a device take from it, where they do not say otherwise (`SHARED_OPTIONS` of Home Assistant).
const SHARED: [&str; 2] = ["command_topic", "state_topic"];

impl<'d> Document<'d> {
    pub fn new(map: &'d Map<String, Value>, shared: Option<&Document<'d>>) -> Self {
        let mut fields: Vec<(&str, &Value)> = map.iter().map(|(key, value)| (keys::full(key), value)).collect();
        let base = map.get("~").and_then(Value::as_str).or(shared.and_then(|s| s.base));
        let device = fields.iter().find(|(key, _)| *key == "device").map(|(_, v)| *v).or(shared.and_then(|s| s.device));
        for option in SHARED {
            if let Some(value) = shared.and_then(|s| s.get(option))
                && !fields.iter().any(|(key, _)| *key == option)
            {
                fields.push((option, value));
            }
        }
        Self { fields, base, device }
    }

    pub fn get(&self, key: &str) -> Option<&'d Value> {
        self.all(key).next()
    }

    pub fn all(&self, key: &str) -> impl Iterator<Item = &'d Value> {
        self.fields.iter().filter(move |(k, v)| *k == key && !v.is_null()).map(|(_, v)| *v)
    }

    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.get(key)?.as_str()
    }

    /// Whether a key is there and says null: no default then.
    pub fn is_null(&self, key: &str) -> bool {
        self.fields.iter().any(|(k, v)| *k == key && v.is_null())
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }

    /// A field of `device`, under its full or its short name.
    pub fn of_device(&self, full: &str, short: &str) -> Option<&'d Value> {
        let device = self.device?.as_object()?;
        device.get(full).or_else(|| device.get(short))
    }

    /// Every command topic, with the key that declares it: `command_topic`, `set_position_topic`, `tilt_command_topic` …
    ///
    /// # Errors
    /// At the first that is no topic name.
    pub fn command_topics(&self) -> Result<Vec<(&'d str, String)>, String> {
        let mut topics = Vec::new();
        for (key, value) in self.commanding() {
            let text = value.as_str().ok_or_else(|| format!("`{key}` is no text"))?;
            topics.push((key, check(key, self.expand(text))?));
        }
        Ok(topics)
    }

    /// The same as far as they are text, whatever else is wrong.
    pub fn commanded(&self) -> impl Iterator<Item = String> {
        self.commanding().filter_map(|(_, value)| Some(self.expand(value.as_str()?)))
    }

    fn commanding(&self) -> impl Iterator<Item = (&'d str, &'d Value)> {
        // An abbreviation newer than our table ends so too; it is guarded, if not understood.
        let commands =
            |key: &str| key.ends_with("command_topic") || key.ends_with("cmd_t") || (key.starts_with("set_") && key.ends_with("_topic"));
        self.fields.iter().filter(move |(key, value)| commands(key) && !value.is_null()).copied()
    }

    /// A topic that is only told about; None where it is missing or no topic.
    pub fn topic(&self, key: &str) -> Option<String> {
        check(key, self.expand(self.text(key)?)).ok()
    }

    fn expand(&self, topic: &str) -> String {
        let Some(base) = self.base else { return topic.to_owned() };
        let mut out = topic.strip_prefix('~').map_or_else(|| topic.to_owned(), |rest| format!("{base}{rest}"));
        // Home Assistant looks at both ends, and a lone `~` has but one.
        if topic.len() > 1 && topic.ends_with('~') {
            out.pop();
            out.push_str(base);
        }
        out
    }
}

/// A topic name: not empty, not too long, no wildcard, no NUL.
///
/// # Errors
/// Otherwise, naming the key.
pub fn check(key: &str, topic: String) -> Result<String, String> {
    if topic.is_empty() || topic.len() > limits::TOPIC_BYTES || topic.contains(['+', '#', '\0']) {
        let shown: String = topic.chars().take(80).collect();
        return Err(format!("`{key}` = `{shown}` is no topic name: write 1 to {} bytes without `+`, `#` and NUL", limits::TOPIC_BYTES));
    }
    Ok(topic)
}
