//! Once a second each part does a little of its own accord, and works on what another did before: so they work as one, and it shows when
//! they do not.

use super::Mind;
use crate::{
    consciousness::{Candidate, Link, Lost, nothing_flows},
    domain::{Alarm, Asks, Change, Decision, EntityId, Judged, Part, Percept, Report, Timestamp, Unit01, consciousness::PHI_FLOW, limits},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The code of the alert on a lost link.
pub const ALARM: &str = "critical-consciousness-state";
/// What is still amiss is noticed again so often, and no more.
const AGAIN_SECONDS: f64 = 600.0;
/// How far it comes to mind then: it is known already.
const AMISS: f64 = 0.3;
/// How far a memory comes to mind by itself.
const REMEMBERED: f64 = 0.2;
/// Where nothing else is news, Φ is told after so many samples: each telling costs the disk a sync.
const TOLD_SAMPLES: u64 = 300;
/// A figure is kept so often.
const FIGURE_SECONDS: f64 = 300.0;

/// What of the live Φ was told last: at which sample, whether it was powered, who stood still, what was lost.
pub(super) type FlowTold = Option<(u64, Option<(bool, Vec<Part>, Option<Lost>)>)>;

/// What goes on inside, between what happens outside.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Inner {
    /// Seconds since the start.
    seconds: u64,
    /// Who was looked at last.
    cursor: Option<EntityId>,
    /// Of whom it was noticed when that something is still amiss; at most `limits::THOUGHTS`.
    amiss: BTreeMap<EntityId, Timestamp>,
    /// The last request of some, as it was judged; at most `limits::THOUGHTS`.
    thoughts: BTreeMap<EntityId, (Timestamp, Box<Judged>)>,
    thought: Option<EntityId>,
    /// Of whom memory was asked.
    recalling: Option<EntityId>,
    figured: Option<Timestamp>,
}

impl Mind {
    /// One round. Gives what memory and phoenix are to do in the second that begins; None while they are waited for.
    pub(super) fn go_round(&mut self) -> Option<Asks> {
        let now = self.state.now;
        self.state.inner.seconds = self.state.inner.seconds.saturating_add(1);
        match self.state.round.close()? {
            Some(did) => {
                self.flow_is_read |= self.state.flow.take(did, now);
                self.state.observed.see(did);
            }
            None => self.state.flow.skip(),
        }
        let severed = self.severed();
        let carries = |link: Link| severed != Some(link.ends().0);
        let tasks = self.state.round.begin(carries);
        let task = |part: Part| tasks.get(part.index()).copied().unwrap_or(0);
        let focus = self.focus();
        let looked = self.look_again(focus.as_ref(), task(Part::Perception));
        let of = self.feel_again(focus.as_ref(), looked, task(Part::Soul));
        self.think_again(&of, task(Part::Conscience));
        self.state.workspace.weigh(task(Part::Workspace));
        if severed == Some(Part::Workspace) {
            self.state.soul.attend(std::iter::empty());
        } else {
            self.state.soul.attend(self.state.workspace.attended());
        }
        self.state.inner.recalling.clone_from(&focus);
        Some(Asks { of: focus, recall: task(Part::Memory), prove: task(Part::Phoenix) })
    }

    /// Memory or phoenix did what it was asked.
    pub(super) fn take_report(&mut self, report: &Report) {
        let found = if self.severed() == Some(report.of) { 0 } else { report.found };
        self.state.round.report(&Report { found, ..*report });
        if report.of == Part::Memory
            && found > 0
            && let Some(entity) = self.state.inner.recalling.take()
        {
            let salience = Unit01::clamped(report.weight.get() * REMEMBERED);
            let nothing = Unit01::clamped(0.0);
            let candidate = Candidate { entity, percept: Uuid::nil(), salience, goal_relevance: nothing, novelty: nothing };
            self.state.workspace.remind(&candidate);
        }
    }

    /// How much attention the broadcast gives an entity, in [0, 1].
    pub(super) fn attention(&self, entity: &EntityId) -> f64 {
        if self.severed() == Some(Part::Workspace) { 0.0 } else { self.state.workspace.attention(entity) }
    }

    /// Offers to the workspace what was perceived.
    pub(super) fn notice(&mut self, candidate: Candidate, summary: impl FnOnce() -> String) {
        if self.severed() != Some(Part::Perception) && self.state.workspace.offer(candidate, summary) {
            self.state.round.stir(Part::Perception);
        }
    }

    /// Keeps what was judged to be thought over; of one who asks much, one request a second, and none that is large.
    pub(super) fn think_of(&mut self, percept: &Percept, judged: &Judged) {
        self.state.round.stir(Part::Conscience);
        let (now, asker, thoughts) = (self.state.now, &percept.source.requester, &mut self.state.inner.thoughts);
        let is_news = thoughts.get(asker).is_none_or(|(at, _)| now.seconds_since(*at) >= 1.0);
        if !is_news || percept.payload.len() > limits::THOUGHT_BYTES {
            return;
        }
        if thoughts.len() >= limits::THOUGHTS && !thoughts.contains_key(asker) {
            let oldest = thoughts.iter().min_by_key(|(_, (at, _))| *at).map(|(asker, _)| asker.clone());
            oldest.map(|oldest| thoughts.remove(&oldest));
        }
        thoughts.insert(asker.clone(), (now, Box::new(judged.clone())));
    }

    /// By other rules everything is decided anew: what turns by them is the owner's own doing.
    pub(super) fn think_anew(&mut self) {
        self.state.inner.thoughts.clear();
    }

    /// Lets go of an entity.
    pub(super) fn forget_inside(&mut self, entity: &EntityId) {
        let inner = &mut self.state.inner;
        inner.amiss.remove(entity);
        inner.thoughts.retain(|asker, (_, judged)| asker != entity && judged.request.target != *entity);
        inner.cursor.take_if(|who| who == entity);
        inner.thought.take_if(|who| who == entity);
        inner.recalling.take_if(|who| who == entity);
    }

    /// What is published of the live Φ, where it is news.
    pub(super) fn flow_view(&mut self) -> Option<Map<String, Value>> {
        if !std::mem::take(&mut self.flow_is_read) {
            return None;
        }
        let flow = &self.state.flow;
        let gist = flow.reading().map(|reading| (reading.powered, reading.still.clone(), flow.lost().cloned()));
        let is_other = self.flow_told.as_ref().is_none_or(|(samples, told)| *told != gist || flow.samples() >= samples + TOLD_SAMPLES);
        if !is_other {
            return None;
        }
        self.flow_told = Some((flow.samples(), gist));
        let mut view = Map::new();
        view.insert("unit".into(), json!("nats"));
        view.insert("method".into(), json!("phi_flow"));
        view.insert("samples".into(), json!(flow.samples()));
        let Some(reading) = flow.reading() else { return Some(view) };
        let to: Vec<Part> = Part::ALL.into_iter().filter(|part| !reading.from.contains(part)).collect();
        let text = match flow.lost() {
            Some(lost) => lost.words(),
            None if !reading.still.is_empty() => {
                let still: Vec<&str> = reading.still.iter().map(|part| part.as_str()).collect();
                format!("nothing can be told: {} did the same all the time", still.join(", "))
            }
            None if !reading.powered => "too little flows to tell whether anything is lost".to_owned(),
            None => {
                format!("they work as one; the least flows where {}", nothing_flows(&reading.from).trim_start_matches("nothing flows "))
            }
        };
        view.insert("value".into(), json!(rounded(reading.nats)));
        view.insert("t_eff".into(), json!(reading.t_eff.round()));
        view.insert("p".into(), json!(if reading.p < 1e-4 { 0.0 } else { rounded(reading.p) }));
        view.insert("powered".into(), json!(reading.powered));
        view.insert("mip".into(), json!({"from": reading.from, "to": to, "text": text}));
        view.insert("lost".into(), json!(flow.lost().map(|lost| json!({"since": lost.since.to_string(), "links": lost.links}))));
        Some(view)
    }

    pub(super) fn flow_alarm(&self, alarms: &mut BTreeMap<String, Alarm>) {
        if let Some(lost) = self.state.flow.lost() {
            let what_to_do =
                "restart Jamey; if it comes back, look at its log and at `jamey memory verify`: a part of it does not answer the others";
            let alarm = Alarm { critical: true, since: lost.since, text: Lost::words(lost), what_to_do: what_to_do.to_owned() };
            alarms.insert(ALARM.to_owned(), alarm);
        }
    }

    /// Each five minutes the figure is kept: by the minute two days of it would be half a megabyte.
    pub(super) fn flow_changes(&mut self, changes: &mut Vec<Change>) {
        let now = self.state.now;
        let Some(reading) = self.state.flow.reading() else { return };
        let inner = &mut self.state.inner;
        if inner.figured.is_some_and(|at| now.seconds_since(at) < FIGURE_SECONDS) {
            return;
        }
        inner.figured = Some(now);
        let detail = json!({
            "p": reading.p, "powered": reading.powered, "from": reading.from, "samples": self.state.flow.samples(),
            "lost": self.state.flow.lost().map(|lost| &lost.links),
        });
        changes.push(Change::Metric { at: now, metric: PHI_FLOW.to_owned(), value: reading.nats, detail });
    }

    /// What the broadcast is about.
    fn focus(&self) -> Option<EntityId> {
        if self.severed() == Some(Part::Workspace) {
            return None;
        }
        self.state.workspace.focus().map(|broadcast| broadcast.entity.clone())
    }

    /// The part whose word is lost, on purpose.
    fn severed(&self) -> Option<Part> {
        self.settings.severed.filter(|severed| self.state.inner.seconds >= severed.after_seconds).map(|severed| severed.part)
    }

    /// Perception looks again at whom the broadcast is about and who is near, then at the others in turn. What is still amiss comes to mind again.
    fn look_again(&mut self, focus: Option<&EntityId>, most: u32) -> Vec<EntityId> {
        let now = self.state.now;
        let mut cursor = self.state.inner.cursor.take();
        let looked = self.state.soul.look_again(focus, &mut cursor, most);
        self.state.inner.cursor = cursor;
        let amiss = &mut self.state.inner.amiss;
        amiss.retain(|_, at| now.seconds_since(*at) < AGAIN_SECONDS);
        let mut found = Vec::new();
        let unwatched = &self.settings.unwatched;
        let registry = &self.state.registry;
        // Of what is known to the house: who makes up names must not fill the place.
        for seen in looked.iter().filter(|seen| registry.device(&seen.entity).is_some() && !unwatched.contains(&seen.entity)) {
            if (seen.gone || seen.odd) && amiss.len() < limits::THOUGHTS && !amiss.contains_key(&seen.entity) {
                amiss.insert(seen.entity.clone(), now);
                found.push(seen.clone());
            }
        }
        for seen in found {
            let grave = Unit01::clamped(AMISS);
            let what = if seen.gone { "is silent still" } else { "tells unusual readings still" };
            let candidate = Candidate {
                entity: seen.entity.clone(),
                percept: Uuid::nil(),
                salience: grave,
                goal_relevance: grave,
                novelty: Unit01::clamped(0.0),
            };
            self.notice(candidate, || format!("{} {what}", seen.entity));
        }
        looked.into_iter().map(|seen| seen.entity).collect()
    }

    /// The soul knows as of now whom it trusts, first of those who were looked at; the conscience is told.
    fn feel_again(&mut self, focus: Option<&EntityId>, looked: Vec<EntityId>, most: u32) -> BTreeMap<EntityId, Unit01> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let thoughts = self.state.inner.thoughts.keys().cloned();
        let whom: Vec<EntityId> = focus.cloned().into_iter().chain(thoughts).chain(looked).take(most).collect();
        let felt = self.state.soul.feel_again(whom, self.state.now);
        if self.severed() == Some(Part::Soul) { BTreeMap::new() } else { felt.into_iter().collect() }
    }

    /// The conscience thinks over what it decided: with the trust of now, would it decide so again? What turned comes to mind.
    fn think_again(&mut self, trusted: &BTreeMap<EntityId, Unit01>, most: u32) {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let after = self.state.inner.thought.take();
        let mut askers: Vec<EntityId> = self.state.inner.thoughts.keys().cloned().collect();
        if let Some(after) = after {
            let place = askers.partition_point(|asker| *asker <= after);
            askers.rotate_left(place);
        }
        for asker in askers.into_iter().take(most) {
            self.state.inner.thought = Some(asker.clone());
            let Some((at, mut thought)) = self.state.inner.thoughts.remove(&asker) else { continue };
            if let Some(trust) = trusted.get(&asker) {
                thought.facts.req.trust = *trust;
            }
            let again = self.rules.judge(&thought.facts);
            if again.decision != thought.verdict.decision {
                let risk = thought.facts.dev.risk;
                let would = match again.decision {
                    Decision::Allow => "allow",
                    Decision::Escalate => "ask a person before",
                    Decision::Deny => "deny",
                };
                let text = format!("would now {would} {} of {}, which {asker} asked", thought.request.verb.0, thought.request.target);
                let candidate =
                    Candidate { entity: asker.clone(), percept: Uuid::nil(), salience: risk, goal_relevance: risk, novelty: risk };
                self.state.workspace.offer(candidate, || text);
            }
            thought.verdict = again;
            self.state.inner.thoughts.insert(asker, (at, thought));
        }
    }
}

fn rounded(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0
}
