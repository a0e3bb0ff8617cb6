//! Φ, exactly: what it is computed from, and what came of it.

use super::Mind;
use crate::{
    consciousness::{NotYet, gaussian::Process},
    domain::{Change, ExactPhi, Observation, Part, Timestamp, consciousness::PHI_EXACT, consciousness::PHI_EXACT_WAITS},
};
use serde_json::{Map, Value, json};

/// A figure that moved by less, and by less than a twentieth of itself, is no news within the hour: each telling costs the disk a sync.
const MOVED: f64 = 0.01;
const MOVED_PART: f64 = 0.05;
const AGAIN_SECONDS: f64 = 3_600.0;
/// Whether there is enough to compute it from is looked at so often.
const LOOK_SECONDS: f64 = 60.0;
/// When there is no result for so long, what it could be computed from is kept without one: a person may have it computed.
const PATIENCE_SECONDS: f64 = 600.0;

/// What of it others were told, and what is to be told and kept next.
#[derive(Debug, Default)]
pub(super) struct Exact {
    /// The live part of the last view.
    flow: Map<String, Value>,
    told: Option<ExactPhi>,
    is_news: bool,
    is_unsaved: bool,
    looked: Option<Timestamp>,
    /// Why nothing can be computed, as it was kept last.
    waits: Option<NotYet>,
    /// Since when it could be, and what it could be computed from was kept last.
    could: Option<Timestamp>,
}

impl Mind {
    /// What exact Φ can be computed from now.
    #[must_use]
    pub fn observation(&self) -> Option<Observation> {
        self.state.observed.observation().ok()
    }

    /// The activities as a process, for the measures beside Φ_flow.
    #[must_use]
    pub fn process(&self) -> Option<Process> {
        self.state.flow.process()
    }

    pub(super) fn take_exact(&mut self, exact: &ExactPhi) {
        self.exact.is_news |= self.exact.told.as_ref().is_none_or(|told| is_news(told, exact));
        self.exact.is_unsaved = true;
        self.state.exact = Some(Box::new(exact.clone()));
    }

    /// The payload of `consciousness/phi`, where it is news.
    pub(super) fn phi_view(&mut self) -> Option<Value> {
        let flow = self.flow_view();
        if flow.is_none() && !self.exact.is_news {
            return None;
        }
        if let Some(flow) = flow {
            self.exact.flow = flow;
        }
        if std::mem::take(&mut self.exact.is_news) {
            self.exact.told = self.state.exact.as_deref().cloned();
        }
        let mut view = self.exact.flow.clone();
        view.insert("v".to_owned(), 1.into());
        if let Some(exact) = self.exact() {
            view.insert("exact".to_owned(), exact);
        }
        if let Some(exact) = &self.exact.told {
            view.insert("phi_g".to_owned(), json!(exact.phi_g.map(rounded)));
            view.insert("phi_r".to_owned(), json!(exact.phi_r.map(rounded)));
        }
        Some(Value::Object(view))
    }

    /// The newest result, or why there is none.
    fn exact(&self) -> Option<Value> {
        let waits = self.exact.waits.as_ref().map(|why| json!({"phi": null, "why": why.to_string()}));
        waits.or_else(|| self.exact.told.as_ref().map(view))
    }

    pub(super) fn exact_changes(&mut self, changes: &mut Vec<Change>) {
        let now = self.state.now;
        if self.exact.looked.is_none_or(|at| now.seconds_since(at) >= LOOK_SECONDS) {
            self.exact.looked = Some(now);
            self.look_whether_it_can_be(changes);
        }
        let Some(exact) = self.state.exact.as_deref().filter(|_| std::mem::take(&mut self.exact.is_unsaved)) else { return };
        let mut detail = view(exact);
        if let (Some(detail), Ok(of)) = (detail.as_object_mut(), serde_json::to_value(&exact.of)) {
            detail.insert("of".to_owned(), of);
        }
        let (metric, value) = match exact.phi {
            Some(phi) => (PHI_EXACT, phi),
            None => (PHI_EXACT_WAITS, number(exact.of.samples)),
        };
        changes.push(Change::Metric { at: exact.at, metric: metric.to_owned(), value, detail });
    }

    /// Whoever asks a house at rest is to know why there is no figure.
    fn look_whether_it_can_be(&mut self, changes: &mut Vec<Change>) {
        let (now, observed) = (self.state.now, self.state.observed.observation());
        let mut keep = |detail: Value| {
            let value = number(self.state.observed.samples());
            changes.push(Change::Metric { at: now, metric: PHI_EXACT_WAITS.to_owned(), value, detail });
        };
        let waits = match observed {
            Ok(of) => {
                let done = self.state.exact.as_ref().map(|exact| exact.at);
                let last = *self.exact.could.get_or_insert(now);
                if now.seconds_since(done.map_or(last, |done| done.max(last))) >= PATIENCE_SECONDS {
                    self.exact.could = Some(now);
                    keep(json!({"phi": null, "why": "the host had no room for it", "of": of}));
                }
                None
            }
            Err(why) => {
                self.exact.could = None;
                if self.exact.waits.as_ref() != Some(&why) {
                    keep(json!({"phi": null, "why": why.to_string()}));
                }
                Some(why)
            }
        };
        // While it is young the seconds alone are no news to those who listen.
        let both = (&waits, &self.exact.waits);
        self.exact.is_news |= both.0 != both.1 && !matches!(both, (Some(NotYet::Young { .. }), Some(NotYet::Young { .. })));
        self.exact.waits = waits;
    }
}

fn is_news(told: &ExactPhi, exact: &ExactPhi) -> bool {
    let moved = match (told.phi, exact.phi) {
        (Some(before), Some(now)) => (now - before).abs() >= MOVED.max(MOVED_PART * before.abs()),
        (before, now) => before != now,
    };
    moved
        || (&told.from, &told.to, &told.of.nodes) != (&exact.from, &exact.to, &exact.of.nodes)
        || exact.at.seconds_since(told.at) >= AGAIN_SECONDS
}

/// A result as it is told. Φ has no unit: it is what must be moved, in φ, times how far, by the earth mover's distance (PyPhi 1.2: `EMD`).
fn view(exact: &ExactPhi) -> Value {
    let on: Vec<&str> = Part::ALL.iter().zip(exact.of.state).filter(|(_, on)| *on).map(|(part, _)| part.as_str()).collect();
    let mut view = json!({
        "phi": exact.phi,
        "unit": "none",
        "method": "iit_3.0",
        "distance": "EMD",
        "from": exact.from,
        "to": exact.to,
        "concepts": exact.concepts,
        "nodes": exact.of.nodes,
        "on": on,
        "samples": exact.of.samples,
        "tpm_source": "observed",
        "took_ms": exact.took_millis,
        "at": exact.at.to_string(),
    });
    let (key, text) = match exact.phi {
        Some(phi) => ("cut", cut(phi, &exact.from, &exact.to)),
        None => ("why", "there was no time to look at all cuts".to_owned()),
    };
    if let Some(view) = view.as_object_mut() {
        view.insert(key.to_owned(), text.into());
    }
    view
}

/// The cut that loses least, in words.
#[must_use]
pub fn cut(phi: f64, from: &[Part], to: &[Part]) -> String {
    let names = |parts: &[Part]| parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(", ");
    let (one, other) = if from.len() <= to.len() { (names(from), "rest".to_owned()) } else { ("rest".to_owned(), names(to)) };
    match from.is_empty() {
        true => "nothing is lost: they do not act on each other as one".to_owned(),
        false if phi > 0.0 => format!("least is lost where {one} → {other} is cut"),
        false => format!("nothing is lost where {one} → {other} is cut"),
    }
}

/// Three decimals: what a person could notice.
fn rounded(nats: f64) -> f64 {
    (nats * 1_000.0).round() / 1_000.0
}

fn number(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
#[path = "exact_tests.rs"]
mod tests;
