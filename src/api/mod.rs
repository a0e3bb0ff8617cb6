//! HTTP: health for everybody, and behind the gate what those see who may hear everything. It reads views and handles, and judges nothing.

mod asked;
mod dress;
mod etag;
mod gate;
mod health;
mod kinds;
mod metrics;
mod openapi;
mod paging;
mod patient;
mod places;
mod problem;
mod reading;
mod server;
mod v1;

use crate::{
    broker::Hall,
    domain::limits,
    observe::metrics::Figures,
    store::{Readers, VerdictRow},
};
use axum::{Json, Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing::get};
use problem::Problem;
use serde_json::Value;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};
use utoipa_axum::router::OpenApiRouter;

/// What all that is answered is answered from.
pub struct Api {
    pub hall: Arc<Hall>,
    /// Connections to the database, for threads that may wait for the disk.
    pub readers: Readers,
    /// Gathers the figures of this moment; it may take a millisecond.
    pub figures: Box<dyn Fn() -> Figures + Send + Sync>,
    /// What each verdict was given on, and what would have changed it by the rules that hold now; it may take some milliseconds.
    pub explain: Explain,
}

/// Takes verdicts apart.
pub type Explain = Box<dyn Fn(&[VerdictRow]) -> Vec<Value> + Send + Sync>;

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, api: Api, stopped: watch::Receiver<bool>) {
    let hall = Arc::clone(&api.hall);
    server::serve(listener, routes(Arc::new(api)), Arc::clone(&hall), stopped.clone()).await;
    if !*stopped.borrow() {
        hall.pulses.ails(server::PART, "it ended: health, metrics and alerts cannot be asked for");
    }
}

fn routes(api: Arc<Api>) -> Router {
    let (v1, document) = v1::routes().split_for_parts();
    let document = Arc::new(openapi::whole(document));
    let open = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(async move || Json(Arc::clone(&document))));
    let gated = v1.route("/metrics", get(metrics::metrics)).route_layer(middleware::from_fn_with_state(Arc::clone(&api), gate::readers));
    open.merge(gated)
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "not-found", "there is nothing here: /openapi.json tells what there is"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this cannot be done here: /openapi.json tells what can")
        })
        .layer(DefaultBodyLimit::max(limits::HTTP_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), dress::dress))
        .with_state(api)
}

/// The routes of one kind of things, with their descriptions.
type Routes = OpenApiRouter<Arc<Api>>;
