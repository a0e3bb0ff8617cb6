//! `/session`: a browser's way in. Its user proves himself once, and from then on the browser says a cookie that no script can read. It stands
//! not in `/openapi.json`: programs have tokens, and a description of a login would have every tester of descriptions guess passwords.

mod cookie;
mod kept;

pub use kept::{Id, Sessions};

use super::{
    Api,
    asked::Told,
    gate::{self, Showing},
    ground::Ground,
    origin::{self, Scheme},
    problem::Problem,
    server::Peer,
};
use crate::broker::{Shown, Stranger, Visitor};
use axum::{
    Extension, Json, Router,
    extract::{FromRequest, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cookie::Said;
use serde::{Deserialize, Serialize};
use std::{future::ready, sync::Arc};

const PATH: &str = "/session";

pub fn routes() -> Router<Arc<Api>> {
    Router::new().route(PATH, get(whose).post(begin).delete(end))
}

/// What a request says of a session, before it is looked for: none where `Authorization` is said as well, which counts then, and none where
/// there is no dashboard.
///
/// # Errors
/// With 400 where two are said, with 403 where a page of another origin may have the browser say it.
pub fn said(api: &Api, request: &Request) -> Result<Option<Id>, Problem> {
    let headers = request.headers();
    if !is_said(api, request) {
        return Ok(None);
    }
    let scheme = Scheme::of(headers, request.extensions());
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_safe && !origin::is_meant(headers, scheme) {
        return Err(foreign(api, request));
    }
    match cookie::read(headers, scheme) {
        Said::Nothing | Said::One(None) => Ok(None),
        Said::One(id) => Ok(id),
        Said::Several => {
            let detail = "two cookies are called as Jamey's, and who knows whose the other is: have the browser forget the cookies of this host, \
                          and log in again";
            Err(Problem::new(StatusCode::BAD_REQUEST, "cookie", detail))
        }
    }
}

/// Whether the cookie is there, right or wrong, and counts.
pub fn is_said(api: &Api, request: &Request) -> bool {
    let headers = request.headers();
    api.hall.config.http.dashboard
        && !headers.contains_key(header::AUTHORIZATION)
        && cookie::read(headers, Scheme::of(headers, request.extensions())) != Said::Nothing
}

/// Whether something may be right that is looked at only behind all that is open: a cookie, or who asks for one.
pub fn may_open(api: &Api, request: &Request) -> bool {
    let asks = api.hall.config.http.dashboard && request.method() == Method::POST && request.uri().path() == PATH;
    asks || is_said(api, request)
}

fn foreign(api: &Api, request: &Request) -> Problem {
    let from = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip().to_string()).unwrap_or_default();
    api.hall.counters.refuse("csrf", &format!("a page that is not Jamey's has a browser ask, from {from}"));
    let detail = "with a cookie only Jamey's own pages change something: send `X-Jamey: 1`, and no `Origin` or `Sec-Fetch-Site` but this host's own \
                  (behind a proxy: it passes `Host` on, and says `X-Forwarded-Proto`)";
    Problem::new(StatusCode::FORBIDDEN, "csrf", detail)
}

/// Who one is, and what a page should know before it asks for more.
#[derive(Debug, Default, Serialize)]
struct Whose {
    /// None: nobody, or there are no users.
    user: Option<String>,
    roles: Vec<String>,
    /// Whether this one may ask at all; who may not must log in.
    reads: bool,
    /// Whether there is anything that this one may change.
    changes: bool,
    /// None: it is nobody's to know.
    version: Option<&'static str>,
    /// When the session ends, unless it is used before; none: it is no session.
    expires_at: Option<String>,
    /// There are no users, and this is the host itself: there is nothing to log in to.
    open: bool,
}

impl Whose {
    fn of(api: &Api, visitor: &Visitor, session: Option<Id>) -> Self {
        let (now, rights) = (api.hall.clock.now(), &visitor.rights);
        let left = session.and_then(|id| api.sessions.left(&id, api.hall.clock.uptime()));
        let ends = left.and_then(|left| i64::try_from(left.as_secs()).ok()).map(|left| now.plus_seconds(left).to_string());
        Self {
            user: visitor.user.clone(),
            roles: rights.roles().to_vec(),
            reads: rights.reads(),
            changes: ["operator", "approver", "admin"].iter().any(|role| rights.has(role)),
            version: Some(env!("CARGO_PKG_VERSION")),
            expires_at: ends,
            open: rights.is_open(),
        }
    }
}

async fn whose(State(api): State<Arc<Api>>, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Result<Response, Problem> {
    let showing = Showing::of(&api, peer, &request)?;
    let met = match showing.meet(&api, peer).await {
        // It is a page that asks first of all whether it must ask its user.
        Err(Stranger::ShowsNothing | Stranger::NoUsers) => return Ok(Json(Whose::default()).into_response()),
        met => met.map_err(gate::outside)?,
    };
    let session = met.ground.as_ref().and_then(|ground| ground.session);
    let told = |visitor: Visitor| ready(Ok(Json(Whose::of(&api, &visitor, session)).into_response()));
    let reads = met.reads();
    met.admit(&api, peer, PATH, reads, told).await
}

/// What is said to log in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
}

async fn begin(State(api): State<Arc<Api>>, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Result<Response, Problem> {
    let scheme = Scheme::of(request.headers(), request.extensions());
    // Else a page of another origin could have somebody work in a session of its own.
    if !origin::is_same(request.headers(), scheme) {
        return Err(foreign(&api, &request));
    }
    let before = match said(&api, &request) {
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => None,
        said => said?,
    };
    let certificate = gate::certificate(&api, request.extensions())?;
    let Told(login) = Told::<Login>::from_request(request, &api).await?;
    let shown = match (&login.user, &login.password, &login.token) {
        (Some(user), Some(password), None) => Shown::Password { user, secret: password.as_bytes() },
        (None, None, Some(token)) => Shown::Token(token),
        _ => return Err(Problem::new(StatusCode::BAD_REQUEST, "request", "say `user` and `password`, or a `token` alone")),
    };
    let met = gate::prove(&api, peer, certificate.as_deref(), shown).await?;
    let ground = met.ground.clone();
    let begun = |visitor: Visitor| {
        let (Some(ground), Some(user)) = (ground, visitor.user.as_deref()) else { return Err(gate::outside(Stranger::ShowsNothing)) };
        let failed = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "randomness", "this host has no randomness: look at its log");
        let now = api.hall.clock.uptime();
        let (id, said) = api.sessions.begin(user, ground.proof, now).ok_or_else(failed)?;
        before.and_then(|before| api.sessions.end(&before, now));
        api.hall.audit(user, "login", Some("session"), &format!("from {} by HTTP", peer.ip()));
        let mut answer = (StatusCode::CREATED, Json(Whose::of(&api, &visitor, Some(id)))).into_response();
        keep(&mut answer, cookie::set(&said, scheme));
        Ok(answer)
    };
    let reads = met.reads();
    met.admit(&api, peer, PATH, reads, |visitor| ready(begun(visitor))).await
}

/// Whoever can name it may end it, whatever became of its user.
async fn end(State(api): State<Arc<Api>>, Extension(Peer(peer)): Extension<Peer>, mut request: Request) -> Result<Response, Problem> {
    // It is the cookie that is meant, whatever else is said.
    request.headers_mut().remove(header::AUTHORIZATION);
    let scheme = Scheme::of(request.headers(), request.extensions());
    let id = said(&api, &request)?;
    let now = api.hall.clock.uptime();
    let standing = id.and_then(|id| {
        let ground = Ground { proof: api.sessions.of(&id, now)?, session: Some(id) };
        ground.still(&api).and_then(|visitor| api.pace.key(&api.hall.live().http, &super::ground::key(&ground.proof, &visitor), now))
    });
    let mut answer = match id.and_then(|id| api.sessions.end(&id, now)) {
        Some(user) => {
            api.hall.audit(&user, "logout", Some("session"), &format!("from {} by HTTP", peer.ip()));
            StatusCode::NO_CONTENT.into_response()
        }
        None => gate::outside(Stranger::ShowsNothing).into_response(),
    };
    keep(&mut answer, cookie::cleared(scheme));
    if let Some(standing) = standing {
        answer.extensions_mut().insert(standing);
    }
    Ok(answer)
}

fn keep(answer: &mut Response, cookie: Option<HeaderValue>) {
    answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
}

/// Whether who listens with a cookie is a page of this very host: a browser opens a WebSocket for any page, and says whose it is.
pub fn may_listen(request: &Request) -> bool {
    let headers = request.headers();
    let is_told = !headers.contains_key(header::UPGRADE) || headers.contains_key(header::ORIGIN);
    is_told && origin::is_same(headers, Scheme::of(headers, request.extensions()))
}
