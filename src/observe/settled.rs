//! What is heard when a request that waited for a person waits no more: on the topic of its verdict, and by HTTP.

use crate::domain::{EntityId, Request, Timestamp, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;

/// How the waiting of a request ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'e> {
    pub percept: Uuid,
    pub at: Timestamp,
    /// `approved`, `refused`, `expired`, `superseded`.
    pub how: &'e str,
    pub by: Option<&'e str>,
    pub forwarded: bool,
    pub reason: &'e str,
    pub entity: &'e EntityId,
    pub request: &'e Request,
    /// None: it was not judged again.
    pub verdict: Option<&'e Verdict>,
}

/// As published on `verdict/{entity}`.
#[must_use]
pub fn verdict(ended: &Ended<'_>) -> Value {
    let Ended { percept, at, how, by, forwarded, reason, entity, request, verdict } = ended;
    json!({
        "v": 1,
        "at": at.to_string(),
        "percept": percept,
        "decision": if *forwarded { "allow" } else { "deny" },
        "settled": how,
        "by": by,
        "forwarded": forwarded,
        "score": verdict.map_or(0.0, |v| v.score),
        "theta_allow": verdict.map(|v| v.theta_allow),
        "theta_deny": verdict.map(|v| v.theta_deny),
        "uncertainty": verdict.map(|v| v.uncertainty),
        "contributions": verdict.map_or(&[][..], |v| &v.contributions),
        "reason": reason,
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
