//! What somebody's leave to ask stands on. It is looked at again while he listens, so that what is taken away is gone within a second.

use super::{Api, pace::Key, session::Id};
use crate::broker::{Proof, Visitor};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    pub proof: Proof,
    /// The session that he is in; none: he shows his proof himself.
    pub session: Option<Id>,
}

impl Ground {
    pub const fn of(proof: Proof) -> Self {
        Self { proof, session: None }
    }

    /// Who it is, and what he may now; None: it holds no longer. Whoever listens uses his session.
    pub fn still(&self, api: &Api) -> Option<Visitor> {
        let lives = self.session.is_none_or(|id| api.sessions.of(&id, api.hall.clock.uptime()).is_some());
        api.hall.still(&self.proof).filter(|_| lives)
    }
}

/// Whose bucket it goes out of: a session is no key more, but the one that it was begun with.
pub fn key(proof: &Proof, visitor: &Visitor) -> Key {
    match proof {
        Proof::Token(hash) => Key::Token(*hash),
        _ => Key::User(visitor.user.clone()),
    }
}
