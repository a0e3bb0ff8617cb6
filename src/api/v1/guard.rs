//! `/v1/guard`: mode, profile, strictness and coverage, and what approvers may make of them.

mod coverage;
mod option;

use crate::{
    api::{
        Api, Routes,
        etag::{self, Unchanged},
        problem::{Problem, Refused},
    },
    broker::About,
};
use axum::{extract::State, http::HeaderMap, response::Response};
pub use option::ordered;
use option::{Holds, holds};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(guard)).merge(option::routes()).merge(coverage::routes())
}

/// How the guard stands.
#[derive(Debug, Serialize, ToSchema)]
struct Guard {
    mode: Holds,
    profile: Holds,
    strictness: Holds,
}

/// Whether what the conscience refuses is held, and how strictly it judges; and who chose that.
#[utoipa::path(
    get, path = "/v1/guard", tag = "guard", operation_id = "guard",
    responses((status = 200, description = "So it stands", body = Guard), Unchanged, Refused),
)]
async fn guard(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    let guard = Guard {
        mode: holds(&api, About::GuardMode).await?,
        profile: holds(&api, About::Profile).await?,
        strictness: holds(&api, About::Strictness).await?,
    };
    etag::tagged(&headers, &guard)
}
