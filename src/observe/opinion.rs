//! An opinion as others see it: on its topic, on the command line, over HTTP.

use crate::domain::{AnomalyView, Detail, FacetView, LivenessView, OpinionView, Relation, Remedy};
use serde_json::{Map, Value, json};

/// An opinion as published on `soul/entity/{entity}`.
#[must_use]
pub fn opinion(view: &OpinionView) -> Value {
    let Detail { facets, liveness, anomalies, empathy, relations, wanted, lately, .. } = &view.detail;
    json!({
        "v": 1,
        "entity": view.entity,
        "standing": view.standing,
        "belief": view.belief,
        "disbelief": view.disbelief,
        "uncertainty": view.uncertainty,
        "base_rate": view.base_rate,
        "expectation": view.expectation,
        "lower_bound": view.lower_bound,
        "facets": facets.iter().map(|f| (f.facet.as_str().to_owned(), facet(f))).collect::<Map<_, _>>(),
        "liveness": alive(liveness),
        "anomalies": anomalies.iter().map(anomaly).collect::<Vec<_>>(),
        "empathy": empathy.as_ref().map(|e| json!({
            "value": rounded(e.value), "cognitive": rounded(e.cognitive), "affective": rounded(e.affective), "responsive": rounded(e.responsive),
        })),
        "relations": relations.iter().map(relation).collect::<Vec<_>>(),
        "reasons": view.reasons,
        "lately": lately,
        "would_change_it": changes(view),
        "wanted": wanted.as_ref().map(|w| json!({
            "target": w.target, "verb": w.verb, "at": w.at.to_string(), "trust": w.trust.map(rounded), "remedy": w.remedy,
        })),
        "events": view.events,
        "last_seen": view.last_seen.to_string(),
    })
}

fn facet(f: &FacetView) -> Value {
    json!({
        "belief": rounded(f.belief), "disbelief": rounded(f.disbelief), "uncertainty": rounded(f.uncertainty),
        "expectation": rounded(f.expectation), "lower_bound": rounded(f.lower_bound), "for": rounded(f.for_it), "against": rounded(f.against_it),
        "clean_events_owed": f.owed,
    })
}

fn alive(l: &LivenessView) -> Value {
    json!({
        "state": l.state,
        "since": l.since.map(|at| at.to_string()),
        "heard": l.heard.map(|at| at.to_string()),
        "every_seconds": l.every_seconds.map(rounded),
        "silent_after_seconds": l.silent_after_seconds.map(rounded),
        "because_of": l.because_of,
        "battery_percent": l.battery_percent.map(rounded),
        "link": l.link.map(rounded),
    })
}

fn anomaly(a: &AnomalyView) -> Value {
    json!({"field": a.field, "text": a.text, "since": a.since.to_string(), "seen_by_others": a.corroborated})
}

/// A relation as others see it.
#[must_use]
pub fn relation(r: &Relation) -> Value {
    json!({"from": r.from, "kind": r.kind, "to": r.to, "like": rounded(r.like), "told_by": r.told_by})
}

/// What would change an opinion, in words, one sentence each: what was wanted last first, then what weighs on it.
#[must_use]
pub fn changes(view: &OpinionView) -> Vec<String> {
    let many = |n: u32, of: &str| format!("{n} more clean {of} event{}", if n == 1 { "" } else { "s" });
    let mut out = Vec::new();
    if let Some(wanted) = &view.detail.wanted {
        let what = format!("{} of {}", wanted.verb, wanted.target);
        out.push(match &wanted.remedy {
            Remedy::Never => format!("{what} stays refused or asked for, however far it is trusted: a rule says so"),
            Remedy::After(needed) if needed.is_empty() => format!("{what} would be allowed now"),
            Remedy::After(needed) => {
                let all: Vec<String> = needed.iter().map(|(facet, n)| many(*n, facet.as_str())).collect();
                format!("{what} would be allowed after {}, one a minute", all.join(" and "))
            }
        });
    }
    for facet in view.detail.facets.iter().filter(|f| f.owed > 0) {
        out.push(format!("{} end its probation in {}", many(facet.owed, facet.facet.as_str()), facet.facet.as_str()));
    }
    if view.detail.liveness.state.is_gone() {
        out.push("a word from it ends its silence".to_owned());
    }
    if !view.detail.anomalies.is_empty() {
        out.push("readings as they were before end its anomalies".to_owned());
    }
    if out.is_empty() {
        let trust = if view.uncertainty > 0.5 { "nothing is wrong, little is known: clean events, time and" } else { "good conduct and" };
        out.push(format!(
            "{trust} an owner's word raise it (`jamey entity trust {}`); denied requests, silence and strange readings lower it",
            view.entity
        ));
    }
    out
}

/// Three decimals: what a person could notice.
fn rounded(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0 + 0.0
}
