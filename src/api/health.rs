//! Health, for containers and watchdogs: open to everybody, and so it tells of nobody.

use super::Api;
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::json;
use std::sync::Arc;

pub async fn live() -> impl IntoResponse {
    Json(json!({"v": 1, "status": "live", "version": env!("CARGO_PKG_VERSION")}))
}

/// Ready when clients are accepted, what they say can be stored, and what is stored is whole.
pub async fn ready(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let hall = &api.hall;
    let trouble = match () {
        () if hall.failing() => Some("store cannot write"),
        () if hall.damage.get().is_some() => Some("store is damaged"),
        () => None,
    };
    let body = json!({
        "v": 1,
        "status": trouble.unwrap_or("ready"),
        "uptime_seconds": hall.clock.uptime().as_secs(),
        "connections": hall.counters.connections(),
    });
    (if trouble.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(body))
}
