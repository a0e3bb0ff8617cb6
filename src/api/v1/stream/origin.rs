//! Which pages may listen: a browser lets any page open a WebSocket to any host, so the host must look where the page is from.

use axum::http::{HeaderMap, header};

/// Whether who asks is no page, or one of this host, or of an origin that the config names.
pub fn may_listen(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = all.next() else { return true };
    let Some(origin) = origin.to_str().ok().filter(|_| all.next().is_none()) else { return false };
    allowed.iter().any(|one| one == origin) || is_own(origin, headers)
}

/// Whether it is where the request went itself.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    let from = origin.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")).map(|(_, from)| from);
    from.zip(host).is_some_and(|(from, host)| !host.is_empty() && from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_page_of_another_host_may_not_unless_the_config_names_its_origin() {
        let allowed = ["https://panel.example".to_owned()];
        let may = |origins: &[&str], host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_bytes(origin.as_bytes()).unwrap());
            }
            may_listen(&headers, &allowed)
        };
        for (origin, host) in [
            ("http://jamey.local:8420", "jamey.local:8420"),
            ("https://jamey.local", "JAMEY.local"),
            ("https://panel.example", "127.0.0.1:8420"),
            ("http://[::1]:8420", "[::1]:8420"),
        ] {
            assert!(may(&[origin], host), "{origin} at {host}");
        }
        assert!(may(&[], "127.0.0.1:8420"), "it is no page");
        for origin in [
            "",
            "null",
            "*",
            "http://evil.example",
            "http://jamey.local",
            "http://jamey.local:8420.evil.example",
            "http://evil.example/jamey.local:8420",
            "file://jamey.local:8420",
            "jamey.local:8420",
            "http://panel.example",
            "https://panel.example.evil.example",
            "\u{e4}",
        ] {
            assert!(!may(&[origin], "jamey.local:8420"), "{origin}");
        }
        assert!(!may(&["https://panel.example", "https://panel.example"], "jamey.local"), "which of them?");
        assert!(!may(&["http://"], ""));
    }
}
