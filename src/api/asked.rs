//! What a request says, parsed once at the door: query, path and body. What makes no sense is answered with a problem that says what would.

use super::problem::Problem;
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

/// The query. Its type denies unknown fields, so that a slip of the pen is not taken for no wish at all.
pub struct Asked<T>(pub T);

/// The parts of the path that stand for something.
pub struct Named<T>(pub T);

/// The body, as JSON.
pub struct Told<T>(pub T);

/// The body where nothing is to be said: `{}`. It is JSON all the same, which no page of another host can have a browser post unasked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn wrong(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request", detail)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(asked)| Self(asked)).map_err(|error| wrong(format!("the query makes no sense: {}", error.body_text())))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What cannot be a name names nothing.
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(named)| Self(named)).map_err(|error| Problem::new(StatusCode::NOT_FOUND, "not-found", error.body_text()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(told)) => Ok(Self(told)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "the body is JSON: say so with `Content-Type: application/json`",
            )),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is too large"))
            }
            Err(error) => Err(wrong(format!("the body makes no sense: {}", error.body_text()))),
        }
    }
}
