//! `POST /v1/approvals/{id}/answer`: an approver's word, answered when it is on disk. Said again by the same person it counts once, and is told again.

use super::{nothing, settled, told::Settled};
use crate::{
    api::{
        Api, Routes,
        asked::{Named, Told},
        may::{Approver, May},
        problem::{Contrary, Missing, Problem, Refused, Unfit},
    },
    domain::{Answer, Ending, EntityId, Input, Unanswered},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::oneshot;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(answer))
}

/// A SHA-256 in hex; the nonce is shorter.
const PROOF_BYTES: usize = 64;

/// A person's word on one that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalAnswer)]
struct Word {
    /// Whether it may go on.
    approves: bool,
    /// As it stands in the approval.
    #[schema(max_length = 64)]
    nonce: String,
    /// As it stands in the approval.
    #[schema(max_length = 64)]
    sha256: String,
}

/// Lets one that waits go on, or not. Nobody answers what they asked for themselves.
#[utoipa::path(
    post, path = "/v1/approvals/{id}/answer", tag = "approvals", operation_id = "answer_approval",
    params(("id" = Uuid, Path, description = "The percept that asked")), request_body = Word,
    responses((status = 200, description = "It is on disk, and this became of it", body = Settled), Refused, Missing, Contrary, Unfit),
)]
async fn answer(
    may: May<Approver>,
    State(api): State<Arc<Api>>,
    Named(id): Named<Uuid>,
    Told(word): Told<Word>,
) -> Result<Json<Settled>, Problem> {
    let (by, approves) = (may.entity(), word.approves);
    if word.nonce.len().max(word.sha256.len()) > PROOF_BYTES {
        let detail = format!("`nonce` and `sha256` have at most {PROOF_BYTES} characters: they stand in the approval");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", detail));
    }
    if !api.root.waiting().contains_key(&id)
        && let Some(before) = settled(&api, id).await?
    {
        return again(before, &by, approves);
    }
    let Word { approves, nonce, sha256 } = word;
    let answer = Answer { at: api.hall.clock.now(), by: by.clone(), id, approves, nonce, sha256, transaction: None, void: None };
    let (tell, told) = oneshot::channel();
    let stopping = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Jamey is stopping: answer again after the next start");
    if !api.hall.inbox.leave(Input::Answer(Box::new(answer)), 0, Some(tell), None).await {
        return Err(stopping());
    }
    let taken = told.await.map_err(|_| stopping())?;
    match taken.unanswered {
        None => settled(&api, id).await?.map(Json).ok_or_else(nothing),
        Some(Unanswered::Own) => Err(Problem::new(StatusCode::FORBIDDEN, "own", "who asked may not answer: somebody else must")),
        Some(Unanswered::NotWaiting) => match settled(&api, id).await? {
            Some(before) => again(before, &by, approves),
            None => Err(nothing()),
        },
        Some(why) => Err(Problem::new(StatusCode::CONFLICT, "unanswered", why.to_string())),
    }
}

/// Who said the same before is told the same again.
fn again(before: Settled, by: &EntityId, approves: bool) -> Result<Json<Settled>, Problem> {
    let said = if approves { Ending::Approved } else { Ending::Refused };
    if before.by.as_deref() == Some(by.as_str()) && before.settled == said.as_str() {
        return Ok(Json(before));
    }
    let whose = before.by.map_or_else(String::new, |by| format!(" by {by}"));
    Err(Problem::new(StatusCode::CONFLICT, "settled", format!("it waits no more: it was {}{whose} at {}", before.settled, before.at)))
}
