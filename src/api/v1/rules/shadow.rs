//! `GET /v1/rules/shadow`: what the candidate that judges beside the rules came to.

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        paging,
        problem::{Problem, Refused},
    },
    domain::{Disagreement, ShadowTally},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(shadow))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Shown {
    /// How many disagreements are shown, the newest.
    #[param(minimum = 1, maximum = 200, default = 50)]
    show: Option<u32>,
}

/// What the candidate came to.
#[derive(Debug, Serialize, ToSchema)]
struct Shadow {
    /// Null: none has judged yet.
    #[schema(required)]
    shadow: Option<Tally>,
    newest: Vec<Disagreed>,
}

/// Its counts since it began.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShadowTally)]
struct Tally {
    candidate: String,
    /// Of the whole set with the candidate in it.
    digest: String,
    #[schema(format = DateTime)]
    since: String,
    judged: u64,
    disagreed: u64,
    /// `allow to deny`, and how often.
    changes: BTreeMap<String, u64>,
    /// By rule; what no rule did stands under an empty name.
    rules: BTreeMap<String, u64>,
}

/// A request on which the two disagree.
#[derive(Debug, Serialize, ToSchema)]
struct Disagreed {
    percept: Uuid,
    ordinal: u16,
    #[schema(format = DateTime)]
    at: String,
    requester: String,
    target: String,
    verb: String,
    #[schema(pattern = "^(allow|deny|escalate)$")]
    live: &'static str,
    #[schema(pattern = "^(allow|deny|escalate)$")]
    shadow: &'static str,
    #[schema(required)]
    rule: Option<String>,
    reason: String,
}

/// What the candidate that judges beside the rules (`conscience.shadow`) came to.
#[utoipa::path(
    get, path = "/v1/rules/shadow", tag = "rules", operation_id = "rules_shadow", params(Shown),
    responses((status = 200, description = "So far", body = Shadow), Refused),
)]
async fn shadow(State(api): State<Arc<Api>>, Asked(shown): Asked<Shown>) -> Result<Json<Shadow>, Problem> {
    let show = paging::limit(shown.show)?;
    let (tally, newest) = api.read(move |reader| Ok((reader.shadow()?, reader.disagreements(show)?))).await?;
    Ok(Json(Shadow { shadow: tally.map(counted), newest: newest.into_iter().map(told).collect() }))
}

fn counted(tally: ShadowTally) -> Tally {
    let ShadowTally { digest, candidate, since, judged, disagreed, changes, rules } = tally;
    Tally { candidate, digest, since: since.to_string(), judged, disagreed, changes, rules }
}

fn told(d: Disagreement) -> Disagreed {
    Disagreed {
        percept: d.percept,
        ordinal: d.ordinal,
        at: d.at.to_string(),
        requester: d.requester.to_string(),
        target: d.target.to_string(),
        verb: d.verb,
        live: d.live.as_str(),
        shadow: d.shadow.as_str(),
        rule: d.rule,
        reason: d.reason,
    }
}
