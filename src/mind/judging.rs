//! Requests: the facts that each is judged on, the verdicts, and what the soul learns of it.

use super::{Mind, NO_UNSAFE_REQUEST};
use crate::{
    domain::{
        ActFacts, Decision, DeviceClass, DeviceFacts, Facts, Judged, Outcome, Percept, RelationKind, Request, RequestFacts, Signals,
        Signed1, Unit01, Verdict, limits,
    },
    memory::policy,
    soul::{Event, Evidence},
};

impl Mind {
    pub(super) fn judge(&mut self, percept: &Percept, requests: &[Request]) -> Outcome {
        let now = self.state.now;
        let fresh = percept.repeat_of.is_none();
        self.meet(percept);
        let trust = self.state.soul.trust(&percept.source.requester, now);
        let ctx = self.signals_now();
        let judged: Vec<Judged> = requests.iter().map(|request| self.judge_one(percept, request, trust, &ctx)).collect();
        let mut outcome = Outcome { judged, ..Outcome::default() };
        outcome.repeats_held = percept.repeat_of.is_some_and(|id| self.state.held.contains_key(&id));
        if fresh {
            self.shade(percept, &outcome.judged, now);
            self.hold_or_supersede(percept, &mut outcome);
            for judged in &outcome.judged {
                let (request, verdict) = (&judged.request, &judged.verdict);
                self.state.commands.entry(request.target.clone()).or_default().note(now, &percept.source.requester, &request.verb);
                let evidence = match verdict.decision {
                    Decision::Deny => Some(Evidence::Denied),
                    Decision::Allow => Some(Evidence::Clean),
                    Decision::Escalate => None,
                };
                // Only what is registered, and was let: an asker must not fill the house with relations to what it made up.
                if verdict.decision == Decision::Allow && self.state.registry.device(&request.target).is_some() {
                    self.state.soul.relate_seen(&percept.source.requester, RelationKind::Controls, &request.target);
                }
                if let Some(evidence) = evidence {
                    self.state.soul.hear(&percept.source.requester, now, Some(&request.target), evidence);
                }
                if verdict.decision != Decision::Allow {
                    let risk = judged.facts.dev.risk.get();
                    let (bad, conduct) = (Signed1::clamped(-risk / 2.0), Signed1::clamped(verdict.score));
                    let event = Event::happened(percept.source.requester.clone(), percept.id, NO_UNSAFE_REQUEST, bad, conduct);
                    self.state.soul.appraise(&event, now);
                }
            }
            self.bound_commands();
            let decision = outcome.decision();
            let worst = outcome.judged.iter().max_by_key(|j| j.verdict.decision);
            let stir = worst.map_or(0.0, |w| if w.verdict.decision == Decision::Allow { 0.0 } else { w.facts.dev.risk.get() });
            let text = policy::text(percept, &outcome.judged);
            outcome.record = Some(self.remember(percept, decision, stir, text));
        }
        outcome
    }

    pub(super) fn judge_one(&mut self, percept: &Percept, request: &Request, trust: Unit01, ctx: &Signals) -> Judged {
        let (verb, source) = (request.verb.0.as_str(), &percept.source);
        let device = self.state.registry.device(&request.target);
        let guard = if device.is_some() { None } else { self.settings.guards.iter().find(|g| g.filter.matches(&percept.topic)) };
        let class = device.map(|d| d.class).or(guard.map(|g| g.class)).unwrap_or_else(|| class_by_verb(verb));
        let risk = device.map_or_else(|| class.risk_of(guard.and_then(|g| g.risk).unwrap_or(class.risk()), verb), |d| d.risk_of(verb));
        let past = self.state.commands.get(&request.target);
        let facts = Facts {
            req: RequestFacts {
                entity: source.requester.clone(),
                client: source.requester.clone(),
                role: source.role.clone(),
                human: source.human,
                trust,
                delegated: source.speaks_for_many,
                events: self.state.soul.events(&source.requester),
                minute: Some(self.state.now.minute_of_day(&self.settings.zone)),
            },
            act: ActFacts {
                target: request.target.clone(),
                verb: verb.to_owned(),
                value: request.value,
                args: request.args.clone(),
                retained: percept.retained,
                signed: false,
            },
            dev: DeviceFacts {
                class,
                area: device.and_then(|d| d.area.clone()).or_else(|| guard.and_then(|g| g.area.clone())).unwrap_or_default(),
                tags: device.map(|d| &d.tags).or(guard.map(|g| &g.tags)).cloned().unwrap_or_default(),
                state: self.state.states.get(&request.target).cloned().unwrap_or_default(),
                risk,
                cmds_60s: past.map_or(0, |c| c.last_minute(self.state.now)),
                opposite_5s: past.map_or(0, |c| c.opposites(self.state.now, &source.requester, &request.verb)),
                name: device.and_then(|d| d.name.clone()),
            },
            ctx: ctx.clone(),
            stress: self.state.soul.stress(),
        };
        let verdict: Verdict = self.rules.judge(&facts);
        Judged { request: request.clone(), verdict, facts }
    }

    /// Devices whose last command is older than a minute have nothing left to count.
    fn bound_commands(&mut self) {
        if self.state.commands.len() > limits::DEVICES {
            let now = self.state.now;
            self.state.commands.retain(|_, c| c.last_minute(now) > 0);
        }
        while self.state.commands.len() > limits::DEVICES {
            self.state.commands.pop_first();
        }
    }
}

/// What a device that nobody described must be taken for, from what is asked of it: the riskiest thing that knows the verb.
fn class_by_verb(verb: &str) -> DeviceClass {
    match verb {
        "lock" | "unlock" => DeviceClass::Lock,
        "arm" | "disarm" => DeviceClass::AlarmPanel,
        "open" | "close" => DeviceClass::Door,
        _ => DeviceClass::Unknown,
    }
}
