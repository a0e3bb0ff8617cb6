//! `/v1/phoenix`: how it stands with the snapshots, as Jamey found them when it last looked; a slow share is not looked at for a request.

use crate::api::{
    Api, Routes,
    asked::Asked,
    kinds::Time,
    paging::{self, Page},
    problem::{Problem, Refused},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(phoenix)).routes(routes!(snapshots))
}

/// How it stands with each repository, as on the topic `phoenix/state`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct PhoenixState {
    v: u8,
    /// By name.
    repositories: BTreeMap<String, RepositoryState>,
    /// What to do where there is none.
    text: Option<String>,
    /// Where snapshots are carried to other hosts: how far each is.
    courier: Option<Value>,
}

/// How it stands with one. What was found there is left out until it was looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct RepositoryState {
    path: String,
    /// What is done there now.
    #[schema(required)]
    doing: Option<String>,
    #[schema(required)]
    next_at: Option<Time>,
    /// What is not as it should be.
    #[schema(required)]
    error: Option<String>,
    snapshots: Option<u64>,
    bytes: Option<u64>,
    last: Option<LastSnapshot>,
    drill: Option<LastDrill>,
}

/// The newest snapshot.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct LastSnapshot {
    sequence: u64,
    taken_at: Time,
    /// `asked`, `scheduled` or `changed`.
    reason: String,
    bytes: u64,
    age_hours: f64,
    #[schema(required)]
    written_bytes: Option<u64>,
    #[schema(required)]
    took_seconds: Option<u64>,
    #[schema(required)]
    left_out: Option<Vec<String>>,
}

/// The newest drill.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct LastDrill {
    sequence: u64,
    drilled_at: Time,
    passed: bool,
}

/// A snapshot. Of one whose manifest cannot be read there is only what is `damaged`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Snapshot {
    repository: String,
    sequence: u64,
    taken_at: Option<Time>,
    reason: Option<String>,
    node: Option<String>,
    /// Of the Jamey that took it.
    version: Option<String>,
    bytes: Option<u64>,
    components: Option<Vec<String>>,
    damaged: Option<String>,
    /// The last time that it was restored for trial.
    #[schema(required)]
    drilled: Option<Drilled>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Drilled {
    at: Time,
    passed: bool,
}

/// How it stands with the snapshots.
#[utoipa::path(
    get, path = "/v1/phoenix", tag = "phoenix", operation_id = "phoenix",
    responses((status = 200, description = "Each repository's state", body = PhoenixState), Refused),
)]
async fn phoenix(State(api): State<Arc<Api>>) -> Result<Json<Arc<Value>>, Problem> {
    api.hall.views.state("phoenix/state").map(Json).ok_or_else(Problem::not_yet)
}

/// Which snapshots are wanted.
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
    /// Only of this repository, by its name.
    #[param(min_length = 1, max_length = 64)]
    repository: Option<String>,
}

const NAME_CHARS: usize = 64;

/// All snapshots, by repository, newest first.
///
/// As they were found when Jamey last looked: after each snapshot, drill or pruning, and each hour.
#[utoipa::path(
    get, path = "/v1/phoenix/snapshots", tag = "phoenix", operation_id = "snapshots", params(Wanted),
    responses((status = 200, description = "A page of snapshots", body = Page<Snapshot>), Refused),
)]
async fn snapshots(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Value>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let after = paging::position::<(String, u64)>(wanted.cursor.as_deref())?;
    let wanted = wanted.repository.map(|name| paging::word("repository", name, NAME_CHARS)).transpose()?;
    let state = api.hall.views.state("phoenix/snapshots").ok_or_else(Problem::not_yet)?;
    let position = |one: &Value| {
        let name = one.get("repository").and_then(Value::as_str).unwrap_or_default().to_owned();
        (name, one.get("sequence").and_then(Value::as_u64).unwrap_or(0))
    };
    let is_after = |one: &Value| {
        let key = |(name, sequence): (String, u64)| (name, Reverse(sequence));
        after.as_ref().is_none_or(|after| key(position(one)) > key(after.clone()))
    };
    let of_all = state.as_object().into_iter().flatten().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == *name));
    let rows = of_all.flat_map(|(name, of)| of.as_array().into_iter().flatten().map(|one| of_repository(name, one)));
    let found = rows.filter(is_after).take(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)).collect();
    Ok(Json(Page::of(found, limit, position)))
}

fn of_repository(name: &str, one: &Value) -> Value {
    let mut one = one.clone();
    if let Some(one) = one.as_object_mut() {
        one.insert("repository".to_owned(), name.into());
    }
    one
}
