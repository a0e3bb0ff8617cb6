//! The reason of a verdict: one plain sentence for a person, about the thing, the moment, the asker and the rule, with what would change it.

use super::facts::{Known, View};
use super::judge::{Applicable, CRITICAL_RISK, Doubt, Said, thresholds};
use super::rule::{Kind, Rule};
use super::words::{clean, digits, joined, kind_of_thing, listed, number, signal_in_words, what};
use super::{Set, Terms};
use crate::domain::{Contribution, Decision, Facts, Unit01, Verdict};
use std::fmt::Write;

/// The longest reason, in characters: two messages on a telephone. Only a name or a rule made to be long comes near.
pub(super) const REASON_CHARS: usize = 480;
/// Below so many pieces of evidence it is the evidence that is lacking, not the character.
const FEW_EVENTS: u64 = 5;
/// Trust from which an entity counts as trusted a little: as likely good as not; and well: what the shipped rules take for a resident's.
const TRUSTED: f64 = 0.5;
const WELL_TRUSTED: f64 = 0.8;

/// What the sentence is made from.
struct Case<'c> {
    set: &'c Set,
    applicable: &'c Applicable,
    facts: &'c Facts,
    said: &'c Said,
    verdict: &'c Verdict,
    /// The rule that counted most for what was decided.
    rule: Option<(usize, &'c Rule)>,
}

pub(super) fn reason(set: &Set, applicable: &Applicable, facts: &Facts, said: &Said, verdict: &Verdict) -> String {
    let mut case = Case { set, applicable, facts, said, verdict, rule: None };
    case.rule = case.deciding();
    let mut text = String::with_capacity(256);
    match verdict.decision {
        Decision::Allow => case.allowed(&mut text),
        Decision::Escalate => case.asked(&mut text),
        Decision::Deny => case.denied(&mut text),
    }
    if let Some((rule, why)) = said.erred.first().and_then(|(at, why)| Some((set.rules.get(*at)?, why))) {
        let _ = write!(text, "; {} could not be evaluated ({why})", rule.id);
    }
    if let Some((cut, _)) = text.char_indices().nth(REASON_CHARS) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

impl<'c> Case<'c> {
    /// The veto that forbids, else what may forbid, else what asks, else the greatest objection, else what speaks for it.
    fn deciding(&self) -> Option<(usize, &'c Rule)> {
        let rule = |at: usize| Some((at, self.set.rules.get(at)?));
        let fired = |wanted: &dyn Fn(&Contribution) -> bool| {
            let found = self.verdict.contributions.iter().find(|c| wanted(c))?;
            self.said.fired.iter().find_map(|(at, _)| rule(*at).filter(|r| r.1.id == found.rule))
        };
        let kind = |kind: Kind| move |c: &Contribution| c.kind == kind.as_str();
        let objection = || fired(&|c| c.share < 0.0);
        match self.verdict.decision {
            Decision::Deny => fired(&kind(Kind::Veto)).or_else(objection),
            Decision::Escalate => {
                let doubt = self.said.doubts.first().and_then(|(at, _)| rule(*at));
                doubt.or_else(|| fired(&kind(Kind::Escalate))).or_else(objection)
            }
            Decision::Allow => objection().or_else(|| fired(&|c| c.share > 0.0)),
        }
    }

    fn allowed(&self, text: &mut String) {
        self.head(text, "allowed");
        let objects = self.verdict.contributions.iter().any(|c| c.share < 0.0);
        self.circumstances(text);
        if objects || self.facts.dev.risk.get() >= CRITICAL_RISK {
            let _ = write!(text, ", {}", self.asker());
        }
        let _ = match self.rule {
            Some((_, rule)) if objects => write!(text, ", although {}", sentence(rule)),
            Some((_, rule)) => write!(text, "; {}", sentence(rule)),
            None => write!(text, ", no rule objects"),
        };
    }

    fn asked(&self, text: &mut String) {
        self.head(text, "asked back");
        self.circumstances(text);
        match (self.said.doubts.first(), self.rule) {
            (Some((_, Doubt::Erred(why))), Some((_, rule))) => {
                let _ = write!(text, "; {}, and it could not be told whether that holds ({why})", sentence(rule));
            }
            (Some((_, Doubt::Unheard(signals))), Some((_, rule))) => {
                let _ = write!(text, ", {}; {}", self.unheard(signals, " now"), sentence(rule));
            }
            (_, Some((_, rule))) => {
                self.doubts_of_the_asker(text);
                let _ = write!(text, "; {}", sentence(rule));
            }
            (_, None) => {
                self.doubts_of_the_asker(text);
                let _ = write!(text, "; {} needs more", kind_of_thing(self.facts.dev.class));
            }
        }
        text.push_str("; an approval would allow it");
        match self.said.doubts.first() {
            Some((_, Doubt::Unheard(signals))) => {
                let _ = write!(text, ", or a fresh word on {}", self.names(signals));
            }
            Some(_) => {}
            None => self.alternatives(text),
        }
    }

    fn denied(&self, text: &mut String) {
        self.head(text, "denied");
        self.circumstances(text);
        if let Some((_, rule)) = self.rule.filter(|r| r.1.kind == Kind::Veto) {
            if self.facts.req.entity != self.facts.req.client {
                let _ = write!(text, ", {} speaks as {}", self.facts.req.client, self.facts.req.entity);
            }
            let _ = write!(text, "; {}; neither trust nor an approval outweighs that", sentence(rule));
            return;
        }
        self.doubts_of_the_asker(text);
        match self.rule {
            Some((_, rule)) => {
                let _ = write!(text, "; {}", sentence(rule));
            }
            None => {
                let _ = write!(text, "; {} needs more", kind_of_thing(self.facts.dev.class));
            }
        }
        let mut other = String::new();
        self.alternatives(&mut other);
        match other.strip_prefix(", or ") {
            Some(other) => {
                let _ = write!(text, "; {other}");
            }
            None => text.push_str("; no trust outweighs that: ask again when that has changed"),
        }
    }

    fn head(&self, text: &mut String, decided: &str) {
        let _ = write!(text, "{decided}: {}", what(self.facts));
    }

    /// The time and the signals that the deciding rule asks for, as they stand.
    fn circumstances(&self, text: &mut String) {
        let Some((at, rule)) = self.rule else { return };
        let view = View { facts: self.facts, signals: &self.set.signals, figures: None, known: Known::All };
        let touched = self.applicable.rules.iter().find(|r| r.0 == at).map(|r| r.1.as_slice()).unwrap_or_default();
        let unheard: &[usize] = match self.said.doubts.first() {
            Some((_, Doubt::Unheard(signals))) if self.verdict.decision == Decision::Escalate => signals,
            _ => &[],
        };
        let signals =
            || touched.iter().filter(|s| !unheard.contains(s)).filter_map(|s| Some((self.set.signals.get(*s)?, view.signal(*s)?)));
        if signals().any(|(s, _)| s.name == "hour") {
            text.push_str(&self.time());
        }
        let mut telling: Vec<String> = signals().filter_map(|(s, value)| signal_in_words(s, value, false)).take(4).collect();
        if telling.is_empty() && rule.kind != Kind::Escalate {
            telling = signals().filter_map(|(s, value)| signal_in_words(s, value, true)).take(4).collect();
        }
        for words in telling {
            let _ = write!(text, ", {words}");
        }
        // A rule that asks how often, or who before: the numbers that it saw.
        if self.set.terms.get(at).is_some_and(|t: &Terms| t.counts) && self.facts.dev.cmds_60s > 0 {
            let _ = write!(text, ", {} commands in a minute", self.facts.dev.cmds_60s);
        }
    }

    fn time(&self) -> String {
        match (self.facts.req.minute, self.facts.ctx.0.get("hour")) {
            (Some(minute), _) => format!(", {:02}:{:02}", minute / 60, minute % 60),
            (None, Some((crate::domain::SignalValue::Number(hour), true))) => format!(", after {hour:02.0}:00"),
            _ => String::new(),
        }
    }

    fn asker(&self) -> String {
        let req = &self.facts.req;
        match req.events {
            Some(events) if events < FEW_EVENTS && !req.human => {
                let readings = if events == 1 { "reading" } else { "readings" };
                format!("too little is known of {} ({events} {readings})", req.client)
            }
            _ if req.trust.get() < TRUSTED => format!("{} is not yet trusted ({})", req.client, number(req.trust.get())),
            _ if req.trust.get() < WELL_TRUSTED => format!("{} is trusted a little ({})", req.client, number(req.trust.get())),
            _ => format!("{} is trusted ({})", req.client, number(req.trust.get())),
        }
    }

    /// What raised the bar besides the rule.
    fn doubts_of_the_asker(&self, text: &mut String) {
        let _ = write!(text, ", {}", self.asker());
        if !self.said.missing.is_empty() {
            let _ = write!(text, ", {}", self.unheard(&self.said.missing, ""));
        }
        if self.facts.stress.get() >= 0.2 {
            text.push_str(", and recent events call for caution");
        }
    }

    /// `, or A, or B`: what else would have allowed it, or would have asked a person where it was denied. Each is tried by itself.
    fn alternatives(&self, text: &mut String) {
        let (v, f) = (self.verdict, self.facts);
        let asks = v.contributions.iter().any(|c| c.kind == Kind::Escalate.as_str());
        let better = |trust: Unit01, uncertainty: Unit01, stress: Unit01| {
            let bars = thresholds(f.dev.risk, trust, uncertainty, stress);
            if v.score >= bars.allow && !asks {
                Decision::Allow
            } else if v.score < bars.deny {
                Decision::Deny
            } else {
                Decision::Escalate
            }
        };
        let is = v.decision;
        if !self.said.missing.is_empty() && better(f.req.trust, Unit01::clamped(0.0), f.stress) < is {
            let what = if is == Decision::Deny { " would help it" } else { "" };
            let _ = write!(text, ", or word on {}{what}", self.names(&self.said.missing));
        }
        // The least trust, in hundredths, that would have done.
        let enough = (0..=100u8)
            .map(|n| f64::from(n) / 100.0)
            .find(|t| *t > f.req.trust.get() && better(Unit01::clamped(*t), v.uncertainty, f.stress) < is);
        if let Some(enough) = enough {
            let what = match (is, better(Unit01::clamped(enough), v.uncertainty, f.stress)) {
                (Decision::Deny, Decision::Escalate) => " would have a person asked",
                (Decision::Deny, _) => " would allow it",
                _ => "",
            };
            let _ = write!(text, ", or more clean events of {} (trust {}){what}", f.req.client, number(enough));
        }
    }

    fn names(&self, at: &[usize]) -> String {
        let mut names: Vec<String> = at.iter().take(4).filter_map(|s| self.set.signals.get(*s)).map(|s| clean(&s.name, 32)).collect();
        if at.len() > 4 {
            names.push(format!("{} more", at.len() - 4));
        }
        listed(&names)
    }

    fn unheard(&self, at: &[usize], when: &str) -> String {
        format!("{} {} not known{when}", self.names(at), if at.len() == 1 { "is" } else { "are" })
    }
}

/// The rule in plain words, with its id to look it up; without words of its own, its duty.
fn sentence(rule: &Rule) -> String {
    match &rule.says {
        Some(says) => format!("{} ({})", joined(says), rule.id),
        None => {
            format!("{} ({}) weighs {}", rule.id, rule.duty.as_str(), digits(f64::from(rule.polarity) * rule.weight * rule.severity, 2))
        }
    }
}
