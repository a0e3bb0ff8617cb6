//! Entity tags (RFC 9110): who has an answer already is told so, and nobody writes over what he has not read.

use super::problem::Problem;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described, ResponseBuilder},
};

/// For a route's description: who has the newest already is told so.
pub struct Unchanged;

impl IntoResponses for Unchanged {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let unchanged = ResponseBuilder::new().description("`If-None-Match` names what it is still").build();
        [("304".to_owned(), RefOr::T(unchanged))].into()
    }
}

/// A resource with its tag: 304 without a body to who has it already.
///
/// # Errors
/// When it cannot be written down, which nobody has seen yet.
/// A strong one, by what the bytes are.
pub fn tagged<T: Serialize>(headers: &HeaderMap, resource: &T) -> Result<Response, Problem> {
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", "the answer cannot be written down");
    Ok(Ready::of(serde_json::to_vec(resource).map_err(failed)?.into()).answer(headers))
}

/// A resource written down, with its tag.
#[derive(Debug, Clone)]
pub struct Ready {
    body: Bytes,
    tag: String,
}

impl Ready {
    pub fn of(body: Bytes) -> Self {
        Self { tag: tag(&body), body }
    }

    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let value = HeaderValue::from_str(&self.tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        // What is asked for again is asked whether it changed.
        let fresh = [(header::ETAG, value), (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
        if names(headers, header::IF_NONE_MATCH, &self.tag, true) {
            return (StatusCode::NOT_MODIFIED, fresh).into_response();
        }
        (fresh, [(header::CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}

/// Lets only who has read the newest write over it.
///
/// # Errors
/// With 428 where `If-Match` is missing, with 412 where it names another.
pub fn has_read<T: Serialize>(headers: &HeaderMap, resource: &T) -> Result<(), Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        let detail = "send `If-Match` with the `ETag` of what you read, so that you write over nothing that you have not seen";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", detail));
    }
    let now = serde_json::to_vec(resource).map(|body| tag(&body)).unwrap_or_default();
    // `*` would be whatever stands there, read or not.
    if names(headers, header::IF_MATCH, &now, false) {
        return Ok(());
    }
    Err(changed())
}

/// What was read is no longer so.
pub fn changed() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", "it was changed since you read it: read it again")
}

/// A strong one, by what the bytes are.
pub fn tag(body: &[u8]) -> String {
    let digest = blake3::hash(body).to_hex();
    format!("\"{}\"", digest.get(..32).unwrap_or_default())
}

/// Whether a list of tags has this one, or, where that may be, `*`. A proxy may have made it weak.
pub fn names(headers: &HeaderMap, which: header::HeaderName, tag: &str, any: bool) -> bool {
    headers.get_all(which).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        any && one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn who_has_it_is_told_so_and_who_has_another_gets_it() {
        let first = tagged(&HeaderMap::new(), &"a").unwrap();
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        for (value, status) in
            [(tag.clone(), 304), (format!("W/{tag}"), 304), (format!("\"x\", {tag}"), 304), ("*".into(), 304), ("\"x\"".into(), 200)]
        {
            assert_eq!(tagged(&headers(header::IF_NONE_MATCH, &value), &"a").unwrap().status().as_u16(), status, "{value}");
        }
        assert_eq!(tagged(&headers(header::IF_NONE_MATCH, &tag), &"b").unwrap().status(), StatusCode::OK);
    }

    #[test]
    fn nobody_writes_over_what_he_has_not_read() {
        let tag = tagged(&HeaderMap::new(), &"a").unwrap().headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(has_read(&headers(header::IF_MATCH, &tag), &"a").is_ok());
        assert_eq!(has_read(&headers(header::IF_MATCH, &tag), &"b").unwrap_err().status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(has_read(&HeaderMap::new(), &"a").unwrap_err().status, StatusCode::PRECONDITION_REQUIRED);
    }
}
