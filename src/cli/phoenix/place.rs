//! Which repository a command is about: named in the config, or a folder.

use crate::{
    cli::Common,
    config::{Config, RepositoryEntry},
};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The repository: its name in the config, or its folder; without it, the first one of the config.
    #[arg(long, value_name = "PATH|NAME")]
    pub repository: Option<String>,
}

/// Where it is, and what the config says of it.
#[derive(Debug)]
pub(super) struct Found<'c> {
    pub folder: PathBuf,
    pub entry: Option<&'c RepositoryEntry>,
}

impl Place {
    pub(super) fn find<'c>(&self, config: &'c Config) -> Result<Found<'c>> {
        let all = &config.phoenix.repositories;
        let of = |entry: &'c RepositoryEntry| Found { folder: entry.path.clone(), entry: Some(entry) };
        let Some(wanted) = &self.repository else {
            return all.first().map(of).context(
                "which repository? Say --repository PATH, or name one in the config under [[phoenix.repository]]; `jamey phoenix init --repository PATH` makes one",
            );
        };
        if let Some(entry) = all.iter().find(|entry| entry.name == *wanted) {
            return Ok(of(entry));
        }
        let folder = std::path::absolute(wanted).with_context(|| format!("{wanted} is no path"))?;
        let same = |entry: &&RepositoryEntry| is_same(&entry.path, &folder);
        match all.iter().find(same) {
            Some(entry) => Ok(of(entry)),
            None if wanted.is_empty() => bail!("--repository is empty: say its name in the config, or its folder"),
            None => Ok(Found { folder, entry: None }),
        }
    }
}

/// Whether both are the same folder, by whatever way.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    real(one).is_some_and(|path| Some(path) == real(other))
}

impl Found<'_> {
    /// As the config calls it, else its folder.
    pub fn name(&self) -> String {
        self.entry.map_or_else(|| self.folder.display().to_string(), |entry| entry.name.clone())
    }

    /// For a command to copy: nothing where it is found by itself.
    pub fn flag(&self, config: &Config) -> String {
        match self.entry {
            Some(entry) if config.phoenix.repositories.len() == 1 && config.phoenix.repositories.contains(entry) => String::new(),
            Some(entry) => format!(" --repository {}", entry.name),
            None => format!(" --repository {}", quoted(&self.folder)),
        }
    }
}

/// The command as it was called, for one to copy: with the same config and data folder.
pub(super) fn command(common: &Common, words: &str) -> String {
    let mut all = format!("jamey {words}");
    for (flag, path) in [("--config", &common.config), ("--data", &common.data)] {
        if let Some(path) = path {
            all.push_str(&format!(" {flag} {}", quoted(&whole(path))));
        }
    }
    all
}

/// From the root on, so that it holds in whatever folder it is pasted.
pub(super) fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// As a shell takes it for one word.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ':' | '@' | '%' | ',');
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let entry = |name: &str, path: &str| RepositoryEntry { name: name.into(), path: path.into(), ..RepositoryEntry::default() };
        let mut config = Config::default();
        config.phoenix.repositories = vec![entry("nas", "/mnt/nas/jamey"), entry("usb", "/mnt/usb")];
        config
    }

    fn found(repository: Option<&str>) -> String {
        let config = config();
        let found = Place { repository: repository.map(str::to_owned) }.find(&config).unwrap();
        format!("{} at {}", found.name(), found.folder.display())
    }

    #[test]
    fn a_repository_is_found_by_name_by_folder_and_by_itself() {
        assert_eq!(found(None), "nas at /mnt/nas/jamey");
        assert_eq!(found(Some("usb")), "usb at /mnt/usb");
        assert_eq!(found(Some("/mnt/usb/")), "usb at /mnt/usb");
        assert_eq!(found(Some("/mnt/other")), "/mnt/other at /mnt/other");
        assert!(Place { repository: None }.find(&Config::default()).unwrap_err().to_string().contains("--repository PATH"));
        assert!(Place { repository: Some(String::new()) }.find(&config()).is_err());
    }

    #[test]
    fn a_path_is_one_word_to_a_shell() {
        assert_eq!(quoted(Path::new("/mnt/nas/jamey-2")), "/mnt/nas/jamey-2");
        assert_eq!(quoted(Path::new("/mnt/my nas")), "'/mnt/my nas'");
        assert_eq!(quoted(Path::new("/mnt/$HOME's")), r"'/mnt/$HOME'\''s'");
    }
}
