//! `/v1/mind` and `/v1/mission`: state and focus, mood, Φ, identity, and what Jamey is there for.

mod described;
mod emotion;
mod mission;
mod phi;

use crate::{
    api::{
        Api, Routes,
        etag::{self, Unchanged},
        problem::{Missing, Problem, Refused},
    },
    domain::Timestamp,
    store::{Reader, StoreError},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use described::{Identity, MindState};
use serde_json::Value;
use std::sync::Arc;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(mind)).routes(routes!(identity)).merge(emotion::routes()).merge(phi::routes()).merge(mission::routes())
}

/// What is told on a topic now; where nothing was since the start, what was stored before it; else a problem.
async fn told(
    api: &Arc<Api>,
    headers: &HeaderMap,
    topic: &str,
    stored: fn(&Reader) -> Result<Option<Value>, StoreError>,
) -> Result<Response, Problem> {
    if let Some(now) = api.hall.views.state(topic) {
        return etag::tagged(headers, &now);
    }
    match api.read(stored).await? {
        Some(before) => etag::tagged(headers, &before),
        None => Err(Problem::missing("nothing is known of it yet: it comes with what happens in the house")),
    }
}

fn view(found: Option<(Timestamp, Value)>) -> Option<Value> {
    found.map(|(_, view)| view)
}

/// The state of consciousness, its focus, and why.
///
/// As published on `consciousness/state`.
#[utoipa::path(
    get, path = "/v1/mind", tag = "mind", operation_id = "mind",
    responses((status = 200, description = "State and focus", body = MindState), Unchanged, Refused, Missing),
)]
async fn mind(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    told(&api, &headers, "consciousness/state", |reader| Ok(view(reader.consciousness()?))).await
}

/// Who Jamey has been by what it did.
///
/// As published on `consciousness/identity`; 404 until it did something that counts.
#[utoipa::path(
    get, path = "/v1/mind/identity", tag = "mind", operation_id = "identity",
    responses((status = 200, description = "The identity", body = Identity), Unchanged, Refused, Missing),
)]
async fn identity(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    told(&api, &headers, "consciousness/identity", Reader::identity).await
}
