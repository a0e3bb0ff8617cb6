//! `/v1/broker`: how many come, say and hear.

use crate::api::{
    Api, Routes,
    problem::{Problem, Refused},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(figures))
}

/// The broker's figures; counts are since the start.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Broker)]
struct Told {
    version: &'static str,
    #[schema(minimum = 0)]
    uptime_seconds: u64,
    /// Clients that are connected.
    #[schema(minimum = 0)]
    connections: u64,
    #[schema(minimum = 0)]
    connects: u64,
    /// Sessions that outlive their connections; null: they cannot be read at present.
    #[schema(required, minimum = 0)]
    sessions: Option<usize>,
    /// Messages from clients, and to them.
    #[schema(minimum = 0)]
    received: u64,
    #[schema(minimum = 0)]
    sent: u64,
    #[schema(minimum = 0)]
    sent_bytes: u64,
    /// Refused connections, logins and messages, of every kind.
    #[schema(minimum = 0)]
    refused: u64,
    /// Retained values, also Jamey's own.
    #[schema(minimum = 0)]
    retained: usize,
    /// Of their payloads.
    #[schema(minimum = 0)]
    retained_bytes: usize,
    /// Messages that wait for the mind.
    #[schema(minimum = 0)]
    waiting: u64,
    /// Whether refused commands are held now.
    enforces: bool,
}

/// The broker in figures.
#[utoipa::path(
    get, path = "/v1/broker", tag = "broker", operation_id = "broker",
    responses((status = 200, description = "How many come, say and hear", body = Told), Refused),
)]
async fn figures(State(api): State<Arc<Api>>) -> Result<Json<Told>, Problem> {
    let engine = api.engine()?;
    let (sessions, retained, retained_bytes) = (engine.session_count().await, engine.retained_count().await, engine.retained_bytes());
    drop(engine);
    let uptime = api.hall.clock.uptime();
    // Pages of /proc are read, as for /metrics.
    let traffic = api.apart(|api| (api.figures)()).await?.traffic;
    Ok(Json(Told {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: uptime.as_secs(),
        connections: traffic.connections,
        connects: traffic.connects,
        sessions,
        received: traffic.received,
        sent: traffic.sent,
        sent_bytes: traffic.sent_bytes,
        refused: traffic.refused.values().sum(),
        retained,
        retained_bytes,
        waiting: traffic.inbox,
        enforces: traffic.enforces,
    }))
}
