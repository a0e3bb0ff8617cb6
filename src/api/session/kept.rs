//! Sessions: what lets a browser in after its user has proved himself once. They are kept by their hashes, and in memory alone: with the process
//! they end.

use crate::{
    broker::Proof,
    domain::{limits, people::token_hash},
};
use data_encoding::BASE64URL_NOPAD;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// 256 bits.
const BYTES: usize = 32;
const IDLE: Duration = Duration::from_secs(limits::SESSION_IDLE_SECONDS);
const LONGEST: Duration = Duration::from_secs(limits::SESSION_SECONDS);

/// What a session is known by here: the hash of what its browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id([u8; 32]);

impl Id {
    /// None: no session was ever called so.
    pub fn of(said: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(said).ok()?;
        (BASE64URL_NOPAD.decode(said).ok()?.len() == BYTES).then(|| Self(token_hash(text)))
    }
}

#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<Id, Session>>);

#[derive(Debug)]
struct Session {
    user: String,
    proof: Proof,
    began: Duration,
    used: Duration,
}

impl Session {
    fn ends(&self) -> Duration {
        (self.used + IDLE).min(self.began + LONGEST)
    }
}

impl Sessions {
    /// A new one, and what its browser is to say. None: the host has no randomness. The longest unused goes where there are too many: of the
    /// user's own, where he has his share.
    pub fn begin(&self, user: &str, proof: Proof, now: Duration) -> Option<(Id, String)> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).ok()?;
        let said = BASE64URL_NOPAD.encode(&bytes);
        let id = Id::of(said.as_bytes())?;
        let mut all = self.all();
        all.retain(|_, session| now < session.ends());
        let is_share = all.values().filter(|session| session.user == user).count() >= limits::USER_SESSIONS;
        if is_share || all.len() >= limits::SESSIONS {
            let may_go = |session: &Session| !is_share || session.user == user;
            // Those of the same proof first: who has one narrow token of somebody's logs him out nowhere else.
            let comes = |session: &Session| (is_share && session.proof != proof, session.used);
            let going = all.iter().filter(|(_, session)| may_go(session)).min_by_key(|(_, session)| comes(session)).map(|(id, _)| *id);
            going.and_then(|going| all.remove(&going));
        }
        all.insert(id, Session { user: user.to_owned(), proof, began: now, used: now });
        Some((id, said))
    }

    /// What one was begun with, which is to be looked at again. It is used by that. None: there is none, or it is over.
    pub fn of(&self, id: &Id, now: Duration) -> Option<Proof> {
        let mut all = self.all();
        if now >= all.get(id)?.ends() {
            all.remove(id);
            return None;
        }
        let session = all.get_mut(id)?;
        session.used = session.used.max(now);
        Some(session.proof.clone())
    }

    /// How long it holds still where nobody uses it any more.
    pub fn left(&self, id: &Id, now: Duration) -> Option<Duration> {
        self.all().get(id)?.ends().checked_sub(now)
    }

    /// Whose it was; None: there was none.
    pub fn end(&self, id: &Id, now: Duration) -> Option<String> {
        self.all().remove(id).filter(|session| now < session.ends()).map(|session| session.user)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Id, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begin(sessions: &Sessions, user: &str, now: u64) -> Id {
        sessions.begin(user, Proof::Token([1; 32]), Duration::from_secs(now)).unwrap().0
    }

    fn lives(sessions: &Sessions, id: &Id, now: u64) -> bool {
        sessions.of(id, Duration::from_secs(now)).is_some()
    }

    #[test]
    fn one_that_nobody_uses_ends_and_no_use_keeps_one_for_ever() {
        let (sessions, idle) = (Sessions::default(), limits::SESSION_IDLE_SECONDS);
        let unused = begin(&sessions, "anna", 0);
        assert_eq!(sessions.left(&unused, Duration::ZERO), Some(IDLE));
        assert!(!lives(&sessions, &unused, idle) && !lives(&sessions, &unused, 0), "it is over, and does not come back");
        let used = begin(&sessions, "anna", 0);
        let mut now = 0;
        while now + idle - 1 < limits::SESSION_SECONDS {
            now += idle - 1;
            assert!(lives(&sessions, &used, now), "after {now} s");
        }
        assert_eq!(sessions.left(&used, Duration::from_secs(now)), Some(Duration::from_secs(limits::SESSION_SECONDS - now)));
        assert!(lives(&sessions, &used, limits::SESSION_SECONDS - 1) && !lives(&sessions, &used, limits::SESSION_SECONDS));
        assert_eq!(sessions.end(&used, Duration::ZERO), None);
    }

    #[test]
    fn whoever_has_ended_it_has_ended_it() {
        let sessions = Sessions::default();
        let (one, other) = (begin(&sessions, "anna", 0), begin(&sessions, "anna", 0));
        assert_eq!(sessions.end(&one, Duration::ZERO).as_deref(), Some("anna"));
        assert!(!lives(&sessions, &one, 1) && lives(&sessions, &other, 1) && sessions.end(&one, Duration::ZERO).is_none());
    }

    #[test]
    fn one_past_a_users_share_and_one_past_all_take_the_place_of_the_longest_unused() {
        let sessions = Sessions::default();
        let bens = begin(&sessions, "ben", 0);
        let own: Vec<Id> = (0..limits::USER_SESSIONS).map(|_| begin(&sessions, "anna", 1)).collect();
        assert!(own.iter().skip(1).all(|id| lives(&sessions, id, 2)));
        let last = begin(&sessions, "anna", 3);
        assert!(!lives(&sessions, &own[0], 3) && own[1..].iter().chain([&bens, &last]).all(|id| lives(&sessions, id, 3)));
        let mut n = 0;
        while sessions.all().len() < limits::SESSIONS {
            begin(&sessions, &n.to_string(), 4);
            n += 1;
        }
        assert!(lives(&sessions, &bens, 5));
        begin(&sessions, "one more", 6);
        assert_eq!(sessions.all().len(), limits::SESSIONS);
        assert!(lives(&sessions, &bens, 6) && own[1..].iter().filter(|id| lives(&sessions, id, 6)).count() == own.len() - 2);
        // What is over makes room first.
        begin(&sessions, "late", 6 + limits::SESSION_IDLE_SECONDS);
        assert_eq!(sessions.all().len(), 1);
    }

    #[test]
    fn who_has_one_token_of_somebodys_pushes_out_what_was_begun_with_it() {
        let (sessions, now) = (Sessions::default(), Duration::ZERO);
        let by = |proof: u8, at: u64| sessions.begin("anna", Proof::Token([proof; 32]), Duration::from_secs(at)).unwrap().0;
        let own: Vec<Id> = (0..limits::USER_SESSIONS - 1).map(|_| by(1, 0)).collect();
        let all: Vec<Id> = (1..40).map(|at| by(2, at)).collect();
        assert!(own.iter().all(|id| sessions.of(id, now).is_some()));
        assert_eq!(all.iter().filter(|id| sessions.of(id, now).is_some()).count(), 1);
    }

    #[test]
    fn each_is_called_otherwise_and_known_by_its_hash_alone() {
        let sessions = Sessions::default();
        let (id, said) = sessions.begin("anna", Proof::Open, Duration::ZERO).unwrap();
        let (other, second) = sessions.begin("anna", Proof::Open, Duration::ZERO).unwrap();
        assert!(said.len() == 43 && said != second && id != other && Id::of(said.as_bytes()) == Some(id));
        assert!(!format!("{sessions:?}").contains(&said));
    }

    proptest! {
        #[test]
        fn what_is_no_name_is_nobodys(said in proptest::collection::vec(any::<u8>(), 0..64)) {
            let is_name = said.len() == 43 && BASE64URL_NOPAD.decode(&said).is_ok();
            prop_assert_eq!(Id::of(&said).is_some(), is_name);
        }
    }
}
