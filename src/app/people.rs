//! Who may come in: users from the store, access lists from their file; looked at again each second while Jamey runs.

use crate::{
    broker::{Door, Hall},
    config::{self, Config},
    domain::People,
    runtime::pulse,
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

/// The access lists, those of the owner among them.
///
/// # Errors
/// All that is wrong with them.
pub fn lists(config: &Config) -> Result<crate::domain::Acl> {
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

/// Why the newest access lists cannot be used.
pub type Refused = watch::Sender<Option<String>>;

/// Takes over what changed. Access lists that are wrong are told of, and the old ones stay. A file counts when it stands still from one look to the
/// next.
pub async fn watch(data: std::path::PathBuf, hall: Arc<Hall>, refused: Arc<Refused>, mut stopped: watch::Receiver<bool>) {
    let readers = Arc::new(Readers::new(&data));
    let file = hall.config.broker.acl.clone();
    let mut seen = (None, file.as_deref().and_then(changed_at));
    let mut last = seen.1;
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
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
                    for (name, how) in differences(&hall.door().people, &people) {
                        hall.record("user", Some(&name), &how).await;
                    }
                    hall.change_door(|door| door.people = people);
                }
                seen.0 = Some(changes);
            }
            Ok(Err(error)) => hall.counters.refuse("users", &format!("users cannot be read, those known stay: {error}")),
            Err(_) => return,
        }
        let written = file.as_deref().and_then(changed_at);
        if std::mem::replace(&mut last, written) == written && written != seen.1 {
            seen.1 = written;
            match lists(&hall.config) {
                Ok(acl) => {
                    info!("the access lists changed");
                    hall.record("change", Some("lists"), "read again while running").await;
                    hall.change_door(|door| door.acl = acl);
                    refused.send_replace(None);
                }
                Err(error) => {
                    let text = error.to_string();
                    text.lines().for_each(|line| warn!("{line}"));
                    warn!("the old access lists stay");
                    let short: String = text.chars().take(200).collect();
                    hall.record("change.refused", Some("lists"), &short).await;
                    refused.send_replace(Some(text));
                }
            }
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}

/// What changed among those who may sign in: who, and how. Never a secret.
fn differences(before: &People, now: &People) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut tell = |name: &str, how: String| all.push((name.to_owned(), how));
    for (name, user) in &now.users {
        match before.users.get(name) {
            None => tell(name, format!("added with the roles {}", user.roles.join(", "))),
            Some(old) => {
                if old.roles != user.roles {
                    tell(name, format!("has the roles {}, had {}", user.roles.join(", "), old.roles.join(", ")));
                }
                if old.secret != user.secret {
                    tell(name, "has another password".into());
                }
            }
        }
    }
    before.users.keys().filter(|name| !now.users.contains_key(*name)).for_each(|name| tell(name, "removed".into()));
    for token in &now.tokens {
        match before.tokens.iter().find(|old| old.id == token.id) {
            None => {
                tell(&token.user, format!("has the token {} (`{}`), with the scopes {}", token.id, token.label, token.roles.join(", ")))
            }
            Some(old) if old.revoked_at != token.revoked_at => tell(&token.user, format!("lost the token {}: revoked", token.id)),
            Some(_) => {}
        }
    }
    for (fingerprint, user) in now.certificates.iter().filter(|(f, user)| before.certificates.get(*f) != Some(*user)) {
        tell(user, format!("is who the certificate {fingerprint} stands for"));
    }
    for (fingerprint, user) in before.certificates.iter().filter(|(f, _)| !now.certificates.contains_key(*f)) {
        tell(user, format!("is no longer who the certificate {fingerprint} stands for"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, User};

    #[test]
    fn what_changed_among_users_is_told_without_their_secrets() {
        let user = |roles: &str, secret: &str| User {
            name: "anna".into(),
            roles: vec![roles.into()],
            secret: Some(secret.into()),
            created_at: Timestamp::default(),
        };
        let with = |user: Option<User>| People { users: user.into_iter().map(|u| (u.name.clone(), u)).collect(), ..People::default() };
        let told = |before: Option<User>, now: Option<User>| -> Vec<String> {
            differences(&with(before), &with(now)).into_iter().map(|(_, how)| how).collect()
        };
        let anna = user("admin", "$argon2id$1");
        assert_eq!(told(None, Some(anna.clone())), ["added with the roles admin"]);
        assert_eq!(
            told(Some(anna.clone()), Some(user("reader", "$argon2id$2"))),
            ["has the roles reader, had admin", "has another password"]
        );
        assert_eq!(told(Some(anna.clone()), None), ["removed"]);
        assert_eq!(told(Some(anna.clone()), Some(anna.clone())), Vec::<String>::new());
    }
}
