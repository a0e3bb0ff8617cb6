//! What a request says, parsed once at the door: query, path and body. What makes no sense is answered with a problem that says what would.

use super::problem::Problem;
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
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
        read.map(|Path(named)| Self(named)).map_err(|error| Problem::missing(error.body_text()))
    }
}

/// With `30.0` as 30: JSON knows one kind of number, and a description calls both whole.
fn whole(value: Value) -> Value {
    // Up to here each whole number is one of them.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let is_whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < EXACT);
            is_whole.and_then(|n| format!("{n:.0}").parse::<i64>().ok()).map_or(Value::Number(number), Value::from)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(whole).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, whole(value))).collect()),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<Map<String, Value>>::from_request(request, state).await {
            // Not at once: a list would be taken for what has its values in their order.
            Ok(Json(told)) => serde_json::from_value(whole(Value::Object(told)))
                .map(Self)
                .map_err(|error| wrong(format!("the body makes no sense: {error}"))),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let read = json!({"a": 30.0, "b": [-0.0, 1.5], "c": 1e300, "d": 7, "e": "30.0"});
        assert_eq!(whole(read).to_string(), r#"{"a":30,"b":[0,1.5],"c":1e+300,"d":7,"e":"30.0"}"#);
    }
}
