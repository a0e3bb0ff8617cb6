//! `jamey export mosquitto`: the way back: a folder with which a mosquitto takes over, of a Jamey that is stopped.

use super::{Common, certs};
use crate::{
    app,
    broker::keep,
    config::{self, Config, Direction, ListenerEntry, Protocol, Remote},
    domain::Timestamp,
    mosquitto::{Exported, Fate, Leaving, LeavingDoor, conf, db, export},
    runtime::Clock,
    store::Registrar,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// To mosquitto: its config, password and access files, and its database with retained messages and sessions. Jamey must be stopped.
    Mosquitto(Mosquitto),
}

#[derive(Debug, Args)]
pub struct Mosquitto {
    /// The folder to be made; mosquitto's user must own it, and what is in it.
    #[arg(value_name = "DIR")]
    into: PathBuf,
    /// Write over what is there.
    #[arg(long)]
    force: bool,
}

const NAMES: [&str; 3] = ["mosquitto.conf", "passwords", "access"];
const DATABASE: &str = "mosquitto.db";

/// # Errors
/// When Jamey runs, something is in the way, or the folder cannot be written.
pub fn export_to(common: &Common, action: &Action) -> Result<()> {
    let Action::Mosquitto(asked) = action;
    let config = common.load()?;
    let into = std::path::absolute(&asked.into)?;
    if let (Some(path), false) = (NAMES.iter().chain([&DATABASE]).map(|name| into.join(name)).find(|path| path.exists()), asked.force) {
        bail!("{} is there already: name another folder, or say --force to write over it", path.display());
    }
    let data = &config.store.data;
    if !data.is_dir() {
        bail!("there is no data folder {}: name it with --data, or the config with --config", data.display());
    }
    let _lock = app::lock(data).context("what is retained is taken from a Jamey that is stopped")?;
    let acl = config::acl(config.broker.acl.as_deref(), &config.root).map_err(|errors| {
        anyhow::anyhow!("the access lists are refused: {}", errors.first().map(ToString::to_string).unwrap_or_default())
    })?;
    let people = Registrar::open(data)?.people()?;
    let holdings = super::run::on_one_thread(async { Ok(keep::holdings(&config, &data.join("broker")).await?) })?;
    let folder = into.display().to_string();
    let leaving = Leaving {
        acl: &acl,
        people: &people,
        root: &config.root,
        doors: doors(&config),
        bridges: config.bridges.iter().map(bridge).collect::<Result<_>>()?,
        sizes: sizes(&config),
        folder: &folder,
        names: NAMES,
        database: DATABASE,
    };
    let made = export(&leaving);
    app::private_folder(&into).with_context(|| format!("{} cannot be made", into.display()))?;
    let now = Clock::new(Timestamp::default()).wall();
    let texts = [&made.conf, &made.passwords, &made.access];
    for (name, text) in NAMES.iter().zip(texts) {
        certs::write(&into.join(name), text.as_bytes(), certs::For::Owner, asked.force)?;
    }
    certs::write(&into.join(DATABASE), db::write(&holdings, now.micros() / 1_000_000), certs::For::Owner, asked.force)?;
    tell(common, &into, &made, holdings.retained.len(), holdings.absent.len());
    Ok(())
}

fn doors(config: &Config) -> Vec<LeavingDoor> {
    let broker = &config.broker;
    let plain = broker.mqtt.iter().map(|address| LeavingDoor {
        address: *address,
        websocket: false,
        certificate: None,
        key: None,
        ca: None,
        crl: None,
        requires_certificate: false,
        anonymous: broker.anonymous && (address.ip().to_canonical().is_loopback() || broker.anonymous_beyond_loopback),
        max_connections: None,
    });
    plain.chain(config.listeners.iter().map(|entry| listed(entry, config))).collect()
}

fn listed(entry: &ListenerEntry, config: &Config) -> LeavingDoor {
    let broker = &config.broker;
    let shown = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let clients = entry.tls.as_ref().and_then(|tls| tls.clients.as_ref());
    LeavingDoor {
        address: entry.address,
        websocket: entry.protocol == Protocol::Websocket,
        certificate: entry.tls.as_ref().map(|tls| shown(&tls.certificate)),
        key: entry.tls.as_ref().map(|tls| shown(&tls.key)),
        ca: clients.map(|clients| shown(&clients.ca)),
        crl: clients.and_then(|clients| clients.crl.as_deref()).map(shown),
        requires_certificate: entry.requires_certificate(),
        anonymous: entry.lets_in_anybody(broker.anonymous, broker.anonymous && broker.anonymous_beyond_loopback),
        max_connections: entry.max_connections,
    }
}

fn sizes(config: &Config) -> conf::Sizes {
    let number = |number: usize| Some(u64::try_from(number).unwrap_or(u64::MAX));
    conf::Sizes {
        packet_bytes: number(config.broker.max_packet_bytes),
        in_flight: Some(u64::from(config.limits.in_flight)),
        queued_messages: number(config.limits.queued_messages),
        queued_bytes: number(config.limits.queued_bytes),
        keep_alive_seconds: Some(u64::from(config.limits.keep_alive_max_seconds)),
        sessions_seconds: Some(u64::from(config.broker.keep_sessions_seconds)),
    }
}

/// With its password, which mosquitto has in its config.
fn bridge(entry: &config::BridgeEntry) -> Result<conf::Bridge> {
    let remote: &Remote = &entry.remote;
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let password = match (&remote.password_file, &remote.password_env) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            Some(text.trim_end().to_owned())
        }
        (None, Some(name)) => Some(std::env::var(name).with_context(|| {
            format!("the password of the bridge `{}` is in {name}, which is not set here: set it for this command", entry.name)
        })?),
        (None, None) => None,
    };
    let topic = |topic: &config::BridgeTopic| conf::BridgeTopic {
        filter: topic.filter.clone(),
        way: match topic.direction {
            Direction::In => conf::Way::In,
            Direction::Out => conf::Way::Out,
            Direction::Both => conf::Way::Both,
        },
        qos: topic.qos,
        local: topic.local_prefix.clone(),
        remote: topic.remote_prefix.clone(),
    };
    Ok(conf::Bridge {
        name: entry.name.clone(),
        address: Some(remote.address.clone()),
        user: remote.user.clone(),
        password,
        client_id: remote.client_id.clone(),
        keep_alive_seconds: Some(u64::from(remote.keep_alive_seconds)),
        clean_start: remote.clean_start,
        tls: remote.tls,
        // The host's own authorities, where none is named.
        ca: shown(&remote.ca).or_else(|| remote.tls.then(|| "/etc/ssl/certs/ca-certificates.crt".to_owned())),
        certificate: shown(&remote.certificate),
        key: shown(&remote.key),
        topics: entry.topics.iter().map(topic).collect(),
        ..conf::Bridge::default()
    })
}

fn tell(common: &Common, into: &Path, made: &Exported, retained: usize, sessions: usize) {
    let passwords = into.join(NAMES[1]);
    let commands: Vec<String> =
        made.without_password.iter().map(|name| format!("mosquitto_passwd {} {name}", app::phoenix::quoted(&passwords))).collect();
    if common.json {
        let told = json!({"v": 1, "folder": into, "retained": retained, "sessions": sessions, "commands": commands, "notes": made.notes});
        crate::cli::line!("{told}");
        return;
    }
    crate::cli::line!("{} holds what mosquitto needs: {retained} retained messages, {sessions} sessions", into.display());
    for (title, fate) in [("These mean something else there:", Fate::Changed), ("These have no counterpart there:", Fate::Lost)] {
        let means: Vec<&str> = made.notes.iter().filter(|note| note.fate == fate).map(|note| note.means.as_str()).collect();
        if !means.is_empty() {
            crate::cli::line!("\n{title}");
            means.iter().for_each(|line| crate::cli::line!("  {line}"));
        }
    }
    crate::cli::line!("\nNext, with Jamey stopped:");
    commands.iter().for_each(|command| crate::cli::line!("  {command}"));
    let (folder, conf) = (app::phoenix::quoted(into), app::phoenix::quoted(&into.join(NAMES[0])));
    crate::cli::line!("  chown -R mosquitto {folder}\n  mosquitto -c {conf}");
}
