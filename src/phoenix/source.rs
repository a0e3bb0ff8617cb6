//! What is to be saved, as `app` hands it in: components, each of items, each of bytes or of a file that stands still while it is read.

use crate::domain::limits;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, path::PathBuf};

/// What a snapshot is made of, and what can be restored by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Memory, opinions, verdicts, users, held requests, the audit trail and its key.
    Database,
    /// Retained messages, sessions and what is queued for them, exported through the engine.
    Broker,
    /// The config file.
    Config,
    /// The owner's rules.
    Rules,
    /// The owner's access lists.
    Access,
    /// Certificates and their keys; only where the owner wants that.
    Certificates,
    /// The search index; only where the owner wants that, for it can be built anew.
    Index,
}

impl Component {
    pub const ALL: [Self; 7] = [Self::Database, Self::Broker, Self::Config, Self::Rules, Self::Access, Self::Certificates, Self::Index];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Broker => "broker",
            Self::Config => "config",
            Self::Rules => "rules",
            Self::Access => "access",
            Self::Certificates => "certificates",
            Self::Index => "index",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One component as it is now.
#[derive(Debug)]
pub struct Source {
    pub component: Component,
    /// Of the database its schema; of the others the version of their layout, from 1.
    pub schema: u32,
    /// How much there is of what, for people and for the drill: `records`, `verdicts`, `retained`.
    pub counts: BTreeMap<String, u64>,
    pub items: Vec<Item>,
}

/// One file of a component.
#[derive(Debug)]
pub struct Item {
    /// Where it belongs below the folder that is restored to: `/` between names, no `..`, none empty, at most 512 bytes.
    pub path: String,
    /// Unix permission bits.
    pub mode: u32,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Bytes(Vec<u8>),
    /// Must not change while it is read: a copy that nobody else writes.
    File(PathBuf),
}

/// Whether it names something below a folder, whatever folder that is, and nothing else.
pub(super) fn is_path(path: &str) -> bool {
    let names = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\0', '\\']);
    path.len() <= limits::SAVED_PATH_BYTES && path.split('/').all(names)
}

/// Their names, for people.
pub(super) fn component_list(components: &[Component]) -> String {
    components.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder() {
        for good in ["jamey.db", "broker/retained-0.cbor", "a/b/c", "..a", "ä"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "a//b", "../x", "a/../../x", "./a", "a/", "a\\b", "a\0"] {
            assert!(!is_path(bad), "{bad}");
        }
        assert!(is_path(&"a".repeat(512)) && !is_path(&"a".repeat(513)));
    }

    #[test]
    fn components_bear_their_names() {
        for component in Component::ALL {
            assert_eq!(Component::named(component.name()), Some(component));
        }
        assert_eq!(Component::named("everything"), None);
    }
}
