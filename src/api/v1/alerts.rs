//! `/v1/alerts`: the page of what is wrong now, as `jamey alert list` has it.

use crate::{
    api::{Api, Routes, problem::Refused},
    observe::alerts::told::page,
};
use axum::{Json, extract::State};
use serde_json::Value;
use std::sync::Arc;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(alerts))
}

/// What is wrong now.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", operation_id = "alerts",
    responses((status = 200, description = "All alerts that are raised, the gravest first", body = Object), Refused),
)]
async fn alerts(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(page(&api.hall.alerts.page()))
}
