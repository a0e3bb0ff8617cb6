//! The mood in public form: three published scales and what moved them, each with its cause.

use super::{mood::Mood, objectives::Objectives};
use serde::Serialize;
use serde_json::{Value, json};

/// What the retained topic may have: a page that small devices take whole.
const BYTES: usize = 4_096;
/// What stands around the emotions, besides the objectives.
const FRAME_BYTES: usize = 640;

/// The payload of `jamey/soul/emotion`: numbers to three decimals, so that only what a person could notice makes it another payload.
/// As many emotions as fit, strongest first.
#[must_use]
pub fn emotion(mood: &Mood, objectives: &Objectives) -> Value {
    let objectives: Vec<Value> = objectives
        .iter()
        .map(|o| {
            json!({
                "id": o.spec.id,
                "utility": rounded(o.spec.utility.get()),
                "likelihood": rounded(o.likelihood(mood.now()).get()),
                "lasting": o.lasting(),
            })
        })
        .collect();
    let stirred = mood.stirred();
    let mut left = (BYTES - FRAME_BYTES).saturating_sub(bytes(&objectives));
    let emotions: Vec<Value> = stirred
        .iter()
        .map(|(s, intensity)| {
            json!({
                "name": s.emotion.as_str(),
                "intensity": rounded(*intensity),
                "cause": s.cause,
                "objective": s.objective,
                "percept": if s.percept.is_nil() { Value::Null } else { json!(s.percept) },
                "text": format!("{} {}", s.emotion.words(), s.cause),
            })
        })
        .take_while(|emotion| {
            let (before, taken) = (left, bytes(emotion) + 1);
            left = left.saturating_sub(taken);
            taken <= before
        })
        .collect();
    let pad = mood.pad();
    let stability = mood.stability();
    json!({
        "v": 1,
        "about": "mood summarises recent events on three published scales",
        "emotions": emotions,
        "emotions_total": stirred.len(),
        "objectives": objectives,
        "mood": {
            "pleasure": rounded(pad.pleasure),
            "arousal": rounded(pad.arousal),
            "dominance": rounded(pad.dominance),
            "octant": pad.octant(),
            "strength": pad.strength(),
        },
        "stability": {
            "value": rounded(stability.stability),
            "sd": rounded(stability.sd),
            "rmssd": rounded(stability.rmssd),
            "inertia": rounded(stability.inertia),
            "samples": stability.samples,
        },
    })
}

fn bytes<T: Serialize>(value: &T) -> usize {
    serde_json::to_string(value).map_or(BYTES, |text| text.len())
}

fn rounded(x: f64) -> f64 {
    // Adding 0 turns −0 into 0, which a person would read as a misprint.
    (x * 1_000.0).round() / 1_000.0 + 0.0
}
