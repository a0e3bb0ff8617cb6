//! HTTP: health for now. It reads views and handles, and judges nothing.

use crate::broker::Hall;
use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::json;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};
use tracing::error;

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, hall: Arc<Hall>, stopped: watch::Receiver<bool>) {
    let routes = Router::new().route("/health/live", get(live)).route("/health/ready", get(ready)).with_state(Arc::clone(&hall));
    let mut stopping = stopped.clone();
    let served = axum::serve(listener, routes).with_graceful_shutdown(async move {
        let _ = stopping.changed().await;
    });
    if let Err(problem) = served.await {
        error!("HTTP ended: {problem}");
    }
    if !*stopped.borrow() {
        hall.pulses.ails("http", "it ended: health, metrics and the dashboard are away");
    }
}

async fn live() -> impl IntoResponse {
    Json(json!({"v": 1, "status": "live", "version": env!("CARGO_PKG_VERSION")}))
}

/// Ready when clients are accepted, what they say can be stored, and what is stored is whole.
async fn ready(State(hall): State<Arc<Hall>>) -> impl IntoResponse {
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
