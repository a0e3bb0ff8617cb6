//! Who asks without a connection of MQTT: by HTTP. The same users, tokens and roles count, and whoever guesses waits in the same queue.

use super::{
    entrance::Entrance,
    hall::Hall,
    limits::Pass,
    login::{self, Login},
    rights::Rights,
};
use crate::observe::Incident;
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
    pub async fn meet(&self, peer: SocketAddr, is_near: bool, shown: Option<Shown<'_>>) -> Result<Visitor, Stranger> {
        if self.door().people.is_empty() {
            // As with MQTT: without users names mean nothing, and who is here may look.
            let is_open = is_near && self.config.broker.anonymous;
            return if is_open { Ok(Visitor { user: None, rights: Rights::open() }) } else { Err(Stranger::NoUsers) };
        }
        let known = match shown {
            None => return Err(Stranger::ShowsNothing),
            Some(Shown::Token(token)) => self.bearer(token),
            Some(Shown::Password { user, secret }) => self.signed_in(peer, user, secret).await,
        };
        if let Some((user, roles)) = known {
            // No rule for a client id means somebody without one.
            let rights = Rights::of(&self.door().acl, &self.config.root, &roles, "", Some(&user));
            return Ok(Visitor { user: Some(user), rights });
        }
        let (address, user) = (peer.ip(), if let Some(Shown::Password { user, .. }) = shown { user } else { "a token" });
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
        self.counters.refuse("http-access", &format!("`{user}` from {} may not have {what:?}", peer.ip()));
        self.audit_refusal(user, "http.refused", Some(what), &format!("from {} by HTTP", peer.ip()));
    }

    fn bearer(&self, token: &str) -> Option<(String, Vec<String>)> {
        self.door().people.bearer(token, self.clock.now()).map(|(user, roles)| (user.name.clone(), roles))
    }

    async fn signed_in(&self, peer: SocketAddr, user: &str, secret: &[u8]) -> Option<(String, Vec<String>)> {
        let entrance = Entrance { peer, listener: LISTENER.into(), private: false, anonymous: false, rate: None, certificate: None };
        let login: Login = login::login(self, &entrance, Some(user), Some(secret)).await.ok()?;
        let (roles, _) = login.holds(&self.door().people, self.clock.now())?;
        Some((login.user?, roles))
    }
}
