//! `/v1/approvals`: what waits for a person, and the word of one who may give it.

mod answer;
mod told;

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        may::{May, Owner},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    domain::Timestamp,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use told::{Approval, Settled, waiting};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(approvals)).routes(routes!(approval)).merge(answer::routes())
}

/// Whether it still waits.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Stage {
    #[default]
    Waiting,
    Settled,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// What still waits, the oldest first; or what waits no more, the latest first.
    #[serde(default)]
    #[param(inline)]
    state: Stage,
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// What waits for a person's word, or waited. For who may approve, and for administrators.
#[utoipa::path(
    get, path = "/v1/approvals", tag = "approvals", operation_id = "approvals", params(Which),
    responses((status = 200, description = "A page of them", body = Page<Approval>), Refused),
)]
async fn approvals(_: May<Owner>, State(api): State<Arc<Api>>, Asked(which): Asked<Which>) -> Result<Json<Page<Approval>>, Problem> {
    let limit = paging::limit(which.limit)?;
    match which.state {
        Stage::Waiting => {
            let after: Option<Uuid> = paging::position(which.cursor.as_deref())?;
            let all = api.root.waiting();
            let more = all.iter().filter(|(id, _)| after.is_none_or(|after| **id > after)).take(usize::try_from(limit).unwrap_or(0) + 1);
            let more: Vec<(Uuid, Approval)> = more.map(|(id, document)| Ok((*id, waiting(document)?))).collect::<Result<_, Problem>>()?;
            let page = Page::of(more, limit, |(id, _)| *id);
            Ok(Json(Page { data: page.data.into_iter().map(|(_, one)| one).collect(), next: page.next }))
        }
        Stage::Settled => {
            let before: Option<(i64, Uuid)> = paging::position(which.cursor.as_deref())?;
            let before = before.map(|(micros, id)| (Timestamp::from_micros(micros), id));
            let rows = api.read(move |reader| reader.settled_approvals(limit + 1, before)).await?;
            let page = Page::of(rows, limit, |row| (row.asked_at.micros(), row.percept));
            Ok(Json(Page { data: page.data.into_iter().map(|row| Approval::Settled(Settled::of(row))).collect(), next: page.next }))
        }
    }
}

/// One that waits, with what an answer to it must prove; or what became of it.
#[utoipa::path(
    get, path = "/v1/approvals/{id}", tag = "approvals", operation_id = "approval",
    params(("id" = Uuid, Path, description = "The percept that asked")),
    responses((status = 200, description = "It waits, or waited", body = Approval), Unchanged, Refused, Missing),
)]
async fn approval(_: May<Owner>, State(api): State<Arc<Api>>, Named(id): Named<Uuid>, headers: HeaderMap) -> Result<Response, Problem> {
    etag::tagged(&headers, &one(&api, id).await?.ok_or_else(nothing)?)
}

async fn one(api: &Arc<Api>, id: Uuid) -> Result<Option<Approval>, Problem> {
    if let Some(document) = api.root.waiting().get(&id) {
        return waiting(document).map(Some);
    }
    Ok(settled(api, id).await?.map(Approval::Settled))
}

/// What became of it; None while it waits, or where it never did.
async fn settled(api: &Arc<Api>, id: Uuid) -> Result<Option<Settled>, Problem> {
    Ok(api.read(move |reader| reader.approval(id)).await?.map(Settled::of))
}

fn nothing() -> Problem {
    Problem::missing("nothing waits, or waited, under this id: /v1/approvals tells what does")
}
