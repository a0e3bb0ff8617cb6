//! What every request and every answer gets, whatever it is for: an end, a limit, headers that browsers keep to, and a count.

use super::{Api, origin, problem::Problem, web::Page};
use crate::domain::limits;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};

/// No page of another host may show, run, or keep anything of it.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The layer that all others but the request's name are in.
pub async fn dress(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let (hall, began) = (&api.hall, api.hall.clock.uptime());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let is_script = origin::is_script(&request);
    let patience = hall.config.http.patience_seconds;
    let most = body_bytes(route.as_deref());
    let mut answer = if says_more_than(most, &request) {
        let detail = format!("a body has at most {} KiB here", most / 1_024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).into_response()
    } else {
        let late =
            || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "late", format!("no answer within {patience} s: ask again")).into_response();
        tokio::time::timeout(Duration::from_secs(patience.into()), next.run(request)).await.unwrap_or_else(|_| late())
    };
    if is_script && answer.status() == StatusCode::UNAUTHORIZED {
        // A browser would ask for a password itself, over the page that does.
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"jamey\""));
    }
    for (name, value) in HEADERS {
        // What knows better has said so.
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    // All pages are one.
    let route = answer.extensions().get::<Page>().map_or(route, |_| Some("/".to_owned()));
    hall.counters.requests.answered(route.as_deref(), answer.status().as_u16(), hall.clock.uptime().saturating_sub(began));
    answer
}

/// Where rules are told, a whole file is.
fn body_bytes(route: Option<&str>) -> usize {
    if route.is_some_and(|route| route.starts_with("/v1/rules/")) { limits::HTTP_RULES_BODY_BYTES } else { limits::HTTP_BODY_BYTES }
}

fn says_more_than(most: usize, request: &Request) -> bool {
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    said.is_some_and(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX) > most)
}
