//! `/v1/alerts`: the page of what is wrong now, as `jamey alert list` has it.

use super::Api;
use crate::observe::alerts::told::page;
use axum::{Json, extract::State};
use serde_json::Value;
use std::sync::Arc;

pub async fn alerts(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(page(&api.hall.alerts.page()))
}
