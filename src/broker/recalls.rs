//! The way from the broker to memory: questions, bounded in number and pace. They are answered elsewhere.

use super::{
    limits::{Bucket, Remembered},
    rights::Rights,
    visitor::Visitor,
};
use crate::{
    config::Config,
    domain::{
        EntityId, Question, Unanswerable, limits,
        topics::{self, Topic},
    },
};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// A question on its way.
#[derive(Debug)]
pub struct Asked {
    pub question: Result<Question, Unanswerable>,
    pub to: Replies,
    pub(super) rights: Arc<Rights>,
}

/// Where an answer goes.
#[derive(Debug)]
pub enum Replies {
    /// To all who may hear all.
    Everybody,
    /// The asker's own topic, with the correlation data: nobody else hears the answer then.
    Topic(String, Vec<u8>),
    /// A visitor who waits for it.
    Visitor(oneshot::Sender<Result<Value, NoAnswer>>),
}

/// Why a question has no answer, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// It makes no sense.
    Nonsense(String),
    /// The house failed.
    Failed(String),
}

impl NoAnswer {
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Nonsense(why) | Self::Failed(why) => why,
        }
    }
}

impl Asked {
    /// A question by HTTP, and where its answer comes in.
    #[must_use]
    pub fn by(visitor: &Visitor, question: Question) -> (Self, oneshot::Receiver<Result<Value, NoAnswer>>) {
        let (to, answer) = oneshot::channel();
        (Self { question: Ok(question), to: Replies::Visitor(to), rights: Arc::new(visitor.rights.clone()) }, answer)
    }

    /// Whoever is let in by HTTP reads everything there.
    fn reads(&self) -> bool {
        matches!(self.to, Replies::Visitor(_)) && self.rights.reads()
    }

    /// Whether the asker may know what was said on a topic: what may not be heard is not recalled either. A request is remembered with its
    /// verdict, so that of its asker has to be theirs to hear too.
    #[must_use]
    pub fn may_know(&self, config: &Config, topic: &str, kind: &str, requester: &EntityId) -> bool {
        let judged = matches!(kind, "act" | "command");
        self.reads()
            || self.rights.hear(config, topic)
                && (!judged || self.rights.hear(config, &topics::of_entity(&config.root, Topic::Verdict, requester)))
    }

    /// Whether the asker may know what the house has in mind.
    #[must_use]
    pub fn may_know_focus(&self, config: &Config) -> bool {
        self.reads() || self.rights.hear(config, &topics::name(&config.root, Topic::Consciousness))
    }

    /// Whether there is nothing that the asker may not know.
    #[must_use]
    pub fn may_know_all(&self) -> bool {
        self.reads() || self.rights.hears_everything()
    }
}

/// So many questions wait that no more is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Where questions are handed in.
#[derive(Debug)]
pub struct Recalls {
    send: mpsc::Sender<Asked>,
    pace: Mutex<Pace>,
}

#[derive(Debug)]
struct Pace {
    of_all: Option<Bucket>,
    of_one: Remembered<EntityId, Option<Bucket>>,
}

impl Recalls {
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (send, asked) = mpsc::channel(limits::RECALLS_WAITING);
        let of_all = Bucket::new(limits::RECALLS_PER_SECOND_OF_ALL, limits::RECALLS_BURST_OF_ALL);
        (Self { send, pace: Mutex::new(Pace { of_all, of_one: Remembered::new(limits::REMEMBERED) }) }, asked)
    }

    /// Whether one more question of this one is taken now.
    pub fn may_ask(&self, who: &EntityId, now: Duration) -> bool {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Bucket::new(limits::RECALLS_PER_SECOND, limits::RECALLS_BURST);
        // One's own first: who is over it takes nothing from the others.
        let one = pace.of_one.meet(who, fresh).as_mut().is_none_or(|bucket| bucket.take_one(now));
        one && pace.of_all.as_mut().is_none_or(|bucket| bucket.take_one(now))
    }

    /// # Errors
    /// When too many wait.
    pub fn ask(&self, asked: Asked) -> Result<(), Busy> {
        self.send.try_send(asked).map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_may_ask_at_its_pace_and_all_together_at_theirs() {
        let (recalls, _asked) = Recalls::new();
        let (now, id) = (Duration::from_secs(1), |n: u32| EntityId::new(&format!("e{n}")).unwrap());
        let burst = limits::RECALLS_BURST;
        assert!((0..burst).all(|_| recalls.may_ask(&id(0), now)));
        assert!(!recalls.may_ask(&id(0), now), "one past its own");
        assert!(recalls.may_ask(&id(0), now + Duration::from_millis(50)));
        let (recalls, _asked) = Recalls::new();
        assert!((0..limits::RECALLS_BURST_OF_ALL).all(|n| recalls.may_ask(&id(n / burst), now)));
        assert!(!recalls.may_ask(&id(1_000), now), "one past all of theirs");
    }

    #[test]
    fn as_many_wait_as_may_and_one_past_is_busy() {
        let (recalls, mut asked) = Recalls::new();
        let one = || Asked { question: Ok(Question::default()), to: Replies::Everybody, rights: Arc::new(Rights::open()) };
        assert!((0..limits::RECALLS_WAITING).all(|_| recalls.ask(one()).is_ok()));
        assert_eq!(recalls.ask(one()), Err(Busy));
        drop(asked.try_recv());
        assert_eq!(recalls.ask(one()), Ok(()));
    }
}
