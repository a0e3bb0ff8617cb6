//! What is answered when something is not as asked: a problem document (RFC 9457), in words that say what to do.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response as Described, ResponseBuilder},
};

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    /// A word for programs.
    pub code: &'static str,
    /// For people: what was wrong, and what would be right.
    pub detail: String,
    /// Of the request that met with it; the layer outside all others knows it.
    pub request_id: Option<String>,
    /// Each thing that is wrong, where that is told one by one.
    pub errors: Option<Value>,
    /// Seconds after which it may be otherwise.
    pub retry_after: Option<u64>,
}

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A word for programs.
    code: &'static str,
    /// What was wrong, and what would be right.
    detail: String,
    /// As the header `X-Request-Id` and the log have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    request_id: Option<String>,
    /// Where it is told one by one: that answer's own description has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    errors: Option<Value>,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), request_id: None, errors: None, retry_after: None }
    }
}

impl Problem {
    /// What is told each few seconds was not told yet.
    #[must_use]
    pub fn not_yet() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-yet", "nothing was told of it yet since the start: ask again in some seconds")
    }

    /// There is no room for it at this moment.
    #[must_use]
    pub fn busy(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail) }
    }

    /// What is named is not there.
    #[must_use]
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kept = self.clone();
        let document = Document {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail,
            request_id: self.request_id,
            errors: self.errors,
        };
        let mut answer = (self.status, Json(document)).into_response();
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            let ways = HeaderValue::from_static("Bearer realm=\"jamey\", Basic realm=\"jamey\", charset=\"UTF-8\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
        }
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer.extensions_mut().insert(kept);
        answer
    }
}

/// For a route's description: what everybody may meet with who asks for something behind the gate.
pub struct Refused;

/// For a route's description: what is named is not there.
pub struct Missing;

/// For a route's description: what a body, or a condition on it, may meet with.
pub struct Unfit;

/// For a route's description: how it stands forbids it.
pub struct Contrary;

/// For a route's description: what somebody else changed meanwhile is not written over.
pub struct Conditional;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[
            (400, "the request makes no sense: the detail says what would"),
            (401, "nobody is shown, or somebody wrong"),
            (403, "this is not for who asks"),
            (429, "too many requests: `Retry-After` says when"),
            (500, "the house cannot answer: its log tells more"),
            (503, "no answer in time, or too many wait: ask again, where `Retry-After` says when"),
        ])
    }
}

impl IntoResponses for Missing {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[(404, "there is no such thing")])
    }
}

impl IntoResponses for Unfit {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[(413, "the body is too large"), (415, "the body is no JSON, or does not say so")])
    }
}

impl IntoResponses for Contrary {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[(409, "as things stand it cannot be: the detail says why")])
    }
}

impl IntoResponses for Conditional {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[(412, "`If-Match` names another than what is there now: read it again"), (428, "`If-Match` is missing")])
    }
}

fn described(all: &[(u16, &str)]) -> BTreeMap<String, RefOr<Described>> {
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let one = |text: &str| ResponseBuilder::new().description(text).content("application/problem+json", content()).build();
    all.iter().map(|(status, text)| (status.to_string(), RefOr::T(one(text)))).collect()
}
