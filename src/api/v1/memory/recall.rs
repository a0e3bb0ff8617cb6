//! `/v1/memory/recall`: a question to memory, as on the topic `memory/recall`, answered by the same thread at the same pace.

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        kinds::{Decision, Id, Layer, Time},
        paging::{self, Page},
        problem::{Problem, Refused},
    },
    broker::{self, NoAnswer, Visitor},
    domain::{EntityId, Question, question::USUAL_LIMIT},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(recall))
}

/// What is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Words as people type them, with times in it, as `front door last night`; left out: what was last.
    #[param(max_length = 512)]
    q: Option<String>,
    /// Only of this entity.
    #[param(inline)]
    entity: Option<Id>,
    /// Only of this kind.
    #[param(min_length = 1, max_length = 128)]
    kind: Option<String>,
    /// Only what was decided so.
    #[param(inline)]
    verdict: Option<Decision>,
    /// Only what matters so much.
    #[param(minimum = 0, maximum = 1)]
    importance: Option<f64>,
    /// Only from this time on.
    #[param(inline)]
    from: Option<Time>,
    /// Only before this time.
    #[param(inline)]
    to: Option<Time>,
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 10)]
    limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

const QUERY_CHARS: usize = 512;
const KIND_CHARS: usize = 128;

/// What is remembered of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Recalled {
    data: Vec<Memory>,
    /// The cursor of the next page; null: this was the last.
    #[schema(required)]
    next: Option<String>,
    /// What of the question was not understood, in words.
    notes: Vec<String>,
}

/// A memory that was recalled.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Memory {
    id: Uuid,
    at: Time,
    entity: Id,
    kind: String,
    topic: String,
    text: String,
    #[schema(minimum = 0, maximum = 1)]
    importance: f64,
    layer: Layer,
    pinned: bool,
    requester: Id,
    /// How well it fits; 0 where no words were asked for.
    #[schema(minimum = 0, maximum = 1)]
    score: f64,
}

/// What the house remembers.
///
/// The best first; without words the newest. A long page may be cut short: `next` says where to go on.
#[utoipa::path(
    get, path = "/v1/memory/recall", tag = "memory", operation_id = "memory_recall", params(Wanted),
    responses((status = 200, description = "What is remembered", body = Recalled), Refused),
)]
async fn recall(
    State(api): State<Arc<Api>>,
    Extension(visitor): Extension<Visitor>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Value>, Response> {
    let hall = &api.hall;
    let question = question(wanted).map_err(Problem::into_response)?;
    let who = visitor.user.as_deref().map_or_else(EntityId::anonymous, EntityId::escaped);
    if !hall.recalls.may_ask(&who, hall.clock.uptime()) {
        let detail = "one may ask 20 times a second, and all together 100 times: ask again in a second";
        return Err(later(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-questions", detail)));
    }
    let (asked, answer) = broker::Asked::by(&visitor, question);
    let busy =
        || later(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many questions wait for an answer: ask again in a second"));
    hall.recalls.ask(asked).map_err(|broker::Busy| busy())?;
    match answer.await {
        Ok(Ok(found)) => Ok(Json(page(found))),
        Ok(Err(NoAnswer::Nonsense(why))) => Err(Problem::new(StatusCode::BAD_REQUEST, "request", why).into_response()),
        Ok(Err(NoAnswer::Failed(why))) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "recall", why).into_response()),
        // Who answers is going.
        Err(_) => Err(busy()),
    }
}

fn question(wanted: Wanted) -> Result<Question, Problem> {
    let limit = wanted.limit.map(|limit| paging::limit(Some(limit))).transpose()?;
    let query = wanted.q.unwrap_or_default();
    let nonsense = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "request", detail);
    if query.chars().count() > QUERY_CHARS {
        return Err(nonsense(format!("`q` has more than {QUERY_CHARS} characters: ask in fewer words")));
    }
    if wanted.importance.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
        return Err(nonsense("`importance` is a number from 0 to 1: the least that counts".to_owned()));
    }
    let kind = wanted.kind.map(|kind| paging::word("kind", kind, KIND_CHARS)).transpose()?;
    let time = |time: Option<Time>| time.map(|time| time.0);
    Ok(Question {
        query,
        limit: limit.map_or(USUAL_LIMIT, |limit| usize::try_from(limit).unwrap_or(USUAL_LIMIT)),
        cursor: paging::position(wanted.cursor.as_deref())?,
        entities: wanted.entity.into_iter().map(|id| id.0.as_str().to_owned()).collect(),
        kinds: kind.into_iter().collect(),
        verdicts: wanted.verdict.into_iter().map(|word| word.0).collect(),
        importance: wanted.importance,
        within: (time(wanted.from), time(wanted.to)),
        ..Question::default()
    })
}

/// In the form of all lists.
fn page(mut found: Value) -> Value {
    let mut take = |key: &str| found.get_mut(key).map(Value::take).unwrap_or_default();
    let (data, notes, next) = (take("records"), take("notes"), take("next"));
    let next = Page::at(Vec::<()>::new(), next.as_str().as_ref()).next;
    json!({"data": data, "next": next, "notes": notes})
}

fn later(problem: Problem) -> Response {
    ([(header::RETRY_AFTER, "1")], problem).into_response()
}
