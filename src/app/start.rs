//! What a start puts on record: which Jamey it is, by which config and rules, and whether those are others than at the start before.

use crate::{
    broker::Hall,
    config::Config,
    domain::{
        People,
        audit::{fields, hex},
    },
};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Digests of what the owner wrote, as one line that the next start reads again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    config: String,
    rules: String,
    /// Access lists.
    lists: String,
    users: String,
}

impl Digests {
    /// `rules` is that of the rules that hold.
    ///
    /// # Errors
    /// When the file of access lists cannot be read.
    pub fn of(config: &Config, rules: &str, people: &People) -> Result<Self> {
        let lists = config.broker.acl.as_ref().map(std::fs::read).transpose().context("the access lists cannot be read")?;
        // As it is in effect: file, environment and flags together.
        let config = Sha256::digest(serde_json::to_vec(config).context("the config cannot be written down")?);
        Ok(Self {
            config: hex(&config),
            rules: rules.to_owned(),
            lists: hex(&Sha256::digest(lists.unwrap_or_default())),
            users: digest_of(people),
        })
    }

    fn read(line: &str) -> Option<Self> {
        let word = |name: &str| line.split(' ').skip_while(|w| *w != name).nth(1).map(str::to_owned);
        Some(Self { config: word("config")?, rules: word("rules")?, lists: word("lists")?, users: word("users")? })
    }

    /// Puts the start on record, and before it what changed.
    pub async fn record(&self, hall: &Hall, last: Option<&str>) {
        if let Some(last) = last.and_then(Self::read) {
            let Self { config, rules, lists, users } = self;
            let all = [
                ("config", &last.config, config),
                ("rules", &last.rules, rules),
                ("lists", &last.lists, lists),
                ("users", &last.users, users),
            ];
            for (what, before, now) in all {
                if before != now {
                    hall.record("change", Some(what), &format!("not those of the last start: sha256 {before} then, {now} now")).await;
                }
            }
        }
        let guard = if hall.guard().enforce { "enforce" } else { "observe" };
        let off = hall.guard().off_until.map_or_else(String::new, |until| format!(", off until {until}"));
        let Self { config, rules, lists, users } = self;
        let detail = format!("config {config} rules {rules} lists {lists} users {users} guard {guard}{off}");
        hall.record("start", Some(env!("CARGO_PKG_VERSION")), &detail).await;
    }
}

fn digest_of(people: &People) -> String {
    let mut hasher = Sha256::new();
    for user in people.users.values() {
        fields(
            &mut hasher,
            &[b"user", user.name.as_bytes(), user.roles.join(" ").as_bytes(), user.secret.as_deref().unwrap_or_default().as_bytes()],
        );
    }
    for token in &people.tokens {
        let times = [token.expires_at, token.revoked_at].map(|at| at.unwrap_or_default().micros().to_be_bytes());
        fields(
            &mut hasher,
            &[b"token", token.id.as_bytes(), token.user.as_bytes(), &token.hash, token.roles.join(" ").as_bytes(), times.as_flattened()],
        );
    }
    for (fingerprint, user) in &people.certificates {
        fields(&mut hasher, &[b"certificate", fingerprint.as_bytes(), user.as_bytes()]);
    }
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_again_and_another_config_has_another_digest() {
        let config = Config::default();
        let digests = Digests::of(&config, "r", &People::default()).unwrap();
        let line =
            format!("config {} rules {} lists {} users {} guard observe", digests.config, digests.rules, digests.lists, digests.users);
        assert_eq!(Digests::read(&line), Some(digests.clone()));
        let other = Digests::of(&Config { node: "other".into(), ..config }, "r", &People::default()).unwrap();
        assert_ne!(other.config, digests.config);
        assert_eq!(other.rules, digests.rules);
        assert_eq!(Digests::read("nothing of the kind"), None);
    }
}
