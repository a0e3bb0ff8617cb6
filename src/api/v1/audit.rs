//! `/v1/audit`: who did what, newest first.

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        paging::{self, Page},
        problem::{Problem, Refused},
    },
    domain::audit::{Row, hex},
    store::Sought,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(audit))
}

/// Which rows are wanted.
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
    /// Only what this one did, whole, such as `anna` or `host`.
    #[param(min_length = 1, max_length = 128)]
    actor: Option<String>,
    /// Only this, whole, such as `login`.
    #[param(min_length = 1, max_length = 128)]
    action: Option<String>,
}

const WORD_CHARS: usize = 128;

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
///
/// There is no index for actors and actions: a request looks at 5,000 rows, and where it finds no whole page among them, `data` is short, or
/// empty, and `next` says where to go on.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", operation_id = "audit", params(Wanted),
    responses((status = 200, description = "A page of the trail", body = Page<AuditRow>), Refused),
)]
async fn audit(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<AuditRow>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let before = paging::position(wanted.cursor.as_deref())?;
    let actor = wanted.actor.map(|actor| paging::word("actor", actor, WORD_CHARS)).transpose()?;
    let action = wanted.action.map(|action| paging::word("action", action, WORD_CHARS)).transpose()?;
    let Sought { rows, next } = api.read(move |reader| reader.seek_audit(actor.as_deref(), action.as_deref(), limit, before)).await?;
    Ok(Json(Page::at(rows.into_iter().map(told).collect(), next.as_ref())))
}

fn told(Row { seq, event, hash, .. }: Row) -> AuditRow {
    let crate::domain::audit::Event { at, actor, action, subject, detail } = event;
    AuditRow { seq, at: at.to_string(), actor, action, subject, detail, hash: hex(&hash) }
}
