//! Requests that want a person's word: they wait, are judged again before they are let on, and expire.

use super::Mind;
use crate::domain::{
    Act, Answer, Decision, Ending, EntityId, Held, Judged, Origin, Outcome, Percept, Purpose, Request, Settled, Source, Timestamp,
    Unanswered, Verb, limits,
};
use crate::soul::Evidence;
use uuid::Uuid;

/// The risk from which an answer that comes late is worse than none: locks, doors, alarms.
const CRITICAL_RISK: f64 = 0.7;

/// How long requests wait for a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    pub seconds: u32,
    /// Where the risk is .7 or more.
    pub critical_seconds: u32,
}

impl Mind {
    /// What waits, by id.
    pub fn held(&self) -> impl Iterator<Item = (&Uuid, &Held)> {
        self.state.held.iter()
    }

    /// What goes on to a device takes the place of what waits for it, and so does what waits itself of what its asker made wait before.
    /// What is refused takes nobody's place: else anyone could clear what others asked for.
    pub(super) fn hold_or_supersede(&mut self, percept: &Percept, outcome: &mut Outcome) {
        let Purpose::Requests { origin, .. } = percept.purpose else { return };
        let Some(decision) = outcome.decision() else { return };
        if origin.lets_on(decision) {
            if !percept.retained {
                self.supersede(percept, origin, outcome, |_| true);
            }
            return;
        }
        if decision != Decision::Escalate {
            return;
        }
        if let Some(why) = self.may_not_wait(percept) {
            return cannot_wait(outcome, why);
        }
        let requester = percept.source.requester.clone();
        self.supersede(percept, origin, outcome, |held| held.percept.source.requester == requester);
        if let Some(why) = self.no_room(percept) {
            return cannot_wait(outcome, why);
        }
        let critical = outcome.judged.iter().any(|j| j.facts.dev.risk.get() >= CRITICAL_RISK);
        let waits = self.settings.waits;
        let seconds = if critical { waits.critical_seconds } else { waits.seconds };
        let expires_at = self.state.now.plus_seconds(seconds.into());
        // How it goes on is the door's business.
        let percept = Box::new(Percept { way_on: None, ..percept.clone() });
        self.acted(Act::Held, percept.id, &requester);
        self.state.holds.push_back((self.state.now, requester));
        self.state.held.insert(percept.id, Held { percept, expires_at });
        outcome.held_until = Some(expires_at);
    }

    fn may_not_wait(&mut self, percept: &Percept) -> Option<&'static str> {
        let now = self.state.now;
        while self.state.holds.front().is_some_and(|(at, _)| now.seconds_since(*at) >= 60.0) {
            self.state.holds.pop_front();
        }
        let own = self.state.holds.iter().filter(|(_, who)| *who == percept.source.requester).count();
        match () {
            // It would reach the device on each reconnect, long after the answer.
            () if percept.retained => Some("a retained command does not wait"),
            () if !percept.may_wait => Some("it is too large to be kept whole"),
            () if own >= limits::HELD_PER_MINUTE => Some("16 requests of this asker were made to wait within a minute"),
            () if self.state.holds.len() >= limits::HELD_PER_MINUTE_OF_ALL => Some("256 requests were made to wait within a minute"),
            () => None,
        }
    }

    fn no_room(&self, percept: &Percept) -> Option<&'static str> {
        let asker = &percept.source;
        let of = |same: fn(&Source, &Source) -> bool| self.state.held.values().filter(|h| same(&h.percept.source, asker)).count();
        match () {
            () if self.state.held.len() >= limits::HELD => Some("64 requests wait already"),
            () if of(|a, b| a.client_id == b.client_id) >= limits::HELD_PER_CLIENT => Some("8 requests of this client wait already"),
            () if of(|a, b| a.requester == b.requester) >= limits::HELD_PER_CLIENT => Some("8 requests of this asker wait already"),
            () => None,
        }
    }

    fn supersede(&mut self, percept: &Percept, origin: Origin, outcome: &mut Outcome, whose: impl Fn(&Held) -> bool) {
        if self.state.held.is_empty() {
            return;
        }
        // An act may be a word that no device knows; only what asks for the same or undoes it stands in its place.
        let in_place = |new: &Verb, old: &Verb| {
            origin != Origin::Act || new == old || new.pole().zip(old.pole()).is_some_and(|(new, old)| new == old ^ 1)
        };
        let commands = |held: &Held| {
            requests(&held.percept)
                .iter()
                .any(|old| outcome.judged.iter().any(|new| new.request.target == old.target && in_place(&new.request.verb, &old.verb)))
        };
        let ids: Vec<Uuid> = self.state.held.iter().filter(|(_, held)| whose(held) && commands(held)).map(|(id, _)| *id).collect();
        for id in ids {
            let reason = format!("superseded: {} commanded the same device since", percept.source.requester);
            outcome.settled.extend(self.end(id, Ending::Superseded, None, reason));
        }
    }

    /// It was let on without an answer, for the store could not write: it does not go on a second time.
    pub(super) fn went_on(&mut self, id: Uuid) -> Outcome {
        let settled = self.end(id, Ending::Superseded, None, "superseded: it went on while the store could not write".to_owned());
        Outcome { settled: settled.into_iter().collect(), ..Outcome::default() }
    }

    /// Who asked, or what was asked for, is forgotten.
    pub(super) fn let_go(&mut self, id: Uuid) -> Option<Settled> {
        self.end(id, Ending::Expired, None, "denied: whom it concerned was forgotten".to_owned())
    }

    /// A person's word.
    pub(super) fn answer(&mut self, answer: &Answer) -> Outcome {
        let now = self.state.now;
        let mut outcome = Outcome::default();
        let Some(held) = self.state.held.get(&answer.id) else {
            return Outcome { unanswered: Some(Unanswered::NotWaiting), ..outcome };
        };
        let asker = held.percept.source.requester.clone();
        let own = answer.by == asker || answer.by == held.percept.entity;
        let unanswered = match () {
            () if own => Some(Unanswered::Own),
            () if held.expires_at <= now => Some(Unanswered::Expired),
            () => None,
        };
        if unanswered.is_some() {
            return Outcome { unanswered, ..outcome };
        }
        let asked: Vec<EntityId> = requests(&held.percept).iter().map(|r| r.target.clone()).collect();
        self.feel_answer(&asker, answer.id, answer.approves);
        if !answer.approves {
            for target in &asked {
                self.state.soul.hear(&asker, now, Some(target), Evidence::Denied);
            }
            let reason = format!("denied: {} refused it", answer.by);
            outcome.settled.extend(self.end(answer.id, Ending::Refused, Some(answer.by.clone()), reason));
            return outcome;
        }
        let Some(held) = self.state.held.remove(&answer.id) else { return outcome };
        let by = answer.by.clone();
        if let Some(why) = &answer.void {
            let reason = format!("approved by {by}, but {why}");
            outcome.settled.push(Settled {
                id: answer.id,
                at: now,
                ending: Ending::Approved,
                by: Some(by),
                judged: Vec::new(),
                lets_on: false,
                reason,
            });
            return outcome;
        }
        let judged = self.judge_again(&held.percept);
        let lets_on = judged.iter().all(|j| j.verdict.decision != Decision::Deny);
        let reason = match judged.iter().find(|j| j.verdict.decision == Decision::Deny) {
            Some(denied) => format!("approved by {by}, but meanwhile {}", denied.verdict.reason),
            None => format!("allowed: {by} approved it"),
        };
        let judged: Vec<Judged> = judged.into_iter().map(|j| decided(j, &reason)).collect();
        if lets_on {
            self.state.soul.hear(&asker, now, None, Evidence::Clean);
            self.acted(Act::Released, answer.id, &asker);
            if let Some(target) = asked.first() {
                self.feel_release(target, answer.id);
            }
            self.await_effect(&judged, Origin::Guard);
            self.count_requests(&judged, true, true);
        }
        outcome.settled.push(Settled { id: answer.id, at: now, ending: Ending::Approved, by: Some(by), judged, lets_on, reason });
        outcome
    }

    /// What nobody answered in time goes nowhere, unless every rule that asked says otherwise, and nothing speaks against it by then.
    pub(super) fn expire(&mut self) -> Vec<Settled> {
        let now = self.state.now;
        let over: Vec<Uuid> = self.state.held.iter().filter(|(_, held)| held.expires_at <= now).map(|(id, _)| *id).collect();
        over.into_iter().filter_map(|id| self.expired(id)).collect()
    }

    fn expired(&mut self, id: Uuid) -> Option<Settled> {
        let percept = self.state.held.get(&id)?.percept.clone();
        let judged = self.judge_again(&percept);
        let rules = &mut self.rules;
        let goes = judged.iter().all(|j| match j.verdict.decision {
            Decision::Allow => true,
            Decision::Escalate => rules.expires_to_allow(&j.facts),
            Decision::Deny => false,
        });
        let asked = judged.iter().any(|j| j.verdict.decision == Decision::Escalate);
        if !(goes && asked) {
            return self.end(id, Ending::Expired, None, "denied: nobody answered in time".to_owned());
        }
        let reason = "allowed: nobody answered in time, and the rules that asked let it go then";
        let settled = self.end(id, Ending::Expired, None, reason.to_owned())?;
        let judged: Vec<Judged> = judged.into_iter().map(|j| decided(j, reason)).collect();
        self.await_effect(&judged, Origin::Guard);
        self.acted(Act::Released, id, &percept.source.requester);
        self.count_requests(&judged, true, false);
        Some(Settled { judged, lets_on: true, ..settled })
    }

    fn end(&mut self, id: Uuid, ending: Ending, by: Option<EntityId>, reason: String) -> Option<Settled> {
        self.state.held.remove(&id)?;
        Some(Settled { id, at: self.state.now, ending, by, judged: Vec::new(), lets_on: false, reason })
    }

    /// On how things stand now: what was safe to ask for may be so no longer.
    fn judge_again(&mut self, percept: &Percept) -> Vec<Judged> {
        let trust = self.state.soul.trust(&percept.source.requester, self.state.now);
        let ctx = self.signals_now();
        requests(percept).iter().map(|request| self.judge_one(percept, request, trust, &ctx)).collect()
    }
}

/// What was decided of what the rules left open; what they forbid stays forbidden.
fn decided(mut judged: Judged, reason: &str) -> Judged {
    if judged.verdict.decision == Decision::Escalate {
        judged.verdict.decision = Decision::Allow;
        judged.verdict.reason = format!("{reason}; {}", judged.verdict.reason);
    }
    judged
}

fn cannot_wait(outcome: &mut Outcome, why: &str) {
    for judged in outcome.judged.iter_mut().filter(|j| j.verdict.decision == Decision::Escalate) {
        judged.verdict.reason.push_str("; nobody can be asked: ");
        judged.verdict.reason.push_str(why);
    }
}

/// Whether a request is an entity's, or asks something of it.
pub(super) fn concerns(percept: &Percept, entity: &EntityId) -> bool {
    percept.source.requester == *entity || percept.entity == *entity || requests(percept).iter().any(|r| r.target == *entity)
}

fn requests(percept: &Percept) -> &[Request] {
    match &percept.purpose {
        Purpose::Requests { requests, .. } => requests,
        Purpose::Observation | Purpose::Discovery => &[],
    }
}

/// What waited before the house was started again.
pub(super) fn waiting(kept: impl IntoIterator<Item = (Percept, Timestamp)>) -> std::collections::BTreeMap<Uuid, Held> {
    kept.into_iter().map(|(percept, expires_at)| (percept.id, Held { percept: Box::new(percept), expires_at })).collect()
}
