//! `jamey user …`: who may sign in. A running Jamey sees a change within a second.

use super::Common;
use crate::{
    broker::password,
    config::{self, Config},
    domain::{EntityId, ForeignHash, Timestamp, User, people},
    runtime::Clock,
    store::Registrar,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;
use std::io::{BufRead, IsTerminal};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Add a user. The password is asked for, or read from standard input.
    Add {
        name: String,
        /// What it may do; more roles, more rights. The shipped ones: admin, operator, approver, human, receiver, discovery, device, reader,
        /// zigbee2mqtt, home_assistant.
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<String>,
        /// It signs in with tokens or certificates only.
        #[arg(long)]
        no_password: bool,
    },
    /// All users, with their roles, tokens and certificates.
    List,
    /// Remove a user with all tokens and certificates; its connections may nothing any more.
    Remove { name: String },
    /// Give a user another password.
    Password { name: String },
    /// Give a user other roles.
    Roles {
        name: String,
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Let a client certificate stand for a user, by its SHA-256 fingerprint.
    Certificate {
        name: String,
        fingerprint: String,
        /// Let it stand for nobody.
        #[arg(long)]
        remove: bool,
    },
}

/// Shorter ones are guessed.
const SHORTEST_PASSWORD: usize = 8;

/// # Errors
/// When the store cannot be used, there is no such user or role, or the password is too short.
pub fn user(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let registrar = registrar(&config)?;
    let people = registrar.people()?;
    let known = |name: &str| people.users.get(name).cloned().with_context(|| format!("there is no user `{name}`: see `jamey user list`"));
    let said = match action {
        Action::Add { name, roles, no_password } => {
            people::check_name(name)?;
            if people.users.contains_key(name) {
                bail!("there is a user `{name}` already: see `jamey user password` and `jamey user roles`");
            }
            // One that mosquitto knew may have a name in upper case.
            if let Some(same) = people.users.keys().find(|known| EntityId::escaped(known) == EntityId::escaped(name)) {
                bail!("`{same}` would be the same entity: take another name");
            }
            let roles = checked(&config, roles)?;
            let secret = if *no_password { None } else { Some(ask(name)?) };
            registrar.put_user(&User { name: name.clone(), roles, secret, created_at: now() })?;
            format!("{name} may sign in")
        }
        Action::List => return list(common, &people),
        Action::Remove { name } => {
            known(name)?;
            registrar.remove_user(name)?;
            format!("{name} may not sign in any more")
        }
        Action::Password { name } => {
            let user = known(name)?;
            registrar.put_user(&User { secret: Some(ask(name)?), ..user })?;
            format!("{name} has another password; who signed in with the old one is out")
        }
        Action::Roles { name, roles } => {
            let user = known(name)?;
            registrar.put_user(&User { roles: checked(&config, roles)?, ..user })?;
            format!("{name} has the roles {}", roles.join(", "))
        }
        Action::Certificate { name, fingerprint, remove } => {
            known(name)?;
            let fingerprint = fingerprint.replace(':', "").to_ascii_lowercase();
            if fingerprint.len() != 64 || !fingerprint.bytes().all(|b| b.is_ascii_hexdigit()) {
                bail!("a fingerprint has 64 hex digits: `openssl x509 -noout -fingerprint -sha256 -in FILE` shows it");
            }
            if !*remove {
                registrar.add_certificate(&fingerprint, name, now())?;
            } else if !registrar.remove_certificate(&fingerprint)? {
                bail!("that certificate stands for nobody");
            }
            format!("the certificate {} {name}", if *remove { "no longer stands for" } else { "stands for" })
        }
    };
    if common.json {
        crate::cli::line!("{}", json!({"v": 1, "done": said}))
    } else {
        crate::cli::line!("{said}")
    }
    Ok(())
}

/// # Errors
/// When the data folder cannot be used.
pub(super) fn registrar(config: &Config) -> anyhow::Result<Registrar> {
    let data = &config.store.data;
    Registrar::open(data).with_context(|| format!("the users in {} cannot be changed", data.display()))
}

pub(super) fn now() -> Timestamp {
    Clock::new(Timestamp::default()).now()
}

/// Roles that the access lists name.
///
/// # Errors
/// For the first that they do not.
pub(super) fn checked(config: &Config, roles: &[String]) -> anyhow::Result<Vec<String>> {
    let acl = config::acl(config.broker.acl.as_deref(), &config.root).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the access lists are refused:\n  {}", lines.join("\n  "))
    })?;
    if let Some(unknown) = roles.iter().find(|role| !acl.roles.contains_key(*role)) {
        let names: Vec<&str> = acl.roles.keys().map(String::as_str).collect();
        bail!("there is no role `{unknown}`; there are {}", names.join(", "));
    }
    Ok(roles.to_vec())
}

/// Asks for a password, twice at a terminal; its hash.
fn ask(name: &str) -> anyhow::Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password for {name}: "))?;
        if first != rpassword::prompt_password("Again: ")? {
            bail!("the two are not the same; nothing was changed");
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("no password could be read from standard input")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    if password.chars().count() < SHORTEST_PASSWORD {
        bail!("a password has at least {SHORTEST_PASSWORD} characters; nothing was changed");
    }
    password::hash(password.as_bytes()).map_err(|error| anyhow::anyhow!("the password cannot be hashed: {error}"))
}

fn list(common: &Common, people: &people::People) -> anyhow::Result<()> {
    if common.json {
        let users: Vec<_> = people
            .users
            .values()
            .map(|user| {
                let certificates: Vec<&String> = people.certificates.iter().filter(|(_, of)| **of == user.name).map(|(f, _)| f).collect();
                json!({
                    "name": user.name,
                    "roles": user.roles,
                    "password": user.secret.is_some(),
                    "hashed_by": user.secret.as_deref().map(hashed_by),
                    "tokens": people.tokens.iter().filter(|t| t.user == user.name && t.is_valid(now())).count(),
                    "certificates": certificates,
                    "created_at": user.created_at.to_string(),
                })
            })
            .collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "users": users}))?);
        return Ok(());
    }
    if people.users.is_empty() {
        crate::cli::line!("there are no users: anybody may come in on loopback, and nobody elsewhere. `jamey user add anna --role admin`");
        return Ok(());
    }
    crate::cli::line!("{:<24} {:<11} {:>6} {:>12}  roles", "user", "password", "tokens", "certificates");
    for user in people.users.values() {
        let tokens = people.tokens.iter().filter(|t| t.user == user.name && t.is_valid(now())).count();
        let certificates = people.certificates.values().filter(|of| **of == user.name).count();
        let password = match user.secret.as_deref().map(hashed_by) {
            None => "no",
            Some(MOSQUITTO) => "mosquitto's",
            Some(_) => "yes",
        };
        crate::cli::line!("{:<24} {password:<11} {tokens:>6} {certificates:>12}  {}", user.name, user.roles.join(", "));
    }
    Ok(())
}

const MOSQUITTO: &str = "mosquitto";

/// Whose hash stands there: one of mosquitto's is cheaper to guess at, and can go back.
fn hashed_by(secret: &str) -> &'static str {
    if ForeignHash::parse(secret).is_some() { MOSQUITTO } else { "argon2id" }
}
