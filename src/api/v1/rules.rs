//! `/v1/rules`: what the rules are, whether others hold, and what they would have said.

mod check;
mod described;
mod replay;
mod shadow;
mod source;

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        paging::{self, Page, Paging},
        problem::{Missing, Problem, Refused},
        told,
    },
    domain::{RuleText, limits},
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use described::{RuleLine, RuleWhole};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(rules))
        .routes(routes!(rule))
        .merge(check::routes())
        .merge(replay::routes())
        .merge(shadow::routes())
        .merge(source::routes())
        // What is told here is a file, and may be longer than what people say elsewhere.
        .layer(DefaultBodyLimit::max(limits::HTTP_RULES_BODY_BYTES))
}

/// The rules that hold, in the order of their files.
#[utoipa::path(
    get, path = "/v1/rules", tag = "rules", operation_id = "rules", params(Paging),
    responses((status = 200, description = "A page of them", body = Page<RuleLine>), Refused),
)]
async fn rules(State(api): State<Arc<Api>>, Asked(paging): Asked<Paging>) -> Result<Json<Page<RuleLine>>, Problem> {
    let limit = paging::limit(paging.limit)?;
    let after: Option<usize> = paging::position(paging.cursor.as_deref())?;
    let all = api.root.rules().into_iter().enumerate().skip(after.map_or(0, |after| after.saturating_add(1)));
    let lines = all.take(usize::try_from(limit).unwrap_or(0) + 1).map(|(at, line)| Ok((at, typed(line)?)));
    let page = Page::of(lines.collect::<Result<Vec<(usize, RuleLine)>, Problem>>()?, limit, |(at, _)| *at);
    Ok(Json(Page { data: page.data.into_iter().map(|(_, line)| line).collect(), next: page.next }))
}

/// A rule, whole.
#[utoipa::path(
    get, path = "/v1/rules/{id}", tag = "rules", operation_id = "rule",
    params(("id" = String, Path, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "This it is", body = RuleWhole), Unchanged, Refused, Missing),
)]
async fn rule(State(api): State<Arc<Api>>, Named(id): Named<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let missing = || Problem::missing("no rule has this id: /v1/rules tells which there are");
    let whole: RuleWhole = typed(api.root.rule(&id).ok_or_else(missing)?)?;
    etag::tagged(&headers, &whole)
}

/// A file to be laid over the rules that hold: rules, weights, thresholds, `without`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// TOML.
    #[schema(max_length = 65536)]
    text: String,
    /// As what is wrong names it; `rules/own.toml` stands in the place of what is set under /v1/rules/source.
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
}

/// # Errors
/// When the name is none, or the text too long.
fn file(text: String, name: Option<String>) -> Result<RuleText, Problem> {
    let name = name.unwrap_or_else(|| "candidate".to_owned());
    if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", "`name` has 1 to 64 characters, none of them a control character"));
    }
    Ok(RuleText { name, text: fitting(text)? })
}

/// # Errors
/// When it is longer than may be.
fn fitting(text: String) -> Result<String, Problem> {
    let chars = text.chars().count();
    if chars <= limits::HTTP_RULES_CHARS {
        return Ok(text);
    }
    let detail = format!(
        "`text` has {chars} characters; write {} at most, and the rest into a file that the config names",
        limits::HTTP_RULES_CHARS
    );
    Err(Problem::new(StatusCode::BAD_REQUEST, "request", detail))
}

fn typed<T: DeserializeOwned>(told: Value) -> Result<T, Problem> {
    told::typed("what the rules are", told)
}

fn failed(why: String) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "rules", why)
}
