//! What somebody's right to listen stands on: looked at again while he listens, so that what is taken away is gone within a second.

use super::{
    entrance::Certificate,
    hall::Hall,
    login,
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
    Certificate(Certificate),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

impl Hall {
    /// Of a visitor who was let in on what he showed.
    #[must_use]
    pub fn proof(&self, visitor: &Visitor, certificate: Option<&Certificate>, shown: Option<Shown<'_>>) -> Proof {
        let Some(name) = visitor.user.clone() else { return Proof::Open };
        match (shown, certificate) {
            // Who shows both is let in by the certificate.
            (None | Some(Shown::Password { .. }), Some(certificate)) if login::bearer(&self.door().people, certificate) == Some(&name) => {
                Proof::Certificate(certificate.clone())
            }
            // Nothing else was shown, and it is nobody's any more: nothing holds.
            (None, _) => Proof::Password { user: String::new(), secret: None },
            (Some(Shown::Token(token)), _) => Proof::Token(token_hash(token)),
            (Some(Shown::Password { secret, .. }), _) => {
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

    /// Whether a certificate that HTTP was shown is on the list of those taken back, as it is now.
    #[must_use]
    pub fn has_taken_back(&self, certificate: &Certificate) -> bool {
        self.visitors_tls.get().is_some_and(|tls| tls.has_taken_back(certificate))
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
            Proof::Certificate(certificate) => {
                if self.has_taken_back(certificate) {
                    return None;
                }
                let user = people.users.get(login::bearer(people, certificate)?)?;
                (&user.name, user.roles.clone())
            }
        };
        let rights = Rights::of(&door.acl, &self.config.root, &roles, "", Some(name));
        Some(Visitor { user: Some(name.clone()), rights })
    }
}
