//! The mood in public form: three published scales and what moved them, each with its cause.

use super::mood::Mood;
use serde_json::{Value, json};

/// Emotions shown: the retained topic stays under 4 KiB.
const SHOWN: usize = 16;

/// The payload of `jamey/soul/emotion`: numbers to three decimals, so that only what a person could notice makes it another payload.
#[must_use]
pub fn emotion(mood: &Mood) -> Value {
    let stirred = mood.stirred();
    let emotions: Vec<Value> = stirred
        .iter()
        .take(SHOWN)
        .map(|(s, intensity)| {
            json!({
                "name": s.emotion.as_str(),
                "intensity": rounded(*intensity),
                "cause": s.cause,
                "objective": s.objective,
                "percept": s.percept,
                "text": format!("{} {}", s.emotion.words(), s.cause),
            })
        })
        .collect();
    let pad = mood.pad();
    let stability = mood.stability();
    json!({
        "v": 1,
        "emotions": emotions,
        "emotions_total": stirred.len(),
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

fn rounded(x: f64) -> f64 {
    // Adding 0 turns −0 into 0, which a person would read as a misprint.
    (x * 1_000.0).round() / 1_000.0 + 0.0
}
