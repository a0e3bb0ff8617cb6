//! `/v1/phoenix/{snapshot,drill}`: errands to Phoenix, taken now and done one after the other; `/v1/errands/{id}` tells how one stands.

use crate::{
    api::{
        Api, Routes,
        asked::{Named, Told},
        may::{May, Operator},
        problem::{Contrary, Missing, Problem, Refused, Unfit},
    },
    broker::{Entry, Errand, Stage, Verb},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(snapshot)).routes(routes!(drill)).routes(routes!(errand))
}

/// Of what a snapshot is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SnapshotWanted {
    /// A repository's name; none: each of them.
    #[schema(min_length = 1, max_length = 64)]
    repository: Option<String>,
}

/// What is to be restored for trial.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DrillWanted {
    /// A repository's name; none: each of them.
    #[schema(min_length = 1, max_length = 64)]
    repository: Option<String>,
    /// The snapshot's number; none: the newest.
    #[schema(minimum = 0)]
    snapshot: Option<u64>,
}

/// How an errand stands.
#[derive(Debug, Serialize, ToSchema)]
struct ErrandState {
    id: Uuid,
    /// As it stands in `cmd/{verb}` and `reply/{verb}`.
    #[schema(pattern = "^phoenix-(snapshot|drill)$")]
    verb: &'static str,
    #[schema(required)]
    repository: Option<String>,
    /// Who wants it.
    by: String,
    #[schema(format = DateTime)]
    asked_at: String,
    #[schema(pattern = "^(waiting|running|done|failed)$")]
    state: &'static str,
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
    /// What came of it in each repository.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
    /// Why nothing came of it at all.
    #[schema(required)]
    error: Option<String>,
}

/// Takes a snapshot as soon as what was asked for before is done.
#[utoipa::path(
    post, path = "/v1/phoenix/snapshot", tag = "phoenix", operation_id = "take_snapshot", request_body = SnapshotWanted,
    responses(
        (status = 202, description = "It is taken down: `Location` tells how it stands", body = ErrandState, headers(("Location" = String))),
        Refused, Contrary, Unfit
    ),
)]
async fn snapshot(may: May<Operator>, State(api): State<Arc<Api>>, Told(wanted): Told<SnapshotWanted>) -> Result<Response, Problem> {
    hand_in(&api, Verb::Snapshot, &json!({"repository": wanted.repository}), &may.user)
}

/// Restores a snapshot for trial, beside the data, and looks whether it is whole.
#[utoipa::path(
    post, path = "/v1/phoenix/drill", tag = "phoenix", operation_id = "drill_snapshot", request_body = DrillWanted,
    responses(
        (status = 202, description = "It is taken down: `Location` tells how it stands", body = ErrandState, headers(("Location" = String))),
        Refused, Contrary, Unfit
    ),
)]
async fn drill(may: May<Operator>, State(api): State<Arc<Api>>, Told(wanted): Told<DrillWanted>) -> Result<Response, Problem> {
    hand_in(&api, Verb::Drill, &json!({"repository": wanted.repository, "snapshot": wanted.snapshot}), &may.user)
}

/// How an errand stands. The newest are kept until Jamey is started again.
#[utoipa::path(
    get, path = "/v1/errands/{id}", tag = "phoenix", operation_id = "errand", params(("id" = Uuid, Path)),
    responses((status = 200, description = "So it stands", body = ErrandState), Refused, Missing),
)]
async fn errand(_: May<Operator>, State(api): State<Arc<Api>>, Named(id): Named<Uuid>) -> Result<Json<ErrandState>, Problem> {
    let missing = || Problem::missing("no such errand: the newest are kept until Jamey is started again; /v1/phoenix tells what is there");
    api.hall.errands.ledger.entry(id).map(|entry| Json(told(entry))).ok_or_else(missing)
}

fn hand_in(api: &Api, verb: Verb, wanted: &Value, by: &str) -> Result<Response, Problem> {
    let wrong = |why: &str| Problem::new(StatusCode::BAD_REQUEST, "request", why);
    let errand = Errand::read(verb, wanted.to_string().as_bytes(), by).map_err(wrong)?;
    if api.hall.config.phoenix.repositories.is_empty() {
        let detail = "no repository is configured, so there is no place for snapshots and none to restore: name one under [[phoenix.repository]], \
                      make it with `jamey phoenix init`, and start Jamey again";
        return Err(Problem::new(StatusCode::CONFLICT, "no-repository", detail));
    }
    let named = errand.repository.as_ref().filter(|name| api.hall.config.phoenix.repositories.iter().all(|one| one.name != **name));
    if let Some(name) = named {
        let name: String = name.chars().take(64).collect();
        return Err(wrong(&format!("no repository is called {name:?}: /v1/phoenix tells which there are")));
    }
    let id = api.hall.clock.percept_id();
    if !api.hall.errands.hand_in_as(id, errand, api.hall.clock.now()) {
        return Err(Problem::busy("too many errands wait for Phoenix: ask again when some are done"));
    }
    api.hall.audit(by, verb.as_str(), Some(&id.to_string()), "asked for by HTTP");
    let entry = api.hall.errands.ledger.entry(id);
    let place = HeaderValue::from_str(&format!("/v1/errands/{id}")).unwrap_or_else(|_| HeaderValue::from_static("/v1/errands"));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(entry.map(told))).into_response())
}

fn told(Entry { id, errand, at, stage }: Entry) -> ErrandState {
    let (state, ended_at, mut reply) = match stage {
        Stage::Waiting => ("waiting", None, Value::Null),
        Stage::Running => ("running", None, Value::Null),
        Stage::Ended(at, reply) => {
            let is_well = reply.get("status").and_then(Value::as_str) == Some("ok");
            (if is_well { "done" } else { "failed" }, Some(at.to_string()), reply)
        }
    };
    let data = reply.get_mut("data").map(Value::take);
    ErrandState {
        id,
        verb: errand.verb.as_str(),
        repository: errand.repository,
        by: errand.by,
        asked_at: at.to_string(),
        state,
        ended_at,
        data: data.and_then(|data| if let Value::Array(all) = data { Some(all) } else { None }).unwrap_or_default(),
        error: reply.get("error").and_then(Value::as_str).map(str::to_owned),
    }
}
