//! `/v1/guard/coverage`: each actuator and alias, whether it is judged, and why.

use super::option::holds;
use crate::{
    api::{
        Api, Routes,
        problem::{Problem, Refused},
        told::typed,
    },
    broker::{About, guard::coverage},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(guard_coverage))
}

/// What is judged.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Coverage {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    /// `observe` only reports; `enforce` holds.
    #[schema(pattern = "^(observe|enforce)$")]
    mode: String,
    actuators: Vec<Actuator>,
    /// Topics that the owner named.
    owner_guards: Vec<String>,
    /// A broker that others reach directly: what they send there is not judged.
    #[schema(required)]
    not_judged_at: Option<String>,
}

/// One topic of one actuator.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Actuator {
    device: String,
    class: String,
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk: f64,
    /// `never`: no topic commands it.
    #[schema(pattern = "^(yes|no|never)$")]
    judged: String,
    topic: String,
    why: String,
}

/// Each actuator and alias: judged, not judged, or never on MQTT, and why.
#[utoipa::path(
    get, path = "/v1/guard/coverage", tag = "guard", operation_id = "guard_coverage",
    responses((status = 200, description = "All of them", body = Coverage), Refused),
)]
async fn guard_coverage(State(api): State<Arc<Api>>) -> Result<Json<Coverage>, Problem> {
    let mode = holds(&api, About::GuardMode).await?.holds;
    // A large house has thousands of topics: not on a thread that others wait for.
    let page = api.apart(move |api| {
        let view = api.hall.guard();
        coverage::page(&api.hall.config, &json!(mode), &coverage::rows(&view.registry, &view.rules))
    });
    typed("the guard's coverage", page.await?).map(Json)
}
