//! HTTP: health for everybody, and behind the gate what those see who may hear everything. It reads views and handles, and judges nothing.

mod alerts;
mod dress;
mod gate;
mod health;
mod metrics;
mod patient;
mod places;
mod problem;
mod server;

use crate::{broker::Hall, domain::limits, observe::metrics::Figures};
use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing::get};
use problem::Problem;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};

/// What all that is answered is answered from.
pub struct Api {
    pub hall: Arc<Hall>,
    /// Gathers the figures of this moment; it may take a millisecond.
    pub figures: Box<dyn Fn() -> Figures + Send + Sync>,
}

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, api: Api, stopped: watch::Receiver<bool>) {
    let hall = Arc::clone(&api.hall);
    server::serve(listener, routes(Arc::new(api)), Arc::clone(&hall), stopped.clone()).await;
    if !*stopped.borrow() {
        hall.pulses.ails(server::PART, "it ended: health, metrics and alerts cannot be asked for");
    }
}

fn routes(api: Arc<Api>) -> Router {
    let open = Router::new().route("/health/live", get(health::live)).route("/health/ready", get(health::ready));
    let gated = Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/v1/alerts", get(alerts::alerts))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), gate::readers));
    open.merge(gated)
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "not-found", "there is nothing here: docs/metrics.md tells what there is"))
        .method_not_allowed_fallback(async || Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this can only be read: ask with GET"))
        .layer(DefaultBodyLimit::max(limits::HTTP_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), dress::dress))
        .with_state(api)
}
