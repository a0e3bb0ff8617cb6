//! `/v1/rules/source`: the owner's own rules and weights, set while Jamey runs and laid over what the config names: whole, or not at all.

use super::{
    described::{RulesRefused, refused},
    failed, fitting, typed,
};
use crate::api::{
    Api, NotSet, Routes,
    asked::Told,
    etag::{self, Unchanged},
    may::{May, Owner},
    problem::{Conditional, Problem, Refused, Unfit},
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(source, set_source, unset_source))
}

/// The owner's own rules, as they are set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleSource {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    /// TOML; empty where nothing is set.
    text: String,
    set: bool,
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    #[schema(required, format = DateTime)]
    set_at: Option<String>,
    /// What of it takes care away, in words: the alert `guard-milder` tells it.
    milder: Vec<String>,
}

/// Other rules of the owner's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SourceWanted {
    /// TOML: rules, weights, thresholds, `without`.
    #[schema(max_length = 65536)]
    text: String,
}

/// The owner's own rules, as they are set.
#[utoipa::path(
    get, path = "/v1/rules/source", tag = "rules", operation_id = "rule_source",
    responses((status = 200, description = "This is set", body = RuleSource), Unchanged, Refused),
)]
async fn source(_: May<Owner>, State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    let source: RuleSource = typed(api.root.source().await.map_err(failed)?)?;
    etag::tagged(&headers, &source)
}

/// Sets others: they judge from the next request on, and after a restart.
#[utoipa::path(
    put, path = "/v1/rules/source", tag = "rules", operation_id = "set_rule_source", request_body = SourceWanted,
    params(("If-Match" = String, Header, description = "The `ETag` of what was read")),
    responses(
        (status = 200, description = "It is on disk, and holds", body = RuleSource),
        (status = 422, description = "It does not hold, and nothing changed", body = RulesRefused, content_type = "application/problem+json"),
        Refused, Conditional, Unfit
    ),
)]
async fn set_source(
    may: May<Owner>,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Told(SourceWanted { text }): Told<SourceWanted>,
) -> Result<Response, Problem> {
    set(&api, Some(fitting(text)?), may.user, headers).await
}

/// Takes them away: what the config names holds by itself.
#[utoipa::path(
    delete, path = "/v1/rules/source", tag = "rules", operation_id = "unset_rule_source",
    params(("If-Match" = String, Header, description = "The `ETag` of what was read")),
    responses(
        (status = 200, description = "Nothing is set any more", body = RuleSource),
        (status = 422, description = "What is left does not hold, and nothing changed", body = RulesRefused, content_type = "application/problem+json"),
        Refused, Conditional
    ),
)]
async fn unset_source(may: May<Owner>, State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    set(&api, None, may.user, headers).await
}

async fn set(api: &Arc<Api>, text: Option<String>, by: String, headers: HeaderMap) -> Result<Response, Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        etag::has_read(&headers, &())?;
    }
    let has_read = move |now: &Value| typed::<RuleSource>(now.clone()).is_ok_and(|now| etag::has_read(&headers, &now).is_ok());
    let set = api.root.set_source(text, by, Box::new(has_read)).await.map_err(|not| match not {
        NotSet::Changed => etag::changed(),
        NotSet::Refused(errors) => refused(errors),
        NotSet::Failed(why) => failed(why),
    })?;
    let set: RuleSource = typed(set)?;
    etag::tagged(&HeaderMap::new(), &set)
}
