//! `POST /v1/rules/check`: whether a file would hold, laid over the rules. What is wrong with it is no failure of the asking: 200 tells it too.

use super::{RuleFile, described::Mistake, failed, file, typed};
use crate::api::{
    Api, Routes,
    asked::Told,
    may::{May, Owner},
    problem::{Problem, Refused, Unfit},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(check_rules))
}

/// What a file would come to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RulesChecked {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    good: bool,
    /// Of the whole set; null: it is not good.
    #[schema(required)]
    rules: Option<u64>,
    #[schema(required)]
    examples: Option<u64>,
    /// Ids of rules that others stand in for.
    replaced: Vec<String>,
    /// SHA-256 over all that the set is made of.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    digest: Option<String>,
    /// What of it takes care away, in words.
    milder: Vec<String>,
    errors: Vec<Mistake>,
}

/// Checks a file laid over the rules that hold; nothing is changed.
#[utoipa::path(
    post, path = "/v1/rules/check", tag = "rules", operation_id = "check_rules", request_body = RuleFile,
    responses((status = 200, description = "It is good, or all that is wrong with it", body = RulesChecked), Refused, Unfit),
)]
async fn check_rules(
    _: May<Owner>,
    State(api): State<Arc<Api>>,
    Told(RuleFile { text, name }): Told<RuleFile>,
) -> Result<Json<RulesChecked>, Problem> {
    typed(api.root.check(file(text, name)?).await.map_err(failed)?).map(Json)
}
