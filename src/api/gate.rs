//! Who may ask by HTTP: whatever is behind the gate is for those who may hear everything, but for the duties of an office, and nothing gets
//! behind it by being forgotten.

use super::{
    Api,
    ground::{self, Ground},
    office,
    pace::{Key, Standing},
    problem::Problem,
    server::{Peer, Secured},
    session,
};
use crate::{
    broker::{Certificate, Shown, Stranger, Visitor},
    domain::people::token_hash,
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{Extensions, HeaderMap, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Lets those through who may read, or whose office it is. Who it is stands in the request's extensions from then on, with the session that
/// he is in.
///
/// # Errors
/// With 401 for who is unknown, 403 for who may not.
pub async fn readers(
    State(api): State<Arc<Api>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let showing = Showing::of(&api, peer, &request)?;
    let met = showing.meet(&api, peer).await.map_err(outside)?;
    let (ground, path) = (met.ground.clone(), request.uri().path().to_owned());
    let may = met.reads() || office::has(&met.visitor.rights, &request);
    met.admit(&api, peer, &path, may, |visitor| async move {
        request.extensions_mut().insert(visitor);
        if let Some(ground) = ground {
            request.extensions_mut().insert(ground);
        }
        Ok(next.run(request).await)
    })
    .await
}

/// What a request shows of who asks.
pub struct Showing {
    credentials: Option<Credentials>,
    session: Option<session::Id>,
    certificate: Option<Arc<Certificate>>,
    is_near: bool,
}

/// Who it is.
pub struct Met {
    visitor: Visitor,
    key: Key,
    /// Where he need not show again what he showed.
    pub ground: Option<Ground>,
}

impl Showing {
    /// # Errors
    /// Where it makes no sense, or where a certificate is required and not shown.
    pub fn of(api: &Api, peer: SocketAddr, request: &Request) -> Result<Self, Problem> {
        Ok(Self {
            credentials: shown(request.headers())?,
            certificate: certificate(api, request.extensions())?,
            session: session::said(api, request)?,
            is_near: peer.ip().to_canonical().is_loopback() && is_direct(request.headers()) && asks_here(request),
        })
    }

    /// # Errors
    /// For who is unknown.
    pub async fn meet(&self, api: &Api, peer: SocketAddr) -> Result<Met, Stranger> {
        if let Some(met) = self.session.and_then(|id| self.in_session(api, id)) {
            return Ok(met);
        }
        let shown = self.credentials.as_ref().map(Credentials::shown);
        let visitor = api.hall.meet(peer, self.is_near, self.certificate.as_deref(), shown).await?;
        let key = match &self.credentials {
            Some(Credentials::Token(token)) => Key::Token(token_hash(token)),
            _ => Key::User(visitor.user.clone()),
        };
        Ok(Met { visitor, key, ground: None })
    }

    /// None: it is over, and all is as if none were said.
    fn in_session(&self, api: &Api, id: session::Id) -> Option<Met> {
        let now = api.hall.clock.uptime();
        let proof = api.sessions.of(&id, now)?;
        let Some(visitor) = api.hall.still(&proof) else {
            // What was taken away does not come back, though the same be given again.
            api.sessions.end(&id, now);
            return None;
        };
        // Nobody is two people, and what a certificate let in is let in with it.
        if !api.hall.goes_with(&proof, &visitor, self.certificate.as_deref()) {
            return None;
        }
        let key = ground::key(&proof, &visitor);
        Some(Met { visitor, key, ground: Some(Ground { proof, session: Some(id) }) })
    }
}

/// Who proves himself in so many words, which are not said again. What it stands on is of the moment at which it was looked at.
///
/// # Errors
/// With 401 where it is wrong.
pub async fn prove(api: &Api, peer: SocketAddr, certificate: Option<&Certificate>, shown: Shown<'_>) -> Result<Met, Problem> {
    loop {
        let then = api.hall.door_epoch();
        let visitor = api.hall.meet(peer, false, certificate, Some(shown)).await.map_err(outside)?;
        let proof = api.hall.proof(&visitor, certificate, Some(shown));
        if api.hall.door_epoch() == then {
            let key = ground::key(&proof, &visitor);
            return Ok(Met { visitor, key, ground: Some(Ground::of(proof)) });
        }
        // The password may be another one since, and who said the old one has proved nothing.
    }
}

impl Met {
    pub fn reads(&self) -> bool {
        self.visitor.rights.reads()
    }

    /// Goes on with who may, at his pace.
    ///
    /// # Errors
    /// With what comes of it.
    pub async fn admit<F: Future<Output = Result<Response, Problem>>>(
        self,
        api: &Api,
        peer: SocketAddr,
        path: &str,
        may: bool,
        goes_on: impl FnOnce(Visitor) -> F,
    ) -> Result<Response, Problem> {
        let Self { visitor, key, .. } = self;
        let standing = api.pace.key(&api.hall.live().http, &key, api.hall.clock.uptime());
        if let Some(refusal) = standing.and_then(Standing::refusal) {
            let user = visitor.user.as_deref().unwrap_or("anonymous");
            api.hall.counters.refuse("http-rate", &format!("`{user}` from {} asks too fast", peer.ip()));
            return Ok(refusal);
        }
        let mut answer = if may {
            goes_on(visitor).await.unwrap_or_else(IntoResponse::into_response)
        } else {
            api.hall.turned_away(peer, &visitor, path);
            let detail = "this is for those who may hear everything: give the user the role reader (`jamey user add`), or the token all of its user's roles";
            Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
        };
        if let Some(standing) = standing {
            answer.extensions_mut().insert(standing);
        }
        Ok(answer)
    }
}

/// What the connection showed.
///
/// # Errors
/// Where it has to show one and did not, or where it was taken back since.
pub(super) fn certificate(api: &Api, extensions: &Extensions) -> Result<Option<Arc<Certificate>>, Problem> {
    let shown = extensions.get::<Secured>().and_then(|Secured(certificate)| certificate.clone());
    if shown.is_none() && api.hall.config.http.requires_certificate() {
        let detail = "nobody asks here without a certificate: `jamey certs client` makes one, `[http.tls] client_certificate` asks for it";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "certificate", detail));
    }
    if shown.as_deref().is_some_and(|shown| api.hall.has_taken_back(shown)) {
        let detail = "this certificate was taken back since the connection began: `client_crl` has it";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "certificate", detail));
    }
    Ok(shown)
}

/// With 401, and what would open.
pub fn outside(stranger: Stranger) -> Problem {
    let detail = match stranger {
        Stranger::ShowsNothing => {
            "show who you are: `Authorization: Bearer TOKEN` (`jamey token create`), or a user and a password, or a client certificate; in a \
             browser log in"
        }
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
    const PASSED_ON: [&str; 5] = ["forwarded", "x-real-ip", "via", "true-client-ip", "x-client-ip"];
    // What proxies and those who sell them add.
    const FAMILIES: [&str; 2] = ["x-forwarded-", "cf-"];
    headers.keys().all(|name| !PASSED_ON.contains(&name.as_str()) && !FAMILIES.iter().any(|family| name.as_str().starts_with(family)))
        && headers.get_all(header::HOST).iter().all(|host| host.to_str().is_ok_and(is_here))
}

/// The host may stand in the target, too, and is then the one that counts (RFC 9112, section 3.2.2). A proxy that nobody told otherwise asks
/// by HTTP/1.0.
fn asks_here(request: &Request) -> bool {
    request.version() == Version::HTTP_11 && request.uri().host().is_none_or(is_here)
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
    use axum::{body::Body, http::HeaderValue};

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
        assert!(!is_direct(&headers(&[("host", "localhost"), ("host", "evil.example")])), "which of them?");
        let asks = |target: &str, version| asks_here(&Request::builder().version(version).uri(target).body(Body::empty()).unwrap());
        assert!(asks("/metrics", Version::HTTP_11) && asks("http://localhost:1/", Version::HTTP_11));
        assert!(!asks("http://evil.example/metrics", Version::HTTP_11) && !asks("/metrics", Version::HTTP_10));
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip", "true-client-ip"] {
            assert!(!is_direct(&headers(&[("host", "localhost"), (name, "10.0.0.9")])), "{name}");
        }
    }
}
