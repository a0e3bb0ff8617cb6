//! `/v1/config`: the options that hold, without a secret. For administrators alone: they tell how the house is defended, and where it is not.

use crate::{
    api::{
        Api, Routes,
        etag::{Unchanged, tagged},
        problem::{Problem, Refused},
        server::Peer,
    },
    broker::{Hall, Visitor},
    config::{self, GuardMode},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(options))
}

/// The options that hold.
#[derive(Debug, Serialize, ToSchema)]
struct Options {
    /// Where they were read from; null: from no file.
    #[schema(required)]
    file: Option<String>,
    /// By the names that the file has. What names a secret, or where one is kept, is not shown.
    #[schema(value_type = Object)]
    options: Value,
}

/// The options that hold.
#[utoipa::path(
    get, path = "/v1/config", tag = "config", operation_id = "config",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have: 304 while it holds")),
    responses(
        (status = 200, description = "All options, also those at their defaults", body = Options, headers(("ETag" = String))),
        Unchanged,
        Refused,
    ),
)]
async fn options(
    State(api): State<Arc<Api>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !visitor.rights.has("admin") {
        api.hall.turned_away(peer, &visitor, "/v1/config");
        let detail =
            "the options are for the role admin: they tell how the house is defended; `jamey user add`, `jamey token create --role admin`";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", "the options cannot be written down");
    let file = api.hall.config.file.as_ref().map(|file| file.display().to_string());
    tagged(&headers, &Options { file, options: shown(&api.hall).map_err(failed)? })
}

fn shown(hall: &Hall) -> serde_json::Result<Value> {
    let mut all = config::shown(&hall.live())?;
    // What an owner chose while it runs lies over what the file says.
    let bearing = *hall.bearing.borrow();
    let guard = if hall.guard().enforce { GuardMode::Enforce } else { GuardMode::Observe };
    let chosen = [
        ("/broker/guard", json!(guard)),
        ("/conscience/profile", json!(bearing.profile)),
        ("/conscience/strictness", json!(bearing.strictness)),
    ];
    for (path, value) in chosen {
        if let Some(option) = all.pointer_mut(path) {
            *option = value;
        }
    }
    Ok(all)
}
