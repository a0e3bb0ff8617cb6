//! Signing in: by password, token or certificate; and whether what was proved then still holds.

use super::{
    entrance::{Certificate, Entrance},
    hall::Hall,
    password,
};
use crate::domain::{People, Timestamp, people};
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Who came in, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    pub user: Option<String>,
    proof: Proof,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Proof {
    /// Nothing: there are no users, or the client has none.
    #[default]
    None,
    /// The password whose hash this is.
    Password(String),
    Token(String),
    Certificate(Certificate),
}

/// Why somebody stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub code: ReasonCode,
    pub why: &'static str,
}

const fn refused(code: ReasonCode, why: &'static str) -> Refused {
    Refused { code, why }
}

/// Passwords being verified at one time: each takes 19 MiB and a core.
const VERIFIED_AT_ONCE: usize = 1;

/// Checks passwords, one at a time, and remembers whose was right: devices that come again cost nothing.
#[derive(Debug)]
pub struct Passwords {
    places: Semaphore,
    /// By stored hash: the digest of the password that fitted, under a key that is made anew at each start.
    right: Mutex<BTreeMap<String, [u8; 32]>>,
}

/// More than the users of any home.
const REMEMBERED: usize = 1_024;
/// Client ids with an owner; beyond, some may be taken by the first who names them.
const OWNED: usize = 8_192;

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Semaphore::new(VERIFIED_AT_ONCE), right: Mutex::default() }
    }
}

impl Passwords {
    /// `may_verify`: else only what was right before is.
    async fn fits(&self, key: &str, password: &[u8], stored: Option<&str>, may_verify: bool) -> bool {
        let mut hasher = Sha256::new();
        hasher.update(key);
        hasher.update(password);
        let digest: [u8; 32] = hasher.finalize().into();
        let right = || self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.is_some_and(|stored| right().get(stored) == Some(&digest)) {
            return true;
        }
        if !may_verify {
            return false;
        }
        let Ok(_place) = self.places.acquire().await else { return false };
        let (password, hash) = (password.to_vec(), stored.map(str::to_owned));
        let fits = tokio::task::spawn_blocking(move || password::verify(&password, hash.as_deref())).await.unwrap_or(false);
        if let (true, Some(stored)) = (fits, stored) {
            let mut right = right();
            if right.len() >= REMEMBERED {
                right.clear();
            }
            right.insert(stored.to_owned(), digest);
        }
        fits
    }
}

/// Whose a client id is: a session is not handed to another user who names it.
#[derive(Debug, Default)]
pub struct Owners(Mutex<BTreeMap<String, String>>);

impl Owners {
    /// Takes a client id for a user, or for nobody. False while it is another user's, who is one still. Who sends none gets one of
    /// its own from the engine.
    pub fn take(&self, client_id: &str, user: Option<&str>, people: &People) -> bool {
        if client_id.is_empty() {
            return true;
        }
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owners.get(client_id)
            && Some(owner.as_str()) != user
            && people.users.contains_key(owner)
        {
            return false;
        }
        if let Some(user) = user {
            if owners.len() >= OWNED {
                owners.pop_first();
            }
            owners.insert(client_id.to_owned(), user.to_owned());
        }
        true
    }
}

/// The user that a certificate stands for: the one it was mapped to, else the one whose name it bears. Removing that user, or the
/// mapping, revokes it.
pub(super) fn bearer<'p>(people: &'p People, certificate: &Certificate) -> Option<&'p str> {
    let named = || certificate.common_name.as_deref().and_then(|name| people.users.get(name)).map(|user| user.name.as_str());
    people.certificates.get(&certificate.fingerprint).map(String::as_str).or_else(named)
}

/// Lets a client in, or says why not.
///
/// # Errors
/// With MQTT 5's reason code.
pub async fn login(hall: &Hall, entrance: &Entrance, user: Option<&str>, secret: Option<&[u8]>) -> Result<Login, Refused> {
    let door = hall.door();
    let people = &door.people;
    if people.is_empty() {
        let named = || entrance.certificate.as_ref().and_then(|certificate| certificate.common_name.clone());
        let open = Login { user: user.map(str::to_owned).or_else(named), proof: Proof::None };
        return if entrance.anonymous || entrance.certificate.is_some() {
            Ok(open)
        } else {
            Err(refused(ReasonCode::NotAuthorized, "there are no users yet"))
        };
    }
    let certified = entrance.certificate.as_ref().and_then(|certificate| Some((bearer(people, certificate)?, certificate)));
    match (user, certified) {
        (None, Some((bearer, certificate))) => Ok(Login { user: Some(bearer.to_owned()), proof: Proof::Certificate(certificate.clone()) }),
        (Some(name), Some((bearer, certificate))) if name == bearer => {
            Ok(Login { user: Some(name.to_owned()), proof: Proof::Certificate(certificate.clone()) })
        }
        (Some(_), Some(_)) => Err(refused(ReasonCode::BadUsernameOrPassword, "the certificate is another user's")),
        (None, None) if entrance.anonymous => Ok(Login { user: None, proof: Proof::None }),
        (None, None) => Err(refused(ReasonCode::NotAuthorized, "without a user nobody comes in here")),
        (Some(name), None) => {
            let wrong = refused(ReasonCode::BadUsernameOrPassword, "the user or its password is wrong");
            let secret = secret.unwrap_or_default();
            let user = people.users.get(name);
            if let (Some(user), Some(token)) = (user, as_token(secret)) {
                return match people.token(user, token, hall.clock.now()) {
                    Some(_) => Ok(Login { user: Some(name.to_owned()), proof: Proof::Token(token.to_owned()) }),
                    None => Err(wrong),
                };
            }
            let stored = user.and_then(|user| user.secret.as_deref());
            let may_verify = !hall.limits.fails_too_much(entrance.peer.ip());
            if !may_verify {
                hall.counters.refuse("login-unverified", &format!("{} failed too often: what it says is not verified", entrance.peer.ip()));
            }
            match (hall.passwords.fits(&hall.own_secret, secret, stored, may_verify).await, stored) {
                (true, Some(stored)) => Ok(Login { user: Some(name.to_owned()), proof: Proof::Password(stored.to_owned()) }),
                _ => Err(wrong),
            }
        }
    }
}

fn as_token(secret: &[u8]) -> Option<&str> {
    std::str::from_utf8(secret).ok().filter(|text| text.starts_with(people::TOKEN_PREFIX))
}

impl Login {
    /// The roles that this login gives now, and when it ends by itself; None when what was proved no longer holds, or nothing was.
    #[must_use]
    pub fn holds(&self, people: &People, now: Timestamp) -> Option<(Vec<String>, Option<Timestamp>)> {
        let Some(user) = self.user.as_deref() else {
            return (self.proof == Proof::None).then(|| (vec!["anonymous".to_owned()], None));
        };
        let user = people.users.get(user)?;
        let all = |holds: bool| holds.then(|| (user.roles.clone(), None));
        match &self.proof {
            Proof::None => None,
            Proof::Password(stored) => all(user.secret.as_ref() == Some(stored)),
            Proof::Token(token) => people.token(user, token, now),
            Proof::Certificate(certificate) => all(bearer(people, certificate) == Some(user.name.as_str())),
        }
    }

    /// Whether the name was proved.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.proof != Proof::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::User;

    fn people(names: &[&str]) -> People {
        let user = |name: &&str| {
            let user = User { name: (*name).to_owned(), roles: vec![], secret: None, created_at: Timestamp::default() };
            ((*name).to_owned(), user)
        };
        People { users: names.iter().map(user).collect(), ..People::default() }
    }

    #[test]
    fn a_client_id_is_its_users_while_that_is_one() {
        let (owners, both) = (Owners::default(), people(&["anna", "bob"]));
        assert!(owners.take("phone", None, &both) && owners.take("phone", Some("anna"), &both), "nobody's id can be taken");
        assert!(!owners.take("phone", Some("bob"), &both) && !owners.take("phone", None, &both));
        assert!(owners.take("phone", Some("anna"), &both) && owners.take("other", Some("bob"), &both));
        assert!(owners.take("phone", Some("bob"), &people(&["bob"])), "anna is gone");
        assert!(owners.take("", Some("anna"), &both) && owners.take("", Some("bob"), &both), "no id is nobody's");
        for n in 0..=OWNED {
            assert!(owners.take(&format!("c{n}"), Some("anna"), &both));
        }
        assert!(owners.0.lock().unwrap().len() <= OWNED);
    }
}
