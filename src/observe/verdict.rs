//! A verdict as others see it: on its topic, and over HTTP.

use crate::domain::{EntityId, Request, Timestamp, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;

/// What was judged, of whom and when.
#[derive(Debug, Clone, Copy)]
pub struct Spoken<'v> {
    pub percept: Uuid,
    pub at: Timestamp,
    pub entity: &'v EntityId,
    /// Whether the message went on.
    pub forwarded: bool,
    pub request: &'v Request,
    pub verdict: &'v Verdict,
}

/// A verdict as published on `verdict/{entity}`.
#[must_use]
pub fn verdict(spoken: &Spoken<'_>) -> Value {
    let Spoken { percept, at, entity, forwarded, request, verdict } = spoken;
    json!({
        "v": 1,
        "at": at.to_string(),
        "percept": percept,
        "decision": verdict.decision,
        "forwarded": forwarded,
        "score": verdict.score,
        "theta_allow": verdict.theta_allow,
        "theta_deny": verdict.theta_deny,
        "uncertainty": verdict.uncertainty,
        "contributions": verdict.contributions,
        "reason": verdict.reason,
        "request": {
            "entity": entity,
            "target": request.target,
            "endpoint": request.endpoint,
            "verb": request.verb,
            "value": request.value,
            "id": request.id,
        },
    })
}
