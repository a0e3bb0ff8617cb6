//! Who may sign in: users, their tokens and certificates. Secrets are kept as hashes only.

use super::Timestamp;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt};

/// A user. Its name is also its entity's.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    /// In the order in which their rules are asked.
    pub roles: Vec<String>,
    /// Argon2id in PHC format; None: signs in with tokens or certificates only.
    pub secret: Option<String>,
    pub created_at: Timestamp,
}

/// A token: instead of a user's password.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub user: String,
    /// What it is for, in its owner's words.
    pub label: String,
    /// SHA-256 of the token as it was shown.
    pub hash: [u8; 32],
    /// Its scopes: of its user's roles only these; empty: all.
    pub roles: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// All who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    pub users: BTreeMap<String, User>,
    pub tokens: Vec<Token>,
    /// Fingerprint (SHA-256 of the DER, lower-case hex) to user.
    pub certificates: BTreeMap<String, String>,
}

/// What every token begins with, so that it is known where it turns up by mistake.
pub const TOKEN_PREFIX: &str = "jamey_";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no user name; write 1 to 64 of a-z, 0-9, `_`, `.` and `-`, beginning with a letter or digit, and not `anonymous`")]
pub struct NotAName(String);

/// # Errors
/// When the name could be taken for another: an entity's id is what a user name becomes, so only what stays itself is a name.
pub fn check_name(name: &str) -> Result<(), NotAName> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-');
    if first && name.len() <= 64 && name.bytes().all(allowed) && name != "anonymous" { Ok(()) } else { Err(NotAName(name.to_owned())) }
}

/// What is stored of a token.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Token {
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// The roles that it gives of its user's.
    fn of(&self, user: &User) -> Vec<String> {
        let granted = |role: &&String| self.roles.is_empty() || self.roles.contains(role);
        user.roles.iter().filter(granted).cloned().collect()
    }
}

impl People {
    /// Whether nobody could sign in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whose valid token this is, and the roles that it gives.
    #[must_use]
    pub fn bearer(&self, token: &str, now: Timestamp) -> Option<(&User, Vec<String>)> {
        self.holder(&token_hash(token), now)
    }

    /// The same of a token's hash.
    #[must_use]
    pub fn holder(&self, hash: &[u8; 32], now: Timestamp) -> Option<(&User, Vec<String>)> {
        let token = self.tokens.iter().find(|t| t.hash == *hash && t.is_valid(now))?;
        let user = self.users.get(&token.user)?;
        Some((user, token.of(user)))
    }

    /// The roles that a valid token of this user gives, and when it ends. The hash is looked up whole: it tells nothing about how near a guess was.
    #[must_use]
    pub fn token(&self, user: &User, token: &str, now: Timestamp) -> Option<(Vec<String>, Option<Timestamp>)> {
        let hash = token_hash(token);
        let found = self.tokens.iter().find(|t| t.hash == hash && t.user == user.name && t.is_valid(now))?;
        Some((found.of(user), found.expires_at))
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({}, {:?})", self.name, self.roles)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, {})", self.id, self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EntityId;

    #[test]
    fn a_name_is_its_own_entity() {
        for good in ["anna", "zigbee2mqtt", "a.b-c_d", "0x1", &"a".repeat(64)] {
            assert_eq!(check_name(good), Ok(()));
            if !good.contains('.') {
                assert_eq!(EntityId::escaped(good).as_str(), good);
            }
        }
        for bad in ["", "Anna", "$jamey", "a b", "+", "a/b", "anonymous", ".", "-x", "ä", &"a".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_gives_its_scopes_until_it_ends() {
        let at = Timestamp::from_micros;
        let user = User { name: "anna".into(), roles: vec!["human".into(), "approver".into()], secret: None, created_at: at(0) };
        let token = |id: &str, roles: &[&str], expires_at, revoked_at| Token {
            id: id.into(),
            user: "anna".into(),
            label: String::new(),
            hash: token_hash(id),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            created_at: at(0),
            expires_at,
            revoked_at,
        };
        let people = People {
            users: [(user.name.clone(), user.clone())].into(),
            tokens: vec![
                token("all", &[], None, None),
                token("some", &["approver", "admin"], Some(at(10)), None),
                token("gone", &[], None, Some(at(1))),
            ],
            ..People::default()
        };
        assert_eq!(people.token(&user, "all", at(5)).unwrap(), (user.roles.clone(), None));
        assert_eq!(
            people.token(&user, "some", at(9)).unwrap(),
            (vec!["approver".to_owned()], Some(at(10))),
            "a scope that the user does not have gives nothing"
        );
        assert_eq!(people.token(&user, "some", at(10)), None);
        assert_eq!(people.token(&user, "gone", at(5)), None);
        assert_eq!(people.bearer("some", at(9)), Some((&user, vec!["approver".to_owned()])));
        assert_eq!([("some", 10), ("gone", 5), ("guess", 5)].map(|(token, now)| people.bearer(token, at(now))), [None, None, None]);
        assert_eq!(People { users: BTreeMap::new(), ..people.clone() }.bearer("all", at(5)), None, "its user is gone");
        let bob = User { name: "bob".into(), ..user.clone() };
        assert_eq!(people.token(&bob, "all", at(5)), None, "a token is one user's");
    }
}
