//! `/v1/mind/emotion`: mood and emotions, now and over time.

use super::{described::Emotion, mission::Wanted, told, view};
use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        etag::Unchanged,
        kinds::Time,
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    observe::MoodAt,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(emotion)).routes(routes!(history))
}

/// Mood and emotions, and what moved them.
///
/// As published on `soul/emotion`.
#[utoipa::path(
    get, path = "/v1/mind/emotion", tag = "mind", operation_id = "emotion",
    responses((status = 200, description = "Mood and emotions", body = Emotion), Unchanged, Refused, Missing),
)]
async fn emotion(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    told(&api, &headers, "soul/emotion", |reader| Ok(view(reader.emotion()?))).await
}

/// The mood at a time: Mehrabian's three scales.
#[derive(Debug, Serialize, ToSchema)]
struct MoodThen {
    at: Time,
    #[schema(minimum = -1, maximum = 1)]
    pleasure: f64,
    #[schema(minimum = -1, maximum = 1)]
    arousal: f64,
    #[schema(minimum = -1, maximum = 1)]
    dominance: f64,
}

/// How the mood went, newest first: a point each five minutes, of a week at most, since the start.
#[utoipa::path(
    get, path = "/v1/mind/emotion/history", tag = "mind", operation_id = "emotion_history", params(Wanted),
    responses((status = 200, description = "A page of moods", body = Page<MoodThen>), Refused),
)]
async fn history(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<MoodThen>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let moods = api.hall.views.moods.within(&wanted.within()?, paging::one_more(limit));
    let then = |MoodAt { at, pleasure, arousal, dominance }| MoodThen { at: Time(at), pleasure, arousal, dominance };
    Ok(Json(Page::of(moods, limit, |mood| mood.at.micros()).map(then)))
}
