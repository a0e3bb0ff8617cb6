//! Who may write: somebody with one of the roles that MQTT asks for the same thing. Without users nobody may, for nobody can prove a name.

use super::{Api, problem::Problem, server::Peer};
use crate::{broker::Visitor, domain::EntityId};
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use std::{marker::PhantomData, sync::Arc};

/// Somebody with one of these roles. It stands first among what a handler takes, so that nobody else learns what else was wrong.
pub struct May<R> {
    /// The user.
    pub user: String,
    peer: Peer,
    visitor: Visitor,
    path: String,
    roles: PhantomData<R>,
}

/// Any of these will do.
pub trait Roles {
    const ANY: &'static [&'static str];
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $any:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Roles for $name {
            const ANY: &'static [&'static str] = &$any;
        }
    )*};
}

roles! {
    /// Who answers what waits. An administrator as such does not.
    Approver = ["approver"];
    /// Who answers for the house.
    Owner = ["approver", "admin"];
    /// Who runs devices.
    Operator = ["operator", "admin"];
    /// Who may do one of both.
    Somebody = ["operator", "approver", "admin"];
    Admin = ["admin"];
}

impl<R> May<R> {
    /// As whom the mind knows the user.
    pub fn entity(&self) -> EntityId {
        EntityId::escaped(&self.user)
    }

    /// # Errors
    /// With 403 where none of these roles is held; that is put on record.
    pub fn must(&self, api: &Api, any: &[&str]) -> Result<(), Problem> {
        if any.iter().any(|role| self.visitor.rights.has(role)) {
            return Ok(());
        }
        api.hall.turned_away(self.peer.0, &self.visitor, &self.path);
        let detail = format!("this takes the role {}: give it to the user (`jamey user add`), or to the token", any.join(" or "));
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }
}

impl<R: Roles> FromRequestParts<Arc<Api>> for May<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Visitor>().cloned().zip(parts.extensions.get::<Peer>().copied());
        let Some((visitor, peer)) = known else {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "show who you are: `Authorization: Bearer TOKEN`"));
        };
        let path = parts.uri.path().to_owned();
        let Some(user) = visitor.user.clone().filter(|_| !visitor.rights.is_open()) else {
            let detail = "there are no users yet, so nobody can prove who they are and nothing can be changed by HTTP: make a user with the role for it \
                          (`jamey user add`), or use `jamey` on the host";
            api.hall.turned_away(peer.0, &visitor, &path);
            return Err(Problem::new(StatusCode::FORBIDDEN, "no-users", detail));
        };
        let may = Self { user, peer, visitor, path, roles: PhantomData };
        may.must(api, R::ANY)?;
        Ok(may)
    }
}
