//! Who may come in: users from the store, access lists from their file; looked at again each second while Jamey runs.

use crate::{
    broker::{Door, Hall},
    config::{self, Config},
    store::{Reader, Readers},
};
use anyhow::{Result, anyhow, bail};
use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::watch;
use tracing::{info, warn};

/// Reads both.
///
/// # Errors
/// All that is wrong with the access lists, or when the store cannot be read.
pub fn open(config: &Config, data: &Path) -> Result<Door> {
    let people = Reader::open(data)?.people()?;
    Ok(Door { people, acl: lists(config)?, epoch: 0 })
}

fn lists(config: &Config) -> Result<crate::domain::Acl> {
    config::acl(config.broker.acl.as_deref(), &config.root).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("the access lists are refused:\n  {}", lines.join("\n  "))
    })
}

/// A door that others can reach wants somebody who may come in, and a name for each; a certificate is one.
///
/// # Errors
/// With the commands that help.
pub fn check(config: &Config, door: &Door) -> Result<()> {
    let listed = config.listeners.iter().filter(|entry| !entry.requires_certificate()).map(|entry| &entry.address);
    let all = config.broker.mqtt.iter().chain(listed);
    let outside: Vec<&SocketAddr> = all.filter(|a| !a.ip().to_canonical().is_loopback()).collect();
    if outside.is_empty() || !door.people.is_empty() || config.broker.anonymous_beyond_loopback {
        return Ok(());
    }
    let list: Vec<String> = outside.iter().map(ToString::to_string).collect();
    let data = config.store.data.display();
    bail!(
        "{} can be reached by others, and there is nobody who may sign in. First:\n  \
         jamey --data {data} user add anna --role admin\n  \
         jamey --data {data} user add home_assistant --role home_assistant\n  \
         jamey --data {data} user add zigbee2mqtt --role zigbee2mqtt\n\
         or listen on 127.0.0.1 only. (Anybody may come in with broker.anonymous_beyond_loopback = true.)",
        list.join(", ")
    )
}

/// Takes over what changed. Access lists that are wrong are told of, and the old ones stay.
pub async fn watch(data: std::path::PathBuf, hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    let readers = Arc::new(Readers::new(&data));
    let file = hall.config.broker.acl.clone();
    let mut seen = (None, file.as_deref().and_then(changed_at));
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        let (reading, known) = (Arc::clone(&readers), seen.0);
        let look = move || {
            reading.with(|reader| {
                let changes = reader.people_changes()?;
                Ok((changes, if known == Some(changes) { None } else { Some(reader.people()?) }))
            })
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok((changes, people))) => {
                if let Some(people) = people.filter(|people| *people != hall.door().people) {
                    info!("users changed: there are {}", people.users.len());
                    hall.change_door(|door| door.people = people);
                }
                seen.0 = Some(changes);
            }
            Ok(Err(error)) => hall.counters.refuse("users", &format!("users cannot be read, those known stay: {error}")),
            Err(_) => return,
        }
        let written = file.as_deref().and_then(changed_at);
        if written != seen.1 {
            seen.1 = written;
            match lists(&hall.config) {
                Ok(acl) => {
                    info!("the access lists changed");
                    hall.change_door(|door| door.acl = acl);
                }
                Err(error) => warn!("{error}\nthe old access lists stay"),
            }
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}
