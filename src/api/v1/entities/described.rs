//! What an opinion looks like, for programs.

#![expect(dead_code, reason = "documents are made elsewhere, and described here")]

use crate::api::kinds::{Id, Liveness, RelationKind, Standing, Time, ToldBy};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An opinion, as published on `soul/entity/{entity}`, and what the entity is called.
#[derive(ToSchema)]
pub struct Opinion {
    v: u8,
    entity: Id,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    area: Option<String>,
    standing: Standing,
    #[schema(minimum = 0, maximum = 1)]
    belief: f64,
    #[schema(minimum = 0, maximum = 1)]
    disbelief: f64,
    #[schema(minimum = 0, maximum = 1)]
    uncertainty: f64,
    #[schema(minimum = 0, maximum = 1)]
    base_rate: f64,
    #[schema(minimum = 0, maximum = 1)]
    expectation: f64,
    /// How far it is trusted at least: what the conscience counts with.
    #[schema(minimum = 0, maximum = 1)]
    lower_bound: f64,
    /// Sides of its character, by name: `ability`, `integrity`, `availability`, `plausibility`.
    facets: BTreeMap<String, Facet>,
    liveness: Alive,
    anomalies: Vec<Anomaly>,
    /// How well it is understood.
    #[schema(required)]
    empathy: Option<Empathy>,
    /// Some of its relations; `/v1/entities/{entity}/relations` has all.
    relations: Vec<Relation>,
    /// What moved the opinion most, in words.
    reasons: Vec<String>,
    /// What moved it last.
    #[schema(required)]
    lately: Option<String>,
    would_change_it: Vec<String>,
    /// The last request of it that was not allowed, and what would change that.
    #[schema(required)]
    wanted: Option<WantedLast>,
    events: u64,
    last_seen: Time,
}

/// One side of a character.
#[derive(ToSchema)]
struct Facet {
    belief: f64,
    disbelief: f64,
    uncertainty: f64,
    expectation: f64,
    lower_bound: f64,
    /// Pieces of evidence for it, and against.
    r#for: f64,
    against: f64,
    /// Clean events until probation ends; 0 without one.
    clean_events_owed: u32,
}

/// How its word stands, and what that is told by.
#[derive(ToSchema)]
struct Alive {
    state: Liveness,
    #[schema(required)]
    since: Option<Time>,
    #[schema(required)]
    heard: Option<Time>,
    #[schema(required)]
    every_seconds: Option<f64>,
    #[schema(required)]
    silent_after_seconds: Option<f64>,
    /// The bridge whose outage explains the silence.
    #[schema(required)]
    because_of: Option<Id>,
    #[schema(required)]
    battery_percent: Option<f64>,
    /// The radio's quality.
    #[schema(required)]
    link: Option<f64>,
}

/// Readings that are not as they should be.
#[derive(ToSchema)]
struct Anomaly {
    field: String,
    text: String,
    since: Time,
    seen_by_others: bool,
}

/// How well it is understood, each part in [0, 1].
#[derive(ToSchema)]
struct Empathy {
    value: f64,
    cognitive: f64,
    affective: f64,
    responsive: f64,
}

/// How one stands to another.
#[derive(ToSchema)]
struct Relation {
    from: Id,
    kind: RelationKind,
    to: Id,
    like: f64,
    told_by: ToldBy,
}

/// The last request that was not allowed.
#[derive(ToSchema)]
struct WantedLast {
    target: Id,
    verb: String,
    at: Time,
    /// The least trust with which it would have been allowed; null: none would have done.
    #[schema(required)]
    trust: Option<f64>,
    /// `never`, or `after`: how many clean events of which facets.
    remedy: Value,
}
