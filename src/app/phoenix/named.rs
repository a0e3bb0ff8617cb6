//! Which files of its owner's a config names, and where each stands in a snapshot.

use crate::{
    config::{Config, Remote},
    phoenix::Component,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One of them, as the snapshot tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The option that names it: `broker.acl`.
    pub option: String,
    /// As it stands in the config.
    pub was: PathBuf,
    /// Its place in the snapshot.
    pub item: String,
    pub component: Component,
}

/// Where what is told of them stands, among the config.
pub(super) const PLACES: &str = "config/places.json";
/// The config file.
pub(super) const FILE: &str = "config/jamey.toml";
/// The config as it was in effect: file, environment and flags together.
pub(super) const IN_EFFECT: &str = "config/in-effect.json";
/// What was chosen over it while Jamey ran.
pub(super) const CHOSEN: &str = "config/chosen.json";
/// Names by which a config names files.
pub(super) const KEYS: [&str; 8] = ["rules", "shadow", "acl", "certificate", "key", "ca", "crl", "password_file"];

/// All but what opens a repository of snapshots, which is not to lie in one, and passwords and secrets that others share.
#[must_use]
pub fn files(config: &Config) -> Vec<Named> {
    let mut all = Vec::new();
    let rules = config.conscience.rules.iter().map(|path| ("conscience.rules", path));
    let shadow = config.conscience.shadow.iter().map(|path| ("conscience.shadow", path));
    for (option, path) in rules.chain(shadow) {
        put(&mut all, Component::Rules, option, path);
    }
    if let Some(path) = &config.broker.acl {
        put(&mut all, Component::Access, "broker.acl", path);
    }
    let listeners = config.listeners.iter().filter_map(|listener| Some(("listener", listener.tls.as_ref()?)));
    for (section, tls) in listeners.chain(config.http.tls.iter().map(|tls| ("http.tls", tls))) {
        let clients = tls.clients.as_ref();
        let files = [
            ("certificate", Some(&tls.certificate)),
            ("key", Some(&tls.key)),
            ("ca", clients.map(|clients| &clients.ca)),
            ("crl", clients.and_then(|clients| clients.crl.as_ref())),
        ];
        for (key, path) in files {
            if let Some(path) = path {
                put(&mut all, Component::Certificates, &format!("{section}.{key}"), path);
            }
        }
    }
    for path in config.webhooks.iter().filter_map(|hook| hook.ca.as_ref()) {
        put(&mut all, Component::Certificates, "webhook.ca", path);
    }
    for (section, remote) in remotes(config) {
        for (key, path) in [("ca", &remote.ca), ("certificate", &remote.certificate), ("key", &remote.key)] {
            if let Some(path) = path {
                put(&mut all, Component::Certificates, &format!("{section}.{key}"), path);
            }
        }
    }
    all
}

/// Other files that it names and no snapshot holds, as option and path.
#[must_use]
pub fn secrets(config: &Config) -> Vec<(String, PathBuf)> {
    let passwords =
        remotes(config).filter_map(|(section, remote)| Some((format!("{section}.password_file"), remote.password_file.clone()?)));
    let keys =
        config.phoenix.repositories.iter().filter_map(|entry| Some(("phoenix.repository.key_file".to_owned(), entry.key_file.clone()?)));
    let hooks = config.webhooks.iter().filter_map(|hook| Some(("webhook.secret_file".to_owned(), hook.secret_file.clone()?)));
    passwords.chain(keys).chain(hooks).collect()
}

/// Other brokers, by the section that names them.
pub fn remotes(config: &Config) -> impl Iterator<Item = (&'static str, &Remote)> {
    let bridges = config.bridges.iter().map(|bridge| ("bridge", &bridge.remote));
    let courier = config.phoenix.courier.iter().filter_map(|courier| Some(("phoenix.courier", courier.remote.as_ref()?)));
    bridges.chain(config.attached.iter().map(|attached| ("attached", &attached.remote))).chain(courier)
}

/// A file that is named twice stands there once.
fn put(all: &mut Vec<Named>, component: Component, option: &str, path: &Path) {
    if all.iter().any(|one| one.was == path && one.option == option) {
        return;
    }
    let same = all.iter().find(|one| one.was == path && one.component == component);
    let item = same.map_or_else(
        || {
            let number = all.iter().filter(|one| one.component == component).count();
            // A name that a person knows again; whatever else is in it stays where it was.
            let name: String = path.file_name().unwrap_or_default().to_string_lossy().chars().map(plain).take(80).collect();
            format!("{}/{number:02}-{name}", component.name())
        },
        |same| same.item.clone(),
    );
    all.push(Named { option: option.to_owned(), was: path.to_owned(), item, component });
}

fn plain(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }
}
