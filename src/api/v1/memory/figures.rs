//! `/v1/memory`: how much is remembered, and what it takes.

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
    Routes::new().routes(routes!(figures))
}

/// How much is remembered. What is of the store is left out while the store cannot be read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct MemoryFigures {
    index_records: u64,
    index_bytes: u64,
    /// Questions that were answered since the start.
    recalls: u64,
    recalls_failed: u64,
    #[schema(required)]
    recall_p50_micros: Option<u64>,
    #[schema(required)]
    recall_p99_micros: Option<u64>,
    /// What is kept at hand.
    working_bytes: u64,
    working_room_bytes: u64,
    #[schema(required)]
    working_hit_rate: Option<f64>,
    #[schema(required)]
    written_bytes: Option<u64>,
    #[schema(required)]
    written_bytes_a_day: Option<u64>,
    database_bytes: Option<u64>,
    database_free_bytes: Option<u64>,
    /// Transactions that the index is behind.
    index_lag: Option<u64>,
    /// By layer: `working`, `short_term`, `long_term`.
    records: Option<BTreeMap<String, u64>>,
    pinned: Option<u64>,
    /// By tier: `five_minutes`, `hour`, `day`.
    summaries: Option<BTreeMap<String, u64>>,
    oldest_at: Option<Time>,
    /// Rows are counted seldom: that takes as long as reading them.
    counted_seconds_ago: Option<u64>,
}

/// How much is remembered, and what it takes.
///
/// The same as `memory` on the topic `system`, and as old: some seconds.
#[utoipa::path(
    get, path = "/v1/memory", tag = "memory", operation_id = "memory",
    responses((status = 200, description = "The figures", body = MemoryFigures), Refused),
)]
async fn figures(State(api): State<Arc<Api>>) -> Result<Json<Value>, Problem> {
    let system = api.hall.views.state("system");
    // Null where they could not be read.
    let memory = system.and_then(|system| system.get("memory").filter(|memory| memory.is_object()).cloned());
    memory.map(Json).ok_or_else(Problem::not_yet)
}
