//! `/v1/memory/records/{id}/…`: single memories are kept whatever else goes, or let go of.

use crate::api::{
    Api, Kept, Routes,
    asked::{Named, Nothing, Told},
    may::{Admin, May, Operator},
    problem::{Missing, Problem, Refused, Unfit},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(pin)).routes(routes!(unpin)).routes(routes!(let_go))
}

/// What became of a record.
#[derive(Debug, Serialize, ToSchema)]
struct RecordKept {
    id: Uuid,
    /// Whether it stays whatever else goes; null: it is gone.
    #[schema(required)]
    pinned: Option<bool>,
}

/// Keeps a record whatever else goes.
#[utoipa::path(
    post, path = "/v1/memory/records/{id}/pin", tag = "memory", operation_id = "pin_record",
    params(("id" = Uuid, Path)), request_body = Nothing,
    responses((status = 200, description = "It is on disk", body = RecordKept), Refused, Missing, Unfit),
)]
async fn pin(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(id): Named<Uuid>,
    _: Told<Nothing>,
) -> Result<Json<RecordKept>, Problem> {
    keep(&api, id, Kept::Pinned, may.user).await
}

/// Keeps a record no longer than others of its kind.
#[utoipa::path(
    post, path = "/v1/memory/records/{id}/unpin", tag = "memory", operation_id = "unpin_record",
    params(("id" = Uuid, Path)), request_body = Nothing,
    responses((status = 200, description = "It is on disk", body = RecordKept), Refused, Missing, Unfit),
)]
async fn unpin(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(id): Named<Uuid>,
    _: Told<Nothing>,
) -> Result<Json<RecordKept>, Problem> {
    keep(&api, id, Kept::Unpinned, may.user).await
}

/// Deletes a record with what the index and the journal know of it. Verdicts and the audit trail keep theirs.
#[utoipa::path(
    delete, path = "/v1/memory/records/{id}", tag = "memory", operation_id = "forget_record", params(("id" = Uuid, Path)),
    responses((status = 200, description = "It is gone", body = RecordKept), Refused, Missing),
)]
async fn let_go(may: May<Admin>, State(api): State<Arc<Api>>, Named(id): Named<Uuid>) -> Result<Json<RecordKept>, Problem> {
    keep(&api, id, Kept::Forgotten, may.user).await
}

async fn keep(api: &Arc<Api>, id: Uuid, kept: Kept, by: String) -> Result<Json<RecordKept>, Problem> {
    let was_there = api.root.keep(id, kept, by).await.map_err(|why| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", why))?;
    if !was_there {
        return Err(Problem::missing("it is not there: summed up, let go or forgotten already"));
    }
    let pinned = match kept {
        Kept::Pinned => Some(true),
        Kept::Unpinned => Some(false),
        Kept::Forgotten => None,
    };
    Ok(Json(RecordKept { id, pinned }))
}
