//! What people are to hear of verdicts and of what waits: gathered in the mind's thread at the price of a few counts, told twice a second at most.

use crate::domain::{Decision, Ending, EntityId, Judged, Kept, Origin, Outcome, Percept, Purpose, Request, Settled, Timestamp};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// A verdict worth telling: of many at a time the gravest, of those the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicted {
    pub percept: Uuid,
    pub at: Timestamp,
    pub requester: EntityId,
    pub request: Request,
    pub decision: Decision,
    pub reason: String,
    /// It went on.
    pub forwarded: bool,
}

/// A step of what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Approved,
    Superseded,
    Refused,
    Expired,
    /// The gravest: somebody is waited for.
    Asked,
}

impl Step {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => Ending::Approved.as_str(),
            Self::Refused => Ending::Refused.as_str(),
            Self::Expired => Ending::Expired.as_str(),
            Self::Superseded => Ending::Superseded.as_str(),
        }
    }
}

/// What became of one that waits, or that it waits now.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    pub id: Uuid,
    pub at: Timestamp,
    pub step: Step,
    pub requester: EntityId,
    pub requests: Vec<Request>,
    /// Whose word it was.
    pub by: Option<EntityId>,
    pub expires_at: Timestamp,
    pub reason: String,
}

/// All of one batch, or of half a second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Noticed {
    pub verdicts: u64,
    pub denied: u64,
    pub verdict: Option<Box<Verdicted>>,
    pub steps: u64,
    pub step: Option<Box<Stepped>>,
}

impl Noticed {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.verdicts == 0 && self.steps == 0 && self.denied == 0
    }

    /// A message was judged; `lets_on`: it goes on.
    pub fn judged(&mut self, percept: &Percept, outcome: &Outcome, lets_on: bool) {
        let Purpose::Requests { origin, .. } = &percept.purpose else { return };
        if percept.repeat_of.is_some() {
            return;
        }
        // What would wait and cannot is refused.
        let waits = outcome.held_until.is_some() || *origin == Origin::Observed;
        for Judged { request, verdict, .. } in &outcome.judged {
            let decision = if verdict.decision == Decision::Escalate && !waits { Decision::Deny } else { verdict.decision };
            self.verdicts += 1;
            self.denied += u64::from(verdict.decision == Decision::Deny);
            if self.verdict.as_ref().is_none_or(|gravest| decision > gravest.decision) {
                self.verdict = Some(Box::new(Verdicted {
                    percept: percept.id,
                    at: percept.at,
                    requester: percept.source.requester.clone(),
                    request: request.clone(),
                    decision,
                    reason: verdict.reason.clone(),
                    forwarded: lets_on,
                }));
            }
        }
    }

    /// A request waits for a person's word from now on.
    pub fn asked(&mut self, kept: &Kept) {
        self.step(Stepped {
            id: kept.percept.id,
            at: kept.percept.at,
            step: Step::Asked,
            requester: kept.percept.source.requester.clone(),
            requests: requests(kept),
            by: None,
            expires_at: kept.expires_at,
            reason: kept.reason.clone(),
        });
    }

    /// It waits no more.
    pub fn ended(&mut self, kept: &Kept, settled: &Settled) {
        let step = match settled.ending {
            Ending::Approved => Step::Approved,
            Ending::Refused => Step::Refused,
            Ending::Expired => Step::Expired,
            Ending::Superseded => Step::Superseded,
        };
        let denied = settled.judged.iter().filter(|judged| judged.verdict.decision == Decision::Deny).count();
        self.denied += u64::try_from(denied).unwrap_or(0);
        self.step(Stepped {
            id: settled.id,
            at: settled.at,
            step,
            requester: kept.percept.source.requester.clone(),
            requests: requests(kept),
            by: settled.by.clone(),
            expires_at: kept.expires_at,
            reason: settled.reason.clone(),
        });
    }

    fn step(&mut self, stepped: Stepped) {
        self.steps += 1;
        if self.step.as_ref().is_none_or(|gravest| stepped.step > gravest.step) {
            self.step = Some(Box::new(stepped));
        }
    }

    /// Adds what came later.
    pub fn add(&mut self, later: Self) {
        self.verdicts += later.verdicts;
        self.denied += later.denied;
        self.steps += later.steps;
        let graver = |own: Option<Decision>, new: Option<Decision>| new > own;
        if graver(self.verdict.as_ref().map(|v| v.decision), later.verdict.as_ref().map(|v| v.decision)) {
            self.verdict = later.verdict;
        }
        if later.step.as_ref().map(|s| s.step) > self.step.as_ref().map(|s| s.step) {
            self.step = later.step;
        }
    }
}

fn requests(kept: &Kept) -> Vec<Request> {
    match &kept.percept.purpose {
        Purpose::Requests { requests, .. } => requests.clone(),
        Purpose::Observation | Purpose::Discovery => Vec::new(),
    }
}

/// Where it is left once it is on disk, until it is told.
#[derive(Debug, Default)]
pub struct Board(Mutex<Noticed>);

impl Board {
    pub fn leave(&self, noticed: Noticed) {
        if !noticed.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).add(noticed);
        }
    }

    #[must_use]
    pub fn take(&self) -> Noticed {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stepped(step: Step) -> Stepped {
        let requester = EntityId::new("panel").unwrap();
        let at = Timestamp::from_micros(1);
        Stepped { id: Uuid::nil(), at, step, requester, requests: vec![], by: None, expires_at: at, reason: String::new() }
    }

    #[test]
    fn of_many_at_a_time_the_gravest_is_told_and_all_are_counted() {
        let board = Board::default();
        for steps in [&[Step::Approved, Step::Asked][..], &[Step::Expired, Step::Asked, Step::Refused]] {
            let mut batch = Noticed::default();
            steps.iter().for_each(|step| batch.step(stepped(*step)));
            board.leave(batch);
        }
        let all = board.take();
        assert_eq!((all.steps, all.step.map(|s| s.step)), (5, Some(Step::Asked)));
        assert!(board.take().is_empty());
    }
}
