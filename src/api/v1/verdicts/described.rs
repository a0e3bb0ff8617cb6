//! What verdicts look like, for programs.

#![expect(dead_code, reason = "documents are made elsewhere, and described here")]

use crate::api::kinds::{Decision, Id, Origin, Time};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A verdict, as published on `verdict/{entity}`, with whom it was said by and where.
#[derive(ToSchema)]
pub struct Verdict {
    v: u8,
    at: Time,
    percept: Uuid,
    /// Which of the percept's requests, from 0.
    ordinal: u16,
    decision: Decision,
    /// Whether the message went on.
    forwarded: bool,
    /// In (-1, 1).
    score: f64,
    theta_allow: f64,
    theta_deny: f64,
    /// Share of missing or stale signals among those that mattered.
    #[schema(minimum = 0, maximum = 1)]
    uncertainty: f64,
    /// Rules that fired, the greatest share first.
    contributions: Vec<Contribution>,
    /// One sentence for a person.
    reason: String,
    request: Request,
    /// The client's id.
    client: String,
    topic: String,
    #[schema(required)]
    origin: Option<Origin>,
    /// When the batch that let it on was made; null: it was not let on.
    #[schema(required)]
    forwarded_at: Option<Time>,
    /// The percept that it repeats.
    #[schema(required)]
    repeat_of: Option<Uuid>,
}

/// What one rule did to the score.
#[derive(ToSchema)]
pub struct Contribution {
    rule: String,
    kind: String,
    share: f64,
    duty: String,
}

/// What was asked for, and by whom.
#[derive(ToSchema)]
#[schema(as = AskedOf)]
struct Request {
    entity: Id,
    target: Id,
    #[schema(required)]
    endpoint: Option<String>,
    verb: String,
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    id: Option<String>,
}

/// The verdicts on one percept.
#[derive(ToSchema)]
pub struct Explanation {
    v: u8,
    percept: Uuid,
    verdicts: Vec<Explained>,
}

/// A verdict taken apart.
#[derive(ToSchema)]
struct Explained {
    at: Time,
    ordinal: u16,
    requester: Id,
    topic: String,
    request: Wanted,
    verdict: Given,
    /// What it was given on: `req` (who asked), `act` (what), `dev` (of what), `ctx` (signals: value, and whether it was heard), `stress`.
    facts: Map<String, Value>,
    forwarded: bool,
    /// What the rules that hold now would decide.
    today: Decision,
    /// Each single thing that would have changed it, by the rules that hold now.
    would_change: Vec<String>,
    client: String,
    #[schema(required)]
    origin: Option<Origin>,
    #[schema(required)]
    forwarded_at: Option<Time>,
    #[schema(required)]
    repeat_of: Option<Uuid>,
}

/// What was asked for, whole.
#[derive(ToSchema)]
struct Wanted {
    target: Id,
    #[schema(required)]
    endpoint: Option<String>,
    verb: String,
    #[schema(required)]
    value: Option<f64>,
    /// What else was sent, without the codes in it.
    args: Map<String, Value>,
    #[schema(required)]
    id: Option<String>,
}

/// The decision and why.
#[derive(ToSchema)]
struct Given {
    decision: Decision,
    score: f64,
    theta_allow: f64,
    theta_deny: f64,
    #[schema(minimum = 0, maximum = 1)]
    uncertainty: f64,
    contributions: Vec<Contribution>,
    reason: String,
}
