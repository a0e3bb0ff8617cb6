//! Whether a Jamey could live in what was restored for trial: the broker takes back what was kept of it, and config, rules and access lists are such
//! as a start accepts.

use super::{
    Settled, named,
    settle::{broker, config},
};
use crate::{
    app::{self, rules},
    config::{self as configured, Config, ConfigError, Sources},
    domain::Timestamp,
    phoenix::Manifest,
};
use std::{fs, path::Path};

/// The most that is told of one thing: a config may have many errors.
const CHARS: usize = 600;

/// What would be in the way, in words. The folder is thrown away afterwards: it is written in.
pub(super) fn obstacles(restored: &Path, manifest: &Manifest, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(error) = broker(restored, manifest.taken_at, now) {
        found.push(told("what was kept of the broker cannot be taken back", &format!("{error:#}")));
    }
    if restored.join(named::FILE).is_file()
        && let Err(why) = start(restored)
    {
        found.push(told(&format!("a Jamey with its {} would not start", named::FILE), &why));
    }
    found
}

/// As `jamey check` looks at it, from where it was restored.
fn start(restored: &Path) -> Result<(), String> {
    let whole = |error: anyhow::Error| format!("{error:#}");
    let mut settled = Settled::default();
    config(restored, restored, &mut settled).map_err(whole)?;
    let text = fs::read_to_string(restored.join(named::FILE)).map_err(|error| error.to_string())?;
    // What this house has from its environment, the next has too, or is told of (`RESTORED.txt`).
    let sources = Sources { file: Some((named::FILE, &text)), env: std::env::vars().collect(), flags: vec![] };
    let config = Config::read(&sources).map_err(|errors| all(&errors))?;
    rules::sets(&config).map_err(|refused| refused.to_string())?;
    app::settings(&config).map_err(whole)?;
    let access = configured::acl(config.broker.acl.as_deref(), &config.root);
    access.map(drop).map_err(|errors| all(&errors))
}

fn all(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn told(what: &str, why: &str) -> String {
    let why: String = why.chars().take(CHARS).collect();
    format!("{what}: {why}")
}
