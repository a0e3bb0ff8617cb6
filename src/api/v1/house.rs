//! `/v1/glance` and `/v1/system`: how the house stands at one look, and in figures.

use crate::api::{
    Api, Routes,
    kinds::Time,
    problem::{Problem, Refused},
};
use axum::{Json, extract::State};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(glance)).routes(routes!(system))
}

/// How the house stands, as on the topic `glance`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Glance {
    v: u8,
    /// Requests that wait for a person's word.
    held: u64,
    /// Requests that the conscience denied since midnight.
    denied_today: u64,
    /// Who fell silent, bridges counted once.
    silent: u64,
    #[schema(required)]
    last_backup: Option<Time>,
    #[schema(required)]
    last_backup_hours: Option<u64>,
    /// `passed` or `failed`.
    #[schema(required)]
    last_drill: Option<String>,
    /// `enforce`, `observe`, or `off` while somebody has broken the glass.
    guard: String,
    coverage: Covers,
    alerts: AlertCounts,
    /// An alert stands that nobody has seen.
    problem: bool,
    /// A critical alert stands.
    critical: bool,
    trusted: u64,
    distrusted: u64,
    entities: u64,
    verdicts_a_minute: u64,
    profile: String,
    /// Added to the profile's caution.
    #[schema(minimum = 0, maximum = 0.3)]
    strictness: f64,
    version: String,
    /// The version of a newer binary in the place of the running one.
    #[schema(required)]
    newer: Option<String>,
}

/// Actuators of which a topic is judged, and those of which none is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Covers {
    judged: u64,
    not_judged: u64,
}

/// Alerts that stand.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct AlertCounts {
    critical: u64,
    warning: u64,
    acknowledged: u64,
}

/// The house in figures, as on the topic `system`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct System {
    v: u8,
    at: Time,
    uptime_seconds: u64,
    host_memory_total_bytes: u64,
    host_memory_available_bytes: u64,
    #[schema(required)]
    process_resident_bytes: Option<u64>,
    #[schema(required)]
    process_cpu_percent: Option<f64>,
    messages: u64,
    connections: u64,
    inbox_messages: u64,
    retained_messages: u64,
    retained_bytes: u64,
    refused: Value,
    /// By decision, and `a_minute`.
    verdicts: BTreeMap<String, u64>,
    #[schema(required)]
    judged_p50_micros: Option<u64>,
    #[schema(required)]
    judged_p99_micros: Option<u64>,
    /// As `/v1/memory` has it; null: it could not be read.
    memory: Value,
    store: StoreState,
}

/// How the store's writer is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct StoreState {
    failing: bool,
    #[schema(required)]
    error: Option<String>,
    failures: u64,
    batches: u64,
    entries: u64,
    #[schema(required)]
    write_p50_micros: Option<u64>,
    #[schema(required)]
    write_p99_micros: Option<u64>,
    wal_bytes: u64,
    checkpoints: u64,
    restarts: u64,
}

/// How the house stands in plain words, at one look.
#[utoipa::path(
    get, path = "/v1/glance", tag = "house", operation_id = "glance",
    responses((status = 200, description = "The house at one look", body = Glance), Refused),
)]
async fn glance(State(api): State<Arc<Api>>) -> Result<Json<Arc<Value>>, Problem> {
    api.hall.views.state("glance").map(Json).ok_or_else(Problem::not_yet)
}

/// The house in figures.
#[utoipa::path(
    get, path = "/v1/system", tag = "house", operation_id = "system",
    responses((status = 200, description = "The figures, some seconds old", body = System), Refused),
)]
async fn system(State(api): State<Arc<Api>>) -> Result<Json<Arc<Value>>, Problem> {
    api.hall.views.state("system").map(Json).ok_or_else(Problem::not_yet)
}
