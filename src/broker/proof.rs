//! What somebody's right to listen stands on: looked at again while he listens, so that what is taken away is gone within a second.

use super::{
    hall::Hall,
    rights::Rights,
    visitor::{Shown, Visitor},
};
use crate::domain::people::token_hash;
use std::fmt;

/// How a visitor proved who he is. No secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// There are no users.
    Open,
    Token([u8; 32]),
    /// With the password that he had: it may be another one since.
    Password {
        user: String,
        secret: Option<String>,
    },
    /// Otherwise, as with a certificate.
    User(String),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

impl Hall {
    /// Of a visitor who was let in on what he showed.
    #[must_use]
    pub fn proof(&self, visitor: &Visitor, shown: Option<Shown<'_>>) -> Proof {
        let Some(name) = visitor.user.clone() else { return Proof::Open };
        match shown {
            None => Proof::User(name),
            Some(Shown::Token(token)) => Proof::Token(token_hash(token)),
            Some(Shown::Password { secret, .. }) => {
                let door = self.door();
                let user = door.people.users.get(&name);
                // A token may be shown in the place of a password.
                let token =
                    std::str::from_utf8(secret).ok().filter(|t| user.is_some_and(|u| door.people.token(u, t, self.clock.now()).is_some()));
                let secret = user.and_then(|user| user.secret.clone());
                token.map_or(Proof::Password { user: name, secret }, |token| Proof::Token(token_hash(token)))
            }
        }
    }

    /// Who it is, and what he may now; None: it holds no longer.
    #[must_use]
    pub fn still(&self, proof: &Proof) -> Option<Visitor> {
        let door = self.door();
        let people = &door.people;
        let (name, roles) = match proof {
            Proof::Open => return people.is_empty().then(|| Visitor { user: None, rights: Rights::open() }),
            Proof::Token(hash) => {
                let (user, roles) = people.holder(hash, self.clock.now())?;
                (&user.name, roles)
            }
            Proof::Password { user, secret } => {
                let user = people.users.get(user).filter(|user| user.secret == *secret)?;
                (&user.name, user.roles.clone())
            }
            Proof::User(user) => {
                let user = people.users.get(user)?;
                (&user.name, user.roles.clone())
            }
        };
        let rights = Rights::of(&door.acl, &self.config.root, &roles, "", Some(name));
        Some(Visitor { user: Some(name.clone()), rights })
    }
}
