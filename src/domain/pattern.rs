//! Topic patterns of the config: which topics are inputs, and which are guarded by the owner's word.

use super::{CommandShape, DeviceClass, EntityId, TopicFilter, Unit01, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A topic filter whose levels may be `{entity}` and `{kind}`: `tele/{entity}/{kind}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InputPattern {
    text: String,
    filter: TopicFilter,
    entity: Option<usize>,
    kind: Option<usize>,
}

impl InputPattern {
    /// # Errors
    /// When the pattern, with its placeholders as `+`, is no topic filter, or a placeholder stands twice.
    pub fn new(text: &str) -> Result<Self, String> {
        let place = |name: &str| {
            let mut at = text.split('/').enumerate().filter(|(_, level)| *level == name).map(|(i, _)| i);
            let first = at.next();
            if at.next().is_some() { Err(format!("`{text}`: {name} stands twice")) } else { Ok(first) }
        };
        let (entity, kind) = (place("{entity}")?, place("{kind}")?);
        let plain: Vec<&str> = text.split('/').map(|l| if l == "{entity}" || l == "{kind}" { "+" } else { l }).collect();
        let filter = TopicFilter::new(&plain.join("/")).map_err(|e| e.to_string())?;
        Ok(Self { text: text.to_owned(), filter, entity, kind })
    }

    #[must_use]
    pub fn filter(&self) -> &TopicFilter {
        &self.filter
    }

    /// The entity and kind that a topic names, where it matches.
    #[must_use]
    pub fn read<'t>(&self, topic: &'t str) -> Option<(Option<&'t str>, Option<&'t str>)> {
        if !self.filter.matches(topic) {
            return None;
        }
        let level = |at: Option<usize>| at.and_then(|i| topic.split('/').nth(i)).filter(|l| !l.is_empty());
        Some((level(self.entity), level(self.kind)))
    }
}

impl TryFrom<String> for InputPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text)
    }
}

impl From<InputPattern> for String {
    fn from(p: InputPattern) -> String {
        p.text
    }
}

/// One source of percepts besides `jamey/in`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputSource {
    pub pattern: InputPattern,
    /// Used where the topic names no entity; else the requester.
    pub entity: Option<EntityId>,
    /// Used where the topic names no kind; `state` when neither does.
    pub kind: Option<String>,
}

/// Topics that the owner guards by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnerGuard {
    pub filter: TopicFilter,
    /// Topics under the filter that are not commands (a device's own state).
    pub except: Vec<TopicFilter>,
    /// The device commanded; None: the topic itself, escaped, is its id.
    pub device: Option<EntityId>,
    pub class: DeviceClass,
    pub area: Option<String>,
    pub tags: BTreeSet<String>,
    pub risk: Option<Unit01>,
    pub shape: CommandShape,
}

/// What of a kind is a good name: `[a-z0-9_.-]`, cut to the limit; other bytes become `_`.
#[must_use]
pub fn kind_name(level: &str) -> String {
    let mut out: String = level
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c.to_ascii_lowercase() } else { '_' })
        .take(limits::KIND_BYTES)
        .collect();
    if out.is_empty() {
        out.push_str("state");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_entity_and_kind() {
        let p = InputPattern::new("tele/{entity}/{kind}").unwrap();
        assert_eq!(p.read("tele/plug/SENSOR"), Some((Some("plug"), Some("SENSOR"))));
        assert_eq!(p.read("tele/plug"), None);
        assert!(InputPattern::new("{kind}/{kind}").is_err());
        assert!(InputPattern::new("a/#/{kind}").is_err());
        assert_eq!(kind_name("Ü x"), "__x");
        assert_eq!(kind_name(&"k".repeat(65)).len(), limits::KIND_BYTES);
    }
}
