//! What changed since the last snapshot: how much of what is remembered, and whether config, rules or access lists are others.

use crate::{
    config::Config,
    store::{Reader, StoreError},
};
use std::path::{Path, PathBuf};

/// Changes read at once.
const PAGE: u32 = 1_000;

/// How much is counted of the store's log of changes, and up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    pub to: i64,
    pub changes: u64,
}

impl Counted {
    pub fn from(change: i64) -> Self {
        Self { to: change, changes: 0 }
    }

    /// Counts on to the end.
    pub fn go_on(&mut self, store: &Reader) -> Result<(), StoreError> {
        loop {
            let page = store.changed_records(self.to, PAGE)?;
            self.changes += page.iter().map(|(_, records)| u64::try_from(records.len()).unwrap_or(0)).sum::<u64>();
            let Some((last, _)) = page.last() else { return Ok(()) };
            self.to = *last;
        }
    }
}

/// Where the log of changes ends; 0 where nobody knows.
pub(super) fn end(data: &Path) -> i64 {
    Reader::open(data).and_then(|store| store.change_log()).ok().flatten().map_or(0, |(_, last)| last)
}

/// What the owner wrote, in one short text that is another when that is.
#[derive(Debug)]
pub(super) struct Words {
    files: Vec<PathBuf>,
    config: Vec<u8>,
}

impl Words {
    pub fn of(config: &Config) -> Self {
        let conscience = &config.conscience;
        let files = config.file.iter().chain(&conscience.rules).chain(&conscience.shadow).chain(&config.broker.acl);
        let chosen = config.store.data.join(crate::app::orders::FILE);
        let own = crate::app::rules::own_path(&config.store.data);
        Self { files: files.cloned().chain([chosen, own]).collect(), config: serde_json::to_vec(config).unwrap_or_default() }
    }

    /// A file that cannot be read is another than one that can.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.config);
        for file in &self.files {
            match std::fs::read(file) {
                Ok(bytes) => hasher.update(blake3::hash(&bytes).as_bytes()),
                Err(_) => hasher.update(b"?"),
            };
        }
        hasher.finalize().to_hex().chars().take(32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rule_is_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules.toml");
        let mut config = Config::default();
        config.conscience.rules = vec![rules.clone()];
        let words = Words::of(&config);
        let mut seen = vec![words.digest()];
        for text in ["a = 1", "a = 2"] {
            std::fs::write(&rules, text).unwrap();
            assert_eq!(words.digest(), words.digest());
            seen.push(words.digest());
        }
        seen.push(Words::of(&Config { node: "other".into(), ..config }).digest());
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }
}
