//! What the documents of the mind look like, for programs.

#![expect(dead_code, reason = "documents are made elsewhere, and described here")]

use crate::api::kinds::{Id, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// State and focus.
#[derive(ToSchema)]
pub struct MindState {
    v: u8,
    at: Time,
    /// How the house stands as a whole.
    state: String,
    since: Time,
    reason: String,
    /// The last changes of state.
    transitions: Vec<Transition>,
    #[schema(required)]
    focus: Option<Focus>,
    #[schema(required)]
    last_broadcast: Option<Focus>,
    candidates: u64,
    broadcasts_total: u64,
}

/// One state after another.
#[derive(ToSchema)]
struct Transition {
    at: Time,
    from: String,
    to: String,
    reason: String,
}

/// What has the attention.
#[derive(ToSchema)]
struct Focus {
    entity: Id,
    percept: Uuid,
    text: String,
    activation: f64,
    at: Time,
}

/// Mood and emotions.
#[derive(ToSchema)]
pub struct Emotion {
    v: u8,
    about: String,
    /// The strongest first; as many as fit a small page.
    emotions: Vec<Stirred>,
    emotions_total: u64,
    objectives: Vec<Objective>,
    mood: Mood,
    stability: Stability,
}

/// An emotion and its cause.
#[derive(ToSchema)]
struct Stirred {
    name: String,
    #[schema(minimum = 0, maximum = 1)]
    intensity: f64,
    cause: Id,
    objective: String,
    #[schema(required)]
    percept: Option<Uuid>,
    text: String,
}

/// An objective as the mood sees it.
#[derive(ToSchema)]
struct Objective {
    id: String,
    utility: f64,
    likelihood: f64,
    lasting: Value,
}

/// Mehrabian's three scales, each in [-1, 1].
#[derive(ToSchema)]
struct Mood {
    pleasure: f64,
    arousal: f64,
    dominance: f64,
    octant: String,
    /// In a word.
    strength: String,
}

/// How steady the mood is.
#[derive(ToSchema)]
struct Stability {
    value: f64,
    sd: f64,
    rmssd: f64,
    inertia: f64,
    samples: u64,
}

/// Who Jamey has been by what it did.
#[derive(ToSchema)]
pub struct Identity {
    v: u8,
    at: Time,
    text: String,
    /// By name.
    roles: BTreeMap<String, Role>,
    /// Of each context in which anything was done, by name.
    contexts: BTreeMap<String, Context>,
    drift: f64,
    #[schema(required)]
    drifting: Option<Drifting>,
    /// What it is meant to be.
    charter: BTreeMap<String, f64>,
    /// What it did last.
    acts: Vec<Act>,
    counted: u64,
}

/// How strong a role is.
#[derive(ToSchema)]
struct Role {
    strength: f64,
    low: f64,
    high: f64,
    /// Of the last day; only overall.
    today: Option<f64>,
}

/// The roles in one context.
#[derive(ToSchema)]
struct Context {
    roles: BTreeMap<String, Role>,
    drift: f64,
    weight: f64,
}

/// A role that is stronger today than it was.
#[derive(ToSchema)]
struct Drifting {
    role: String,
    since: Time,
}

/// Something that Jamey did.
#[derive(ToSchema)]
struct Act {
    at: Time,
    what: String,
    text: String,
    role: String,
    context: String,
    weight: f64,
    #[schema(required)]
    percept: Option<Uuid>,
    entity: Id,
}
