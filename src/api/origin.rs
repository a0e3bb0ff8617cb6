//! Where a page is from. A browser lets any page ask any host, and adds what it keeps of that host by itself: so the host must look who has it
//! ask.

use super::server::Secured;
use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, header},
};

/// What no page of another origin can have a browser say unasked.
pub const OWN: HeaderName = HeaderName::from_static("x-jamey");
const FORWARDED: &str = "x-forwarded-proto";
const SITE: &str = "sec-fetch-site";
const MODE: &str = "sec-fetch-mode";

/// How this host is spoken to by whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// A proxy that speaks TLS says so. No page can say it in its place: a header like this takes leave, which none of another origin has.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let forwarded = only(headers, FORWARDED).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        if forwarded || extensions.get::<Secured>().is_some() { Self::Https } else { Self::Http }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Whether who asks is no page, or one of this host, or of an origin that the config names.
pub fn may_listen(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = said(headers) else { return true };
    origin.is_some_and(|origin| {
        allowed.iter().any(|one| one == origin) || [Scheme::Http, Scheme::Https].iter().any(|scheme| is_own(origin, headers, *scheme))
    })
}

/// Whether nothing that a browser says of a page tells of one of another origin. Who is no browser says nothing.
pub fn is_same(headers: &HeaderMap, scheme: Scheme) -> bool {
    let is_own = said(headers).is_none_or(|origin| origin.is_some_and(|origin| is_own(origin, headers, scheme)));
    is_own && (!headers.contains_key(SITE) || only(headers, SITE) == Some("same-origin"))
}

/// Whether a page of this host says that it asks on purpose.
pub fn is_meant(headers: &HeaderMap, scheme: Scheme) -> bool {
    only(headers, OWN.as_str()) == Some("1") && is_same(headers, scheme)
}

/// Whether a script asks, and no person: one whose browser must not ask for a password on its own.
pub fn is_script(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(OWN) || only(headers, MODE).is_some_and(|mode| mode != "navigate")
}

/// None: no origin is said; none within: it is no single one.
fn said(headers: &HeaderMap) -> Option<Option<&str>> {
    headers.contains_key(header::ORIGIN).then(|| only(headers, header::ORIGIN.as_str()))
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    all.next()?.to_str().ok().filter(|_| all.next().is_none())
}

/// Whether it is where the request went itself.
fn is_own(origin: &str, headers: &HeaderMap, scheme: Scheme) -> bool {
    let from = origin.split_once("://").filter(|(said, _)| *said == scheme.as_str()).map(|(_, from)| from);
    from.zip(only(headers, header::HOST.as_str())).is_some_and(|(from, host)| !host.is_empty() && from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        let one = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in all.iter().map(one) {
            headers.append(name, value);
        }
        headers
    }

    const FOREIGN: [&str; 12] = [
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
    ];

    #[test]
    fn a_page_of_another_host_may_not_listen_unless_the_config_names_its_origin() {
        let allowed = ["https://panel.example".to_owned()];
        let may = |origins: &[&str], host: &str| {
            let all: Vec<_> = [("host", host)].into_iter().chain(origins.iter().map(|origin| ("origin", *origin))).collect();
            may_listen(&headers(&all), &allowed)
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
        for origin in FOREIGN {
            assert!(!may(&[origin], "jamey.local:8420"), "{origin}");
        }
        assert!(!may(&["https://panel.example", "https://panel.example"], "jamey.local"), "which of them?");
        assert!(!may(&["http://"], ""));
    }

    #[test]
    fn only_a_page_of_this_very_host_means_it() {
        let (host, own, meant) = (("host", "jamey.local:8420"), ("origin", "http://jamey.local:8420"), ("x-jamey", "1"));
        let is = |all: &[(&str, &str)], scheme| is_meant(&headers(all), scheme);
        assert!(is(&[host, meant], Scheme::Http) && is(&[host, meant, own], Scheme::Http));
        assert!(is(&[host, meant, own, ("sec-fetch-site", "same-origin")], Scheme::Http));
        assert!(!is(&[host, own], Scheme::Http), "a form of another page says as much");
        assert!(!is(&[host, own, ("x-jamey", "0")], Scheme::Http) && !is(&[host, own, meant, meant], Scheme::Http));
        assert!(!is(&[host, own, meant], Scheme::Https), "what comes without TLS is somebody else's where there is TLS");
        assert!(is(&[host, meant, ("origin", "https://jamey.local:8420")], Scheme::Https));
        assert!(!is(&[host, meant, own, own], Scheme::Http), "which of them?");
        assert!(!is(&[host, host, meant, own], Scheme::Http) && !is(&[meant, own], Scheme::Http), "where did it go?");
        for site in ["cross-site", "same-site", "none", "", "SAME-ORIGIN"] {
            assert!(!is(&[host, meant, own, ("sec-fetch-site", site)], Scheme::Http), "{site}");
        }
        for origin in FOREIGN {
            assert!(!is(&[host, meant, ("origin", origin)], Scheme::Http), "{origin}");
        }
    }

    #[test]
    fn a_proxy_that_speaks_tls_says_so() {
        let of = |all: &[(&str, &str)]| Scheme::of(&headers(all), &Extensions::new());
        assert_eq!((of(&[]), of(&[("x-forwarded-proto", "http")])), (Scheme::Http, Scheme::Http));
        assert_eq!(of(&[("x-forwarded-proto", "https")]), Scheme::Https);
        assert_eq!(of(&[("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")]), Scheme::Http);
        let mut secured = Extensions::new();
        secured.insert(Secured(None));
        assert_eq!(Scheme::of(&HeaderMap::new(), &secured), Scheme::Https);
    }
}
