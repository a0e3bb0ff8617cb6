//! `/v1/mind/phi`: whether the parts work as one, now and over time.

use super::told;
use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        etag::Unchanged,
        kinds::{Time, within},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    domain::{
        Timestamp,
        consciousness::{PHI_EXACT, PHI_FLOW},
    },
    store::MetricRow,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(phi)).routes(routes!(history))
}

/// Whether the parts work as one. What is not known yet is left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Phi {
    v: u8,
    /// Of `value`: `nats`.
    unit: Option<String>,
    method: Option<String>,
    samples: Option<f64>,
    /// Φ_flow: as much flows at least between any two sides of the parts.
    value: Option<f64>,
    t_eff: Option<f64>,
    p: Option<f64>,
    /// Whether enough flows to tell that something is lost.
    powered: Option<bool>,
    /// The two sides between which the least flows: `from`, `to`, `text`.
    mip: Option<Value>,
    /// Since when which links are lost.
    lost: Option<Value>,
    /// Exact Φ (IIT 3.0), or why there is none: then its `phi` is null.
    exact: Option<Value>,
    phi_g: Option<f64>,
    phi_r: Option<f64>,
}

/// Whether the parts work as one.
///
/// As published on `consciousness/phi`; 404 for some minutes after a start.
#[utoipa::path(
    get, path = "/v1/mind/phi", tag = "mind", operation_id = "phi",
    responses((status = 200, description = "Φ", body = Phi), Unchanged, Refused, Missing),
)]
async fn phi(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    // The document is not stored: what it was before the start says nothing of the parts as they are now.
    told(&api, &headers, "consciousness/phi", |_| Ok(None)).await
}

/// Which figure.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Which {
    /// Φ_flow, in nats, each five minutes.
    #[default]
    Flow,
    /// Exact Φ.
    Exact,
}

/// Which figures are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Left out: Φ_flow.
    #[param(inline)]
    which: Option<Which>,
    /// Only from this time on.
    #[param(inline)]
    from: Option<Time>,
    /// Only before this time.
    #[param(inline)]
    to: Option<Time>,
}

/// A figure at a time.
#[derive(Debug, Serialize, ToSchema)]
struct Figure {
    at: Time,
    /// Of an hour that was summed up, the mean.
    value: f64,
    /// What was told with it; of an hour `rows`, `min` and `max`.
    detail: Value,
}

/// How Φ went, newest first.
#[utoipa::path(
    get, path = "/v1/mind/phi/history", tag = "mind", operation_id = "phi_history", params(Wanted),
    responses((status = 200, description = "A page of figures", body = Page<Figure>), Refused),
)]
async fn history(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Figure>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let before = paging::position::<i64>(wanted.cursor.as_deref())?.map(Timestamp::from_micros);
    let mut within = within(wanted.from, wanted.to);
    within.end = before.map_or(within.end, |before| before.min(within.end));
    let metric = match wanted.which.unwrap_or_default() {
        Which::Flow => PHI_FLOW,
        Which::Exact => PHI_EXACT,
    };
    let rows = api.read(move |reader| reader.metrics_within(metric, within, limit + 1)).await?;
    Ok(Json(Page::of(rows, limit, |row| row.at.micros()).map(|MetricRow { at, value, detail }| Figure { at: Time(at), value, detail })))
}
