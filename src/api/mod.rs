//! HTTP: health for everybody, and behind the gate what those see who may hear everything. It reads views and handles, and judges nothing.

mod asked;
mod cors;
mod dress;
mod etag;
mod gate;
mod ground;
mod health;
mod kinds;
mod may;
mod metrics;
mod office;
mod openapi;
mod origin;
mod pace;
mod paging;
mod patient;
mod places;
mod problem;
mod reading;
mod request_id;
mod root;
mod server;
mod session;
mod told;
mod v1;
mod web;

use crate::{
    broker::{Engine, Hall, tls::Tls},
    domain::limits,
    observe::metrics::Figures,
    store::Readers,
};
use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, StatusCode},
    middleware,
    routing::get,
};
use pace::Pace;
use problem::Problem;
use reading::Threads;
pub use root::{Agrees, Beat, Kept, Later, NotReplayed, NotSet, Replay, Root};
use session::Sessions;
use std::sync::{Arc, Weak};
use tokio::{net::TcpListener, sync::watch};
use utoipa_axum::router::OpenApiRouter;
use v1::stream::Live;

/// What all that is answered is answered from.
pub struct Api {
    pub hall: Arc<Hall>,
    /// Connections to the database, for threads that may wait for the disk.
    pub readers: Readers,
    /// Gathers the figures of this moment; it may take a millisecond.
    pub figures: Box<dyn Fn() -> Figures + Send + Sync>,
    /// Weakly: the engine ends when all who hold it have let go.
    pub engine: Weak<Engine>,
    /// How fast may be asked.
    pace: Pace,
    /// Where work for answers is done.
    threads: Threads,
    /// Browsers whose users have proved themselves.
    sessions: Sessions,
    /// What only the whole house can do.
    pub root: Arc<dyn Root>,
}

impl Api {
    #[must_use]
    pub fn new(
        hall: Arc<Hall>,
        readers: Readers,
        figures: Box<dyn Fn() -> Figures + Send + Sync>,
        engine: Weak<Engine>,
        root: Arc<dyn Root>,
    ) -> Self {
        let threads = Threads::new(limits::HTTP_THREADS);
        Self { pace: Pace::new(&hall.config.http), threads, sessions: Sessions::default(), hall, readers, figures, engine, root }
    }
}

/// Serves until told to stop.
pub async fn serve(listener: &TcpListener, tls: Option<Arc<Tls>>, api: Arc<Api>, stopped: watch::Receiver<bool>) {
    let hall = Arc::clone(&api.hall);
    if let Some(tls) = &tls {
        let _ = hall.visitors_tls.set(Arc::clone(tls));
    }
    let live = Arc::new(Live::new(stopped.clone()));
    tokio::spawn(Arc::clone(&live).herald(Arc::clone(&hall.news)));
    server::serve(listener, tls, routes(api, &live), Arc::clone(&hall), stopped.clone()).await;
    live.ended().await;
    if !*stopped.borrow() {
        hall.pulses.ails(server::PART, "it ended: health, metrics and alerts cannot be asked for");
    }
}

fn routes(api: Arc<Api>, live: &Arc<Live>) -> Router {
    let (v1, document) = v1::routes().split_for_parts();
    let document = etag::Ready::of(openapi::written(document));
    let open = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(async move |headers: HeaderMap| document.answer(&headers)));
    let gated = v1.route("/metrics", get(metrics::metrics)).route_layer(middleware::from_fn_with_state(Arc::clone(&api), gate::readers));
    let pages = if api.hall.config.http.dashboard { session::routes().merge(web::routes()) } else { Router::new() };
    open.merge(gated)
        .merge(pages)
        .merge(v1::stream::open(&api))
        .layer(Extension(Arc::clone(live)))
        .fallback(async || Problem::missing("there is nothing here: /openapi.json tells what there is"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this cannot be done here: /openapi.json tells what can")
        })
        .layer(DefaultBodyLimit::max(limits::HTTP_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), pace::pace))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), dress::dress))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), cors::cors))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), request_id::name))
        .with_state(api)
}

/// The routes of one kind of things, with their descriptions.
type Routes = OpenApiRouter<Arc<Api>>;
