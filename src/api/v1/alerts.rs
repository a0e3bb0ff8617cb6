//! `/v1/alerts`: the page of what is wrong now, as `jamey alert list` has it, and that somebody has seen it.

use super::guard::ordered;
use crate::{
    api::{
        Api, Routes,
        asked::{Named, Nothing, Told},
        may::{May, Somebody},
        problem::{Missing, Problem, Refused, Unfit},
        told::typed,
    },
    broker::{Order, Wants},
    observe::alerts::told::page,
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(alerts)).routes(routes!(acknowledge))
}

/// All that is wrong now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Alerts {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    /// The gravest first.
    alerts: Vec<Alert>,
    /// So many more find no place here.
    more: u64,
}

/// Something that is wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Alert {
    code: String,
    #[schema(pattern = "^(critical|warning)$")]
    severity: String,
    #[schema(format = DateTime)]
    since: String,
    text: String,
    what_to_do: String,
    /// Who has seen it; null: nobody yet.
    #[schema(required)]
    acknowledged: Option<Seen>,
    /// How often it came back since.
    times: u32,
}

/// Who has seen it, and when.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertSeen)]
struct Seen {
    by: String,
    #[schema(format = DateTime)]
    at: String,
}

/// An alert that somebody has seen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledged {
    code: String,
    #[schema(required)]
    by: Option<String>,
    #[schema(required, format = DateTime)]
    at: Option<String>,
}

/// What is wrong now.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", operation_id = "alerts",
    responses((status = 200, description = "All alerts that are raised, the gravest first", body = Alerts), Refused),
)]
async fn alerts(State(api): State<Arc<Api>>) -> Result<Json<Alerts>, Problem> {
    typed("alerts", page(&api.hall.alerts.page())).map(Json)
}

/// Says that an alert is seen: it is announced no more until it gets worse, or ends and comes back.
#[utoipa::path(
    post, path = "/v1/alerts/{code}/acknowledge", tag = "alerts", operation_id = "acknowledge_alert", request_body = Nothing,
    params(("code" = String, Path, min_length = 1, max_length = 256, description = "The last part of its topic")),
    responses((status = 200, description = "It is known as seen", body = Acknowledged), Refused, Missing, Unfit),
)]
async fn acknowledge(
    may: May<Somebody>,
    State(api): State<Arc<Api>>,
    Named(code): Named<String>,
    _: Told<Nothing>,
) -> Result<Json<Acknowledged>, Problem> {
    let wants = Wants::Acknowledge(code);
    may.must(&api, wants.roles())?;
    let order = Order { wants, transaction: None, by: may.user };
    let done = ordered(&api, order, |_| true).await.map_err(|problem| match problem.status {
        // All that can be wrong with it is that it does not stand.
        StatusCode::CONFLICT => Problem { status: StatusCode::NOT_FOUND, code: "not-found", ..problem },
        _ => problem,
    })?;
    typed("the alert", done).map(Json)
}
