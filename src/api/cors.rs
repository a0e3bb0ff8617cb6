//! Pages of other origins: none may read anything but those that the config names, letter by letter.

use super::Api;
use crate::domain::limits;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What a page may do, and what it may say and see beside what every page may.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const SAID: &str = "authorization, content-type, if-match, if-none-match, last-event-id, x-request-id";
const SEEN: &str = "etag, retry-after, ratelimit, ratelimit-policy, x-request-id, deprecation, sunset";

/// The layer that answers a browser's question whether a page may ask, and says of each answer who may read it.
pub async fn cors(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let allowed = &api.hall.config.http.allow_origins;
    if allowed.is_empty() {
        return next.run(request).await;
    }
    let origin = named(request.headers(), allowed);
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut answer = if asks { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = answer.headers_mut();
    // What one page is told must not be kept for another.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return answer };
    // No credentials of the browser's own: a page shows a token that it was given.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if asks {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SAID));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(limits::HTTP_PREFLIGHT_SECONDS));
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SEEN));
    }
    answer
}

/// The origin of a request, if it is said once and is one of these.
fn named(headers: &HeaderMap, allowed: &[String]) -> Option<HeaderValue> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let origin = all.next().filter(|_| all.next().is_none())?;
    allowed.iter().any(|one| one.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_are_taken_letter_by_letter() {
        let allowed = ["https://panel.example".to_owned(), "http://127.0.0.1:3000".to_owned()];
        let is = |origins: &[&str]| {
            let headers: Vec<_> = origins.iter().map(|o| (header::ORIGIN, HeaderValue::from_str(o).unwrap())).collect();
            let mut map = HeaderMap::new();
            headers.into_iter().for_each(|(name, value)| {
                map.append(name, value);
            });
            named(&map, &allowed).is_some()
        };
        assert!(is(&["https://panel.example"]) && is(&["http://127.0.0.1:3000"]));
        for other in [
            "http://panel.example",
            "https://panel.example:8443",
            "https://panel.example.evil.example",
            "https://evilpanel.example",
            "https://PANEL.example",
            "https://panel.example/",
            "http://127.0.0.1",
            "null",
            "*",
            "",
        ] {
            assert!(!is(&[other]), "{other}");
        }
        assert!(!is(&[]) && !is(&["https://panel.example", "https://panel.example"]));
    }
}
