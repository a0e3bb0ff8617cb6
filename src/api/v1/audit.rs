//! `/v1/audit`: who did what, newest first.

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        paging::{self, Page, Paging},
        problem::{Problem, Refused},
    },
    domain::audit::{Row, hex},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(audit))
}

/// A row of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
struct AuditRow {
    seq: i64,
    #[schema(format = DateTime)]
    at: String,
    actor: String,
    action: String,
    #[schema(required)]
    subject: Option<String>,
    detail: String,
    /// SHA-256, in hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
}

/// Who did what, newest first.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", operation_id = "audit", params(Paging),
    responses((status = 200, description = "A page of the trail", body = Page<AuditRow>), Refused),
)]
async fn audit(State(api): State<Arc<Api>>, Asked(paging): Asked<Paging>) -> Result<Json<Page<AuditRow>>, Problem> {
    let limit = paging::limit(paging.limit)?;
    let before = paging::position(paging.cursor.as_deref())?;
    let rows = api.read(move |reader| reader.audit(limit + 1, before)).await?;
    Ok(Json(Page::of(rows, limit, |row| row.seq).map(told)))
}

fn told(Row { seq, event, hash, .. }: Row) -> AuditRow {
    let crate::domain::audit::Event { at, actor, action, subject, detail } = event;
    AuditRow { seq, at: at.to_string(), actor, action, subject, detail, hash: hex(&hash) }
}
