//! The id of a request: what it calls itself, or a new one. It stands in the answer, in a problem, and in the log.

use super::{Api, problem::Problem};
use crate::domain::limits;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tracing::debug;

pub const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The layer outside all others.
pub async fn name(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let id = said(request.headers()).unwrap_or_else(|| api.hall.clock.request_id().to_string());
    let method = request.method().clone();
    // The template: what was asked for could hold a secret by mistake.
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let mut answer = next.run(request).await;
    if let Some(problem) = answer.extensions_mut().remove::<Problem>() {
        let (mut parts, _) = answer.into_parts();
        let mut told = Problem { request_id: Some(id.clone()), ..problem }.into_response();
        // Whatever was laid on it stays.
        for (name, value) in told.headers() {
            parts.headers.entry(name).or_insert_with(|| value.clone());
        }
        *told.headers_mut() = parts.headers;
        *told.extensions_mut() = parts.extensions;
        answer = told;
    }
    debug!("{id}: {method} {} from HTTP is answered {}", route.as_deref().unwrap_or("elsewhere"), answer.status().as_u16());
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(NAME, id);
    }
    answer
}

/// What it calls itself, if that is said once and can stand in a log.
fn said(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(NAME).iter();
    let id = all.next()?.to_str().ok().filter(|_| all.next().is_none())?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    ((1..=limits::REQUEST_ID_BYTES).contains(&id.len()) && id.bytes().all(fits)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_stand_in_a_log_is_taken_over() {
        let said =
            |all: &[&str]| said(&all.iter().map(|id| (NAME, HeaderValue::from_bytes(id.as_bytes()).unwrap())).collect::<HeaderMap>());
        for good in ["a", "0190-a.b_C", &"x".repeat(limits::REQUEST_ID_BYTES)] {
            assert_eq!(said(&[good]).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a\tb", "ä", "a;b", &"x".repeat(limits::REQUEST_ID_BYTES + 1)] {
            assert_eq!(said(&[bad]), None, "{bad}");
        }
        let both: HeaderMap = [(NAME, HeaderValue::from_static("a"))].into_iter().collect();
        let mut twice = both.clone();
        twice.append(NAME, HeaderValue::from_static("b"));
        assert_eq!((super::said(&twice), super::said(&HeaderMap::new())), (None, None));
    }
}
