//! Requests: the facts that each is judged on, the verdicts, and what the soul learns of it.

use super::Mind;
use crate::{
    conscience::RuleSet,
    domain::{
        Act, ActFacts, Decision, DeviceClass, DeviceFacts, Facts, Judged, Origin, Outcome, Percept, Purpose, RelationKind, Request,
        RequestFacts, Signals, Unit01, Verdict, limits,
    },
    soul::Evidence,
};

/// Between two looks at how much more trust an asker would need whose denials are no evidence.
const WANTED_SECONDS: f64 = 60.0;

impl Mind {
    pub(super) fn judge(&mut self, percept: &Percept, requests: &[Request]) -> Outcome {
        let now = self.state.now;
        let fresh = percept.repeat_of.is_none();
        self.meet(percept);
        let trust = self.state.soul.trust(&percept.source.requester, now);
        let ctx = self.signals_now();
        let mut judged: Vec<Judged> = requests.iter().map(|request| self.judge_one(percept, request, trust, &ctx)).collect();
        self.speak_gently(percept, &mut judged);
        let mut outcome = Outcome { judged, ..Outcome::default() };
        outcome.repeats_held = percept.repeat_of.is_some_and(|id| self.state.held.contains_key(&id));
        let observed = matches!(percept.purpose, Purpose::Requests { origin: Origin::Observed, .. });
        if fresh {
            self.shade(percept, &outcome.judged, now);
            self.hold_or_supersede(percept, &mut outcome);
            for judged in &outcome.judged {
                let (request, verdict) = (&judged.request, &judged.verdict);
                self.state.commands.entry(request.target.clone()).or_default().note(now, &percept.source.requester, &request.verb);
                let denied = verdict.decision == Decision::Deny;
                let requester = &percept.source.requester;
                // What is merely watched goes on. Who is denied there because it is not known yet has done no wrong, and must not stay unknown for
                // it; who has done wrong is known.
                let spared = denied
                    && observed
                    && self.state.soul.on_probation(requester) == Some(false)
                    && allows_with(&mut self.rules, &mut judged.facts.clone(), 1.0);
                let evidence = match verdict.decision {
                    Decision::Deny if spared => None,
                    Decision::Deny => Some(Evidence::Denied),
                    Decision::Allow => Some(Evidence::Clean),
                    Decision::Escalate => None,
                };
                // Only what is registered, and was let: an asker must not fill the house with relations to what it made up.
                if verdict.decision == Decision::Allow
                    && self.state.registry.device(&request.target).is_some()
                    && self.state.soul.relate_seen(requester, RelationKind::Controls, &request.target)
                {
                    self.acted(Act::Related, percept.id, requester);
                }
                let counted = evidence.is_some_and(|evidence| self.state.soul.hear(requester, now, Some(&request.target), evidence));
                // As evidence counts, once a minute: who asks again and again makes Jamey nothing by it.
                if counted {
                    self.acted(if denied { Act::Denied } else { Act::Allowed }, percept.id, requester);
                    self.acted(Act::Moved, percept.id, requester);
                }
                // Once a minute at most, for each target where it is evidence.
                let long_ago = |at| now.seconds_since(at) >= WANTED_SECONDS;
                if denied && (counted || spared && self.state.soul.wanted_at(requester).is_none_or(long_ago)) {
                    let trust = least_trust(&mut self.rules, &judged.facts);
                    self.state.soul.want(requester, &request.target, &request.verb.0, now, trust);
                }
                self.feel_verdict(percept, judged);
                self.think_of(percept, judged);
            }
            if let Purpose::Requests { origin, .. } = &percept.purpose {
                self.await_effect(&outcome.judged, *origin);
            }
            self.bound_commands();
            let decision = outcome.decision();
            if let (Purpose::Requests { origin, .. }, Some(decision)) = (&percept.purpose, decision) {
                self.count_requests(&outcome.judged, origin.lets_on(decision), false);
            }
            let worst = outcome.judged.iter().max_by_key(|j| j.verdict.decision);
            let stir = worst.map_or(0.0, |w| if w.verdict.decision == Decision::Allow { 0.0 } else { w.facts.dev.risk.get() });
            let text = self.text_of(percept, &outcome.judged);
            outcome.record = Some(self.remember(percept, decision, stir, text));
        }
        outcome
    }

    pub(super) fn judge_one(&mut self, percept: &Percept, request: &Request, trust: Unit01, ctx: &Signals) -> Judged {
        let (verb, source) = (request.verb.0.as_str(), &percept.source);
        let device = self.state.registry.device(&request.target);
        let guard = if device.is_some() { None } else { self.settings.guards.iter().find(|g| g.filter.matches(&percept.topic)) };
        // Where a thing is, its owner says first: others may only say it where the owner did not.
        let owners_area = || {
            let topics = || device.into_iter().flat_map(|d| d.commands()).map(|c| c.topic.as_str()).chain([percept.topic.as_str()]);
            let own = device.is_none_or(|d| !d.is_declared() || d.area.is_none());
            let placed = self.settings.guards.iter().filter(|g| own && g.area.is_some());
            placed.filter(|g| topics().any(|topic| g.filter.matches(topic))).find_map(|g| g.area.clone())
        };
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
                area: owners_area().or_else(|| device.and_then(|d| d.area.clone())).unwrap_or_default(),
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

/// The least trust t in [0, 1], to 1e-12, with which a request would have been allowed on the same facts; None: no trust would have done.
fn least_trust(rules: &mut RuleSet, facts: &Facts) -> Option<f64> {
    let mut facts = facts.clone();
    let mut allows = |t: f64| allows_with(rules, &mut facts, t);
    if !allows(1.0) {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if allows(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// Whether a request would have been allowed, had its requester been trusted with `trust`.
fn allows_with(rules: &mut RuleSet, facts: &mut Facts, trust: f64) -> bool {
    facts.req.trust = Unit01::clamped(trust);
    rules.judge(facts).decision == Decision::Allow
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
