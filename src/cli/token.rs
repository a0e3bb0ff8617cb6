//! `jamey token create|list|revoke`: shown once, stored as a hash.

use super::{
    Common,
    user::{checked, now, registrar},
};
use crate::domain::{
    Timestamp, Token,
    people::{TOKEN_PREFIX, token_hash},
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make a token. It is shown now and never again.
    Create {
        /// Whose it is: over MQTT it stands in the place of this user's password.
        #[arg(long)]
        user: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        label: String,
        /// Of the user's roles only these.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// When it ends: `12h`, `90d`; without it, never.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// All tokens, without their secrets.
    List,
    /// End a token now.
    Revoke { id: String },
}

/// # Errors
/// When the store cannot be used, or there is no such user, role or token.
pub fn token(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let registrar = registrar(&config)?;
    let people = registrar.people()?;
    match action {
        Action::Create { user, label, roles, expires } => {
            let of = people.users.get(user).with_context(|| format!("there is no user `{user}`: see `jamey user list`"))?;
            let roles = checked(&config, roles)?;
            if let Some(more) = roles.iter().find(|role| !of.roles.contains(role)) {
                bail!("{user} does not have the role `{more}`; a token gives no more than its user has");
            }
            let expires_at = expires.as_deref().map(|text| Ok::<_, anyhow::Error>(now().plus_seconds(seconds(text)?))).transpose()?;
            let (id, secret) = (random::<4>()?, format!("{TOKEN_PREFIX}{}", random::<32>()?));
            let hash = token_hash(&secret);
            let token =
                Token { id, user: user.clone(), label: label.clone(), hash, roles, created_at: now(), expires_at, revoked_at: None };
            registrar.add_token(&token)?;
            if common.json {
                crate::cli::line!("{}", json!({"v": 1, "id": token.id, "token": secret, "expires_at": expires_at.map(|t| t.to_string())}));
            } else {
                crate::cli::line!("{secret}");
                eprintln!("This is token {} of {user}. It is not shown again.", token.id);
            }
        }
        Action::List => list(common, &people.tokens)?,
        Action::Revoke { id } => {
            if !registrar.revoke_token(id, now())? {
                bail!("there is no valid token `{id}`: see `jamey token list`");
            }
            if common.json { crate::cli::line!("{}", json!({"v": 1, "revoked": id})) } else { crate::cli::line!("token {id} is revoked") }
        }
    }
    Ok(())
}

fn list(common: &Common, tokens: &[Token]) -> anyhow::Result<()> {
    let state = |token: &Token| match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(end)) if !token.is_valid(now()) => format!("ended {end}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "valid".to_owned(),
    };
    if common.json {
        let rows: Vec<_> = tokens
            .iter()
            .map(|t| {
                let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
                json!({"id": t.id, "user": t.user, "label": t.label, "roles": t.roles, "valid": t.is_valid(now()),
                    "created_at": t.created_at.to_string(), "expires_at": time(t.expires_at), "revoked_at": time(t.revoked_at)})
            })
            .collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "tokens": rows}))?);
        return Ok(());
    }
    crate::cli::line!("{:<10} {:<24} {:<34} label", "token", "user", "state");
    for token in tokens {
        crate::cli::line!("{:<10} {:<24} {:<34} {}", token.id, token.user, state(token), token.label);
    }
    Ok(())
}

fn random<const BYTES: usize>() -> anyhow::Result<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// At most ten years: what is meant to last longer has no end.
fn seconds(text: &str) -> anyhow::Result<i64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => bail!("`{text}` is no time; write 30m, 12h or 90d"),
    };
    let seconds = number.parse::<i64>().ok().and_then(|n| n.checked_mul(factor)).filter(|s| (1..=10 * 366 * 86_400).contains(s));
    seconds.with_context(|| format!("`{text}` is no time between 1m and 3660d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_up_to_their_end() {
        assert_eq!(seconds("90d").unwrap(), 7_776_000);
        assert_eq!(seconds("3660d").unwrap(), 316_224_000);
        for bad in ["3661d", "0d", "d", "5", "-1d", "99999999999999999999d", "1w"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
