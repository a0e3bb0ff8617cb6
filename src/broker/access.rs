//! Jamey's own topics: which there are, and what others may say there.

use crate::{config::Config, domain::EntityId};

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
    /// An answer to an approval, by its id.
    Answer(String),
    /// A command to Jamey, by its verb.
    Command(String),
    /// A question to memory.
    Recall,
    /// What a receiver of snapshots wants or has: its name.
    Receiver(String),
}

/// The part of a topic below the root.
pub fn below<'t>(config: &Config, topic: &'t str) -> Option<&'t str> {
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
        ("cmd", Some(verb), None) if !verb.is_empty() => Own::Command(verb.to_owned()),
        ("approval", Some(id), Some("answer")) => Own::Answer(id.to_owned()),
        ("memory", Some("recall"), None) => Own::Recall,
        ("phoenix", Some("snapshot"), Some(_)) => match (levels.next()?, levels.next()?) {
            ("want" | "done", receiver) if !receiver.is_empty() => Own::Receiver(receiver.to_owned()),
            _ => return None,
        },
        _ => return None,
    };
    if levels.next().is_some() { None } else { Some(own) }
}

/// Whether nobody but Jamey publishes here.
#[must_use]
pub fn is_jameys(config: &Config, topic: &str) -> bool {
    config.is_own_document(topic) || (below_root(config, topic) && own_topic(config, topic).is_none())
}

#[must_use]
pub fn is_act(config: &Config, topic: &str) -> bool {
    matches!(own_topic(config, topic), Some(Own::Act { .. }))
}

/// Whether memory's answers to everybody go there.
#[must_use]
pub fn is_recall_reply(config: &Config, topic: &str) -> bool {
    below(config, topic) == Some("memory/recall/reply")
}

/// Whether a topic or filter belongs to held requests, which concern approvers only.
#[must_use]
pub fn is_approval(config: &Config, topic: &str) -> bool {
    below(config, topic).is_some_and(|rest| rest.starts_with("approval/"))
}

/// Whether a topic or filter belongs to snapshots on their way, which concern their receivers only.
#[must_use]
pub fn is_snapshot(config: &Config, topic: &str) -> bool {
    below(config, topic).is_some_and(|rest| rest.starts_with("phoenix/snapshot/"))
}
