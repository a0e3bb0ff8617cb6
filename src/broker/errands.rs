//! The way from the broker to Phoenix: few, and done elsewhere one after the other. What came of one is told on `reply/{verb}`.

mod ledger;

pub use ledger::{Entry, Ledger, Stage};

use crate::domain::{Timestamp, limits};
use serde::Deserialize;
use serde_json::Value;
use std::sync::OnceLock;
use tokio::sync::mpsc;
use uuid::Uuid;

/// What somebody wants of Phoenix over MQTT or by HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    pub verb: Verb,
    /// The repository's name; none: each of them.
    pub repository: Option<String>,
    /// The snapshot to be restored for trial; none: the newest.
    pub snapshot: Option<u64>,
    /// Theirs, repeated in the reply.
    pub transaction: Option<Value>,
    /// The user, else the client.
    pub by: String,
    /// Under which it is looked for; none: nobody looks.
    pub id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Snapshot,
    Drill,
}

/// An errand as people write it; nothing at all stands for `{}`.
#[derive(Default, Deserialize)]
struct Written {
    v: Option<u64>,
    repository: Option<String>,
    snapshot: Option<u64>,
    transaction: Option<Value>,
}

const WANTED: &str = "write {}, or {\"repository\": NAME, \"transaction\": ANYTHING}, and for a drill perhaps \"snapshot\": NUMBER";

impl Verb {
    /// As it stands in `cmd/{verb}` and `reply/{verb}`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "phoenix-snapshot",
            Self::Drill => "phoenix-drill",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Snapshot, Self::Drill].into_iter().find(|verb| verb.as_str() == name)
    }
}

impl Errand {
    /// # Errors
    /// What is wrong with it.
    pub fn read(verb: Verb, payload: &[u8], by: &str) -> Result<Self, &'static str> {
        if payload.len() > limits::ERRAND_BYTES {
            return Err("an errand has at most 1 KiB");
        }
        let written = match payload {
            [] => Written::default(),
            text => serde_json::from_slice(text).map_err(|_| WANTED)?,
        };
        if written.v.is_some_and(|v| v != 1) || (verb == Verb::Snapshot && written.snapshot.is_some()) {
            return Err(WANTED);
        }
        let Written { repository, snapshot, transaction, .. } = written;
        Ok(Self { verb, repository, snapshot, transaction, by: by.to_owned(), id: None })
    }
}

/// Where errands are handed in.
#[derive(Debug, Default)]
pub struct Errands {
    send: OnceLock<mpsc::Sender<Errand>>,
    pub ledger: Ledger,
}

impl Errands {
    /// Who does them, from now on.
    pub fn open(&self) -> mpsc::Receiver<Errand> {
        let (send, taken) = mpsc::channel(limits::ERRANDS_WAITING);
        // It is opened once.
        let _ = self.send.set(send);
        taken
    }

    /// Whether it was taken: too many may wait.
    pub fn hand_in(&self, errand: Errand) -> bool {
        self.send.get().is_some_and(|send| send.try_send(errand).is_ok())
    }

    /// The same for one who comes back and looks how it stands.
    pub fn hand_in_as(&self, id: Uuid, errand: Errand, at: Timestamp) -> bool {
        let errand = Errand { id: Some(id), ..errand };
        // Before it is handed in: it may be done at once.
        self.ledger.begin(id, &errand, at);
        let taken = self.hand_in(errand);
        if !taken {
            self.ledger.withdraw(id);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_read_as_people_write_it() {
        let read = |payload: &[u8]| Errand::read(Verb::Drill, payload, "anna");
        let bare = Errand { verb: Verb::Drill, repository: None, snapshot: None, transaction: None, by: "anna".into(), id: None };
        assert_eq!(read(b""), Ok(bare.clone()));
        assert_eq!(read(b"{\"v\": 1, \"other\": 2}"), Ok(bare));
        let whole = read(br#"{"repository": "nas", "snapshot": 3, "transaction": 7}"#).unwrap();
        assert_eq!((whole.repository.as_deref(), whole.snapshot, whole.transaction), (Some("nas"), Some(3), Some(Value::from(7))));
        for wrong in [b"[]".as_slice(), b"{\"v\": 2}", b"{\"snapshot\": -1}", b"{\"repository\": 3}", b"nas", &[0xff]] {
            assert_eq!(read(wrong), Err(WANTED), "{wrong:?}");
        }
        assert_eq!(Errand::read(Verb::Snapshot, b"{\"snapshot\": 1}", "anna"), Err(WANTED));
        let long = |n: usize| format!("{{\"repository\": \"{}\"}}", "x".repeat(n - 18));
        assert!(read(long(limits::ERRAND_BYTES).as_bytes()).is_ok());
        assert_eq!(read(long(limits::ERRAND_BYTES + 1).as_bytes()), Err("an errand has at most 1 KiB"));
        assert_eq!(Verb::named("phoenix-snapshot"), Some(Verb::Snapshot));
        assert_eq!(Verb::named("phoenix-restore"), None);
    }

    #[test]
    fn as_many_wait_as_may_and_one_past_is_refused() {
        let errands = Errands::default();
        let one = || Errand::read(Verb::Snapshot, b"", "anna").unwrap();
        assert!(!errands.hand_in(one()), "nobody does them yet");
        let mut taken = errands.open();
        assert!((0..limits::ERRANDS_WAITING).all(|_| errands.hand_in(one())));
        assert!(!errands.hand_in(one()));
        drop(taken.try_recv());
        assert!(errands.hand_in(one()));
    }
}
