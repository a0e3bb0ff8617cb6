//! Who may ask by HTTP: whatever is behind the gate is for those who may hear everything, and nothing gets behind it by being forgotten.

use super::{Api, problem::Problem, server::Peer};
use crate::broker::{Shown, Stranger};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use data_encoding::BASE64;
use std::{net::IpAddr, sync::Arc};

/// Lets those through who may read. Who it is stands in the request's extensions from then on.
///
/// # Errors
/// With 401 for who is unknown, 403 for who may not.
pub async fn readers(
    State(api): State<Arc<Api>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = shown(request.headers())?;
    let visitor = {
        let is_near = peer.ip().to_canonical().is_loopback() && is_direct(request.headers());
        api.hall.meet(peer, is_near, shown.as_ref().map(Credentials::shown)).await.map_err(outside)?
    };
    if !visitor.rights.reads() {
        api.hall.turned_away(peer, &visitor, request.uri().path());
        let detail = "this is for those who may hear everything: give the user the role reader (`jamey user add`), or the token all of its user's roles";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    request.extensions_mut().insert(visitor);
    Ok(next.run(request).await)
}

fn outside(stranger: Stranger) -> Problem {
    let detail = match stranger {
        Stranger::ShowsNothing => "show who you are: `Authorization: Bearer TOKEN` (`jamey token create`), or a user and a password",
        Stranger::Wrong => "the token, or the user or its password, is wrong or holds no longer",
        Stranger::NoUsers => {
            "there are no users yet, so only this host may ask, directly and by its own name or address: make one (`jamey user add`)"
        }
    };
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}

/// What a request shows, read. It is nowhere printed.
pub(super) enum Credentials {
    Token(String),
    Password { user: String, secret: Vec<u8> },
}

impl Credentials {
    pub(super) fn shown(&self) -> Shown<'_> {
        match self {
            Self::Token(token) => Shown::Token(token),
            Self::Password { user, secret } => Shown::Password { user, secret },
        }
    }
}

/// `Authorization`, as RFC 6750 and RFC 7617 have it. None: it is not there.
pub(super) fn shown(headers: &HeaderMap) -> Result<Option<Credentials>, Problem> {
    let wrong = || {
        let detail = "`Authorization` is said once, as `Bearer TOKEN`, or as `Basic` with user:password in base64";
        Problem::new(StatusCode::BAD_REQUEST, "authorization", detail)
    };
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| all.next().is_none()).ok_or_else(wrong)?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(wrong)?;
    let rest = rest.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        return Ok(Some(Credentials::Token(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(wrong());
    }
    let plain = BASE64.decode(rest.as_bytes()).map_err(|_| wrong())?;
    let colon = plain.iter().position(|byte| *byte == b':').ok_or_else(wrong)?;
    let (user, secret) = plain.split_at(colon);
    let user = String::from_utf8(user.to_vec()).map_err(|_| wrong())?;
    Ok(Some(Credentials::Password { user, secret: secret.iter().skip(1).copied().collect() }))
}

/// Whether nobody stands between: no proxy that speaks for others, and no page whose name was bent to this host (DNS rebinding).
fn is_direct(headers: &HeaderMap) -> bool {
    const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    PASSED_ON.iter().all(|name| !headers.contains_key(*name))
        && headers.get(header::HOST).is_none_or(|host| host.to_str().is_ok_and(is_here))
}

/// `localhost` or an address, with or without a port.
fn is_here(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
    let name = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn what_is_shown_is_read_as_the_rfcs_say() {
        let read = |value: &str| match shown(&headers(&[("authorization", value)])).ok()?? {
            Credentials::Token(token) => Some(format!("token {token}")),
            Credentials::Password { user, secret } => Some(format!("{user} {}", String::from_utf8_lossy(&secret))),
        };
        assert_eq!(read("Bearer jamey_x").as_deref(), Some("token jamey_x"));
        assert_eq!(read("bearer   jamey_x ").as_deref(), Some("token jamey_x"));
        // RFC 7617, section 2; a password may have colons.
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").as_deref(), Some("Aladdin open sesame"));
        assert_eq!(read(&format!("BASIC {}", BASE64.encode(b"anna:a:b"))).as_deref(), Some("anna a:b"));
        assert_eq!(read(&format!("Basic {}", BASE64.encode("anna:".as_bytes()))).as_deref(), Some("anna "));
        for wrong in ["", "Bearer", "Bearer ", "jamey_x", "Basic", "Basic ===", "Basic YW5uYQ==", "Digest x", "Basic /zo=", "Bearer \u{e4}"]
        {
            assert!(read(wrong).is_none(), "{wrong}");
            assert!(shown(&headers(&[("authorization", wrong)])).is_err(), "{wrong}");
        }
        assert!(shown(&headers(&[("authorization", "Bearer a"), ("authorization", "Bearer b")])).is_err(), "which of them?");
        assert!(matches!(shown(&headers(&[])), Ok(None)));
    }

    #[test]
    fn only_who_speaks_to_this_host_by_its_own_name_is_near() {
        let direct = |host: &str| is_direct(&headers(&[("host", host)]));
        for host in ["localhost", "LOCALHOST:8420", "127.0.0.1:8420", "[::1]:8420", "[::1]", "192.168.1.7"] {
            assert!(direct(host), "{host}");
        }
        for host in ["evil.example", "evil.example:8420", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            assert!(!direct(host), "{host}");
        }
        for name in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
            assert!(!is_direct(&headers(&[("host", "localhost"), (name, "10.0.0.9")])), "{name}");
        }
    }
}
