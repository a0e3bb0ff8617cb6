//! A repository as it is named in the config or on the command line: where it is, what opens it, and how long snapshots stay there.

use super::Which;
use crate::{
    config::{Config, RepositoryEntry},
    phoenix::{KeyFile, PhoenixError, Repository, Retention, Secret},
};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// Where systemd puts what it hands over.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The service's, while it runs and while it does not.
const SERVICES: [&str; 2] = ["/run/credentials/jamey.service", "/etc/credstore"];

#[derive(Clone)]
pub(super) struct Place {
    pub name: String,
    pub entry: RepositoryEntry,
    /// What opens it, where that was handed in; else it is read anew each time, for it may be another one.
    secret: Option<Secret>,
}

/// Where systemd put what it hands over to Jamey; to a command of root's, what it handed over to the service, or is to.
#[must_use]
pub fn handed_over(name: &str) -> Option<PathBuf> {
    let own = std::env::var_os(CREDENTIALS).map(|folder| PathBuf::from(folder).join(name));
    own.or_else(|| SERVICES.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists()))
}

impl Place {
    pub fn of(entry: &RepositoryEntry) -> Self {
        Self { name: entry.name.clone(), entry: entry.clone(), secret: None }
    }

    /// Those that it is about.
    ///
    /// # Errors
    /// When there is none of this name, or none at all.
    pub fn named(config: &Config, which: Which<'_>) -> Result<Vec<Self>> {
        let all = &config.phoenix.repositories;
        match which {
            Which::Other { folder, secret } => {
                let entry = RepositoryEntry { path: folder.to_owned(), ..RepositoryEntry::default() };
                Ok(vec![Self { name: folder.display().to_string(), entry, secret: Some(secret.clone()) }])
            }
            _ if all.is_empty() => bail!("no repository is configured: name one under [[phoenix.repository]]"),
            Which::All => Ok(all.iter().map(Self::of).collect()),
            Which::Named(name) => match all.iter().find(|entry| entry.name == name || entry.path == Path::new(name)) {
                Some(entry) => Ok(vec![Self::of(entry)]),
                None => {
                    let names: Vec<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
                    bail!("`{name}` is no repository of the config; there is {}", names.join(", "))
                }
            },
        }
    }

    /// # Errors
    /// When there is none, or what should open it cannot be read or opens it not.
    pub fn open(&self) -> Result<Repository, PhoenixError> {
        match &self.secret {
            Some(secret) => Repository::open(&self.entry.path, secret),
            None => Repository::open(&self.entry.path, &Secret::KeyFile(KeyFile::read(&self.key_file()?)?)),
        }
    }

    fn key_file(&self) -> Result<PathBuf, PhoenixError> {
        match (&self.entry.key_file, &self.entry.credential) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(name)) => handed_over(name).ok_or_else(|| {
                let why = "systemd handed nothing over: write `LoadCredential=` in the unit, or `key_file` in the config; a command takes `--key-file`";
                PhoenixError::Key(format!("credential {name}: {why}"))
            }),
            (None, None) => Err(PhoenixError::Key(format!("{}: nothing is named that opens it", self.entry.path.display()))),
        }
    }

    pub fn retention(&self) -> Retention {
        let RepositoryEntry { keep_last, keep_daily, keep_weekly, keep_monthly, .. } = self.entry;
        Retention { last: keep_last, daily: keep_daily, weekly: keep_weekly, monthly: keep_monthly }
    }

    pub fn bytes_a_second(&self) -> u64 {
        u64::from(self.entry.megabytes_per_second) * 1_000_000
    }
}
