//! `/v1/verdicts`: what was judged, newest first, and of one percept what it was judged on.

mod described;

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        kinds::{Decision, Id, Time},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    domain::secret,
    observe::verdict::{Spoken, verdict},
    store::{Sought, SoughtVerdicts, VerdictRow},
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use described::{Explanation, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(verdicts)).routes(routes!(one))
}

/// Which verdicts are wanted.
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
    /// Only what was decided so.
    #[param(inline)]
    decision: Option<Decision>,
    /// Only what this entity asked for.
    #[param(inline)]
    requester: Option<Id>,
    /// Only what was asked of this device.
    #[param(inline)]
    target: Option<Id>,
    /// Only where this rule spoke.
    #[param(min_length = 1, max_length = 128)]
    rule: Option<String>,
    /// Only from this time on.
    #[param(inline)]
    from: Option<Time>,
    /// Only before this time.
    #[param(inline)]
    to: Option<Time>,
}

/// What was judged, newest first.
///
/// Filters have no index: a request looks at 5,000 verdicts, and where it finds no whole page among them, `data` is short, or empty, and `next` says
/// where to go on.
#[utoipa::path(
    get, path = "/v1/verdicts", tag = "verdicts", operation_id = "verdicts", params(Wanted),
    responses((status = 200, description = "A page of verdicts", body = Page<Verdict>), Refused),
)]
async fn verdicts(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Value>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let after = paging::position::<(Uuid, u16)>(wanted.cursor.as_deref())?;
    let rule = wanted.rule.map(|rule| paging::word("rule", rule, RULE_CHARS)).transpose()?;
    let sought = SoughtVerdicts {
        decision: wanted.decision.map(|word| word.0),
        requester: wanted.requester.map(|id| id.0),
        target: wanted.target.map(|id| id.0),
        rule,
        from: wanted.from.map(|time| time.0),
        to: wanted.to.map(|time| time.0),
    };
    let Sought { rows, next } = api.read(move |reader| reader.seek_verdicts(&sought, limit, after)).await?;
    Ok(Json(Page::at(rows.iter().map(told).collect(), next.as_ref())))
}

/// The longest id of a rule is much shorter.
const RULE_CHARS: usize = 128;

/// As on its topic, with whom it was said by and where.
fn told(row: &VerdictRow) -> Value {
    let spoken = Spoken {
        percept: row.percept,
        at: row.at,
        entity: &row.requester,
        forwarded: row.forwarded_at.is_some(),
        request: &row.request,
        verdict: &row.verdict,
    };
    let mut document = verdict(&spoken);
    join(&mut document, row);
    document
}

fn join(document: &mut Value, row: &VerdictRow) {
    let more = json!({
        "ordinal": row.ordinal, "client": row.client_id, "topic": row.topic, "origin": row.origin,
        "forwarded_at": row.forwarded_at.map(|at| at.to_string()), "repeat_of": row.repeat_of,
    });
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
}

/// All verdicts on one percept.
///
/// Each with the facts that it was given on, what the rules of today say, and what single things would have changed it.
#[utoipa::path(
    get, path = "/v1/verdicts/{percept}", tag = "verdicts", operation_id = "verdict",
    params(("percept" = Uuid, Path, description = "The percept's id, as verdicts have it")),
    responses((status = 200, description = "The verdicts on it, taken apart", body = Explanation), Unchanged, Refused, Missing),
)]
async fn one(State(api): State<Arc<Api>>, Named(percept): Named<Uuid>, headers: HeaderMap) -> Result<Response, Problem> {
    let rows = api.read(move |reader| reader.verdict(percept)).await?;
    if rows.is_empty() {
        let detail = "no verdict on this percept is on record; refusals beyond 100 a client and hour are only counted";
        return Err(Problem::missing(detail));
    }
    let verdicts = api
        .apart(move |api| {
            let mut all = api.root.explain(&rows);
            for (document, row) in all.iter_mut().zip(&rows) {
                join(document, row);
                ["/request/args", "/facts/act/args"].iter().for_each(|place| hide(document, place));
            }
            all
        })
        .await?;
    etag::tagged(&headers, &json!({"v": 1, "percept": percept, "verdicts": verdicts}))
}

/// Codes that were sent along are for nobody to read.
fn hide(document: &mut Value, place: &str) {
    if let Some(args) = document.pointer_mut(place) {
        *args = secret::shown(args);
    }
}
