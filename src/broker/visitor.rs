//! Who asks without a connection of MQTT: by HTTP. The same users, tokens and roles count, and whoever guesses waits in the same queue.

use super::{
    entrance::{Certificate, Entrance},
    hall::Hall,
    limits::Pass,
    login::{self, Login},
    proof::Proof,
    rights::Rights,
};
use crate::{domain::people::TOKEN_PREFIX, observe::Incident};
use std::net::SocketAddr;

/// What somebody shows of himself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown<'s> {
    /// A token alone.
    Token(&'s str),
    Password {
        user: &'s str,
        /// Or a token of that user.
        secret: &'s [u8],
    },
}

/// Who asks, and what he may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// None: there are no users.
    pub user: Option<String>,
    pub rights: Rights,
}

/// Why somebody stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// He shows nothing where something is needed.
    ShowsNothing,
    /// There are no users yet: then only this host may ask.
    NoUsers,
    /// What he shows is wrong, or holds no longer.
    Wrong,
}

const LISTENER: &str = "http";

impl Hall {
    /// A place for a connection by HTTP.
    #[must_use]
    pub fn place_for_visitor(&self, peer: SocketAddr) -> Option<Option<Pass>> {
        let pass = self.limits.visit(peer.ip(), self.clock.uptime());
        if pass.is_none() {
            self.counters.refuse("http-connections", &format!("a connection from {peer}: http.connections_per_address is reached"));
        }
        pass
    }

    /// Who it is that asks. `is_near`: he is on this host, and nobody stands between. A wrong answer is put on record, counted, and waits
    /// as a failed login of MQTT does.
    ///
    /// # Errors
    /// When he is nobody who may come in.
    pub async fn meet(
        &self,
        peer: SocketAddr,
        is_near: bool,
        certificate: Option<&Certificate>,
        shown: Option<Shown<'_>>,
    ) -> Result<Visitor, Stranger> {
        if self.door().people.is_empty() {
            // As with MQTT: without users names mean nothing, and who is here may look.
            let is_open = is_near && self.config.broker.anonymous;
            return if is_open { Ok(Visitor { user: None, rights: Rights::open() }) } else { Err(Stranger::NoUsers) };
        }
        let known = match shown {
            // A certificate that is nobody's proves nothing.
            None if certificate.is_none_or(|shown| login::bearer(&self.door().people, shown).is_none()) => {
                return Err(Stranger::ShowsNothing);
            }
            None => self.signed_in(peer, certificate, None).await,
            // As with MQTT: who shows a certificate is nobody else as well.
            Some(Shown::Token(token)) => self.bearer(token).filter(|(user, _)| self.may_be(certificate, user)),
            Some(Shown::Password { user, secret }) => self.signed_in(peer, certificate, Some((user, secret))).await,
        };
        if let Some((user, roles)) = known {
            // No rule for a client id means somebody without one.
            let rights = Rights::of(&self.door().acl, &self.config.root, &roles, "", Some(&user));
            return Ok(Visitor { user: Some(user), rights });
        }
        let user = match shown {
            Some(Shown::Password { user, .. }) => user,
            Some(Shown::Token(_)) => "a token",
            None => "a certificate",
        };
        let address = peer.ip();
        // Some put a token where its user belongs.
        let user = if user.contains(TOKEN_PREFIX) { "a token" } else { user };
        let named: String = user.chars().take(64).collect();
        self.counters.refuse("login", &format!("{named:?} from {address} by HTTP"));
        self.audit_refusal(&address.to_string(), "connect.refused", Some(&named), "by HTTP: not who it says it is");
        self.incidents.note(Incident::Login, &address.to_string(), self.clock.uptime());
        self.limits.after_failed_login(address, user, self.clock.uptime(), &self.counters).await;
        Err(Stranger::Wrong)
    }

    /// Puts on record that somebody known asked for what he may not have.
    pub fn turned_away(&self, peer: SocketAddr, visitor: &Visitor, what: &str) {
        let user = visitor.user.as_deref().unwrap_or("anonymous");
        // Somebody may put a token where none belongs.
        let what = if what.contains(TOKEN_PREFIX) { "what has a token in its name" } else { what };
        self.counters.refuse("http-access", &format!("`{user}` from {} may not have {what:?}", peer.ip()));
        self.audit_refusal(user, "http.refused", Some(what), &format!("from {} by HTTP", peer.ip()));
    }

    /// Whether what somebody proved before goes with what he shows now: nobody is two people, and a certificate lets in who shows it.
    #[must_use]
    pub fn goes_with(&self, proof: &Proof, visitor: &Visitor, certificate: Option<&Certificate>) -> bool {
        let is_shown = !matches!(proof, Proof::Certificate(proved) if certificate != Some(proved));
        is_shown && visitor.user.as_deref().is_some_and(|user| self.may_be(certificate, user))
    }

    fn bearer(&self, token: &str) -> Option<(String, Vec<String>)> {
        self.door().people.bearer(token, self.clock.now()).map(|(user, roles)| (user.name.clone(), roles))
    }

    /// Whether a certificate is this user's, or nobody's who is known: then it proves no name, and denies none.
    fn may_be(&self, certificate: Option<&Certificate>, user: &str) -> bool {
        certificate.and_then(|shown| login::bearer(&self.door().people, shown).map(|bearer| bearer == user)).unwrap_or(true)
    }

    async fn signed_in(
        &self,
        peer: SocketAddr,
        certificate: Option<&Certificate>,
        said: Option<(&str, &[u8])>,
    ) -> Option<(String, Vec<String>)> {
        let certificate = certificate.cloned();
        let entrance = Entrance { peer, listener: LISTENER.into(), private: false, anonymous: false, rate: None, certificate };
        let (user, secret) = said.unzip();
        let login: Login = login::login(self, &entrance, user, secret).await.ok()?;
        let (roles, _) = login.holds(&self.door().people, self.clock.now())?;
        Some((login.user?, roles))
    }
}
