//! What a connection may say and hear below Jamey's root; elsewhere everyone may, until access lists say otherwise.

use crate::{
    config::Config,
    domain::{EntityId, Source, TopicFilter, topic},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Granted,
    Refused,
}

/// A topic of Jamey's own that others may publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    In {
        entity: EntityId,
        kind: String,
    },
    Act {
        target: EntityId,
        verb: String,
    },
    /// `cmd`, answers to approvals, recall.
    Other,
}

/// The part of a topic below the root.
fn below<'t>(config: &Config, topic: &'t str) -> Option<&'t str> {
    topic.strip_prefix(config.root.as_str())?.strip_prefix('/')
}

#[must_use]
pub fn below_root(config: &Config, topic: &str) -> bool {
    topic == config.root || below(config, topic).is_some()
}

/// Which of Jamey's own topics this is; None for any other, and for those that only Jamey publishes.
#[must_use]
pub fn own_topic(config: &Config, topic: &str) -> Option<Own> {
    let rest = below(config, topic)?;
    let mut levels = rest.split('/');
    let own = match (levels.next()?, levels.next(), levels.next()) {
        ("in", Some(entity), Some(kind)) if !entity.is_empty() && !kind.is_empty() => {
            Own::In { entity: EntityId::escaped(entity), kind: crate::domain::pattern::kind_name(kind) }
        }
        ("act", Some(target), Some(verb)) if !target.is_empty() && !verb.is_empty() => {
            Own::Act { target: EntityId::escaped(target), verb: crate::domain::pattern::kind_name(verb) }
        }
        ("cmd", Some(verb), None) if !verb.is_empty() => Own::Other,
        ("approval", Some(_), Some("answer")) | ("memory", Some("recall"), None) => Own::Other,
        _ => return None,
    };
    if levels.next().is_some() { None } else { Some(own) }
}

#[must_use]
pub fn is_act(config: &Config, topic: &str) -> bool {
    matches!(own_topic(config, topic), Some(Own::Act { .. }))
}

/// Whether a source may publish to a topic. Below the root only inputs, requests, recall and, by role, commands and answers.
#[must_use]
pub fn publish(config: &Config, source: &Source, topic: &str) -> Access {
    if topic.starts_with('$') {
        return Access::Refused;
    }
    if !below_root(config, topic) {
        return Access::Granted;
    }
    let allowed = match own_topic(config, topic) {
        Some(Own::In { .. } | Own::Act { .. }) => topic::check_input(topic).is_ok(),
        Some(Own::Other) if below(config, topic).is_some_and(|t| t.starts_with("cmd/")) => {
            matches!(source.role.as_str(), "operator" | "admin")
        }
        Some(Own::Other) if below(config, topic).is_some_and(|t| t.starts_with("approval/")) => source.role == "approver",
        Some(Own::Other) => true,
        None => false,
    };
    if allowed { Access::Granted } else { Access::Refused }
}

/// Whether a source may subscribe: approvals are for approvers.
#[must_use]
pub fn subscribe(config: &Config, source: &Source, filter: &str) -> bool {
    let plain = filter.strip_prefix("$share/").and_then(|s| s.split_once('/')).map_or(filter, |(_, f)| f);
    match (TopicFilter::new(plain), plain.strip_prefix(config.root.as_str())) {
        (Ok(_), Some(rest)) if rest.starts_with("/approval/") => source.role == "approver",
        (Ok(_), _) => true,
        (Err(_), _) => false,
    }
}
