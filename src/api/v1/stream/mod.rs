//! `/v1/stream` and `/v1/events`: what happens, as it happens. Both never end, so no description of a request and its answer fits them, and
//! `/openapi.json` has only the ticket with which a browser gets in.

mod events;
mod lines;
mod listener;
mod live;
mod past;
mod seats;
mod socket;
mod tickets;
mod wish;

pub use live::Live;

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        gate,
        ground::Ground,
        origin,
        problem::{Problem, Refused},
        server::Peer,
        session,
    },
    broker::Visitor,
    domain::limits,
};
use axum::{
    Extension, Json, Router,
    extract::{
        FromRequestParts, Query as Plain, Request, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use listener::Listener;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::routes;
use wish::Query;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(ticket))
}

/// Both have a gate of their own, which knows tickets.
pub fn open(api: &Arc<Api>) -> Router<Arc<Api>> {
    Router::new()
        .route("/v1/stream", get(stream))
        .route("/v1/events", get(all_events))
        .route_layer(middleware::from_fn_with_state(Arc::clone(api), enter))
}

/// What lets a browser listen.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// For `/v1/stream?ticket=…` or `/v1/events?ticket=…`, once.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    ticket: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A ticket for `/v1/stream` (a WebSocket) or `/v1/events` (server-sent events), where a browser cannot say `Authorization`.
#[utoipa::path(
    post, path = "/v1/stream/ticket", tag = "stream", operation_id = "stream_ticket",
    responses((status = 201, description = "A ticket", body = Ticket), Refused),
)]
async fn ticket(
    State(api): State<Arc<Api>>,
    Extension(live): Extension<Arc<Live>>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<(StatusCode, Json<Ticket>), Problem> {
    let ground = ground(&api, &visitor, request.headers(), request.extensions())?;
    let failed = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "randomness", "this host has no randomness: look at its log");
    let ticket = live.tickets.give(ground, api.hall.clock.uptime()).ok_or_else(failed)?;
    let expires_at = api.hall.clock.now().plus_seconds(limits::STREAM_TICKET_SECONDS.cast_signed()).to_string();
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_at })))
}

async fn stream(
    State(api): State<Arc<Api>>,
    Extension(live): Extension<Arc<Live>>,
    asker: Asker,
    Asked(query): Asked<Query>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Ok(upgrade) = upgrade else {
        let detail = "this is a WebSocket: ask for it with `Upgrade: websocket`, or for /v1/events where nothing is to be said";
        let mut answer = Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade", detail).into_response();
        answer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return Ok(answer);
    };
    let (wish, from) = query.read(false).map_err(unfit)?;
    let mut listener = asker.sit_down(&api, &live, false)?;
    listener.subscribe(wish, from);
    listener.hello();
    let stopped = live.stopped.clone();
    Ok(upgrade
        .max_message_size(limits::STREAM_MESSAGE_BYTES)
        .max_frame_size(limits::STREAM_MESSAGE_BYTES)
        .read_buffer_size(limits::STREAM_MESSAGE_BYTES)
        .write_buffer_size(limits::STREAM_WRITE_BYTES)
        .max_write_buffer_size(limits::STREAM_UNSENT_BYTES)
        .on_upgrade(move |socket| socket::talk(socket, listener, stopped)))
}

async fn all_events(
    State(api): State<Arc<Api>>,
    Extension(live): Extension<Arc<Live>>,
    asker: Asker,
    Asked(query): Asked<Query>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (wish, from) = query.read(true).map_err(unfit)?;
    // A browser says it when it comes back; the address is still the first one.
    let last = headers.get("last-event-id").filter(|id| !id.is_empty());
    let last = last.map(|id| wish::id(id.to_str().unwrap_or_default()).map_err(unfit)).transpose()?;
    let mut listener = asker.sit_down(&api, &live, true)?;
    listener.subscribe(wish, last.or(from));
    listener.hello();
    let kind = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, events::body(listener, live.stopped.clone())).into_response())
}

/// Who wants to listen, and from where.
struct Asker {
    visitor: Visitor,
    ground: Ground,
    peer: SocketAddr,
}

impl FromRequestParts<Arc<Api>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let (Some(visitor), Some(Peer(peer))) = (parts.extensions.get::<Visitor>(), parts.extensions.get::<Peer>()) else {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "show who you are: `Authorization: Bearer TOKEN`, or a ticket",
            ));
        };
        let ground = ground(api, visitor, &parts.headers, &parts.extensions)?;
        Ok(Self { visitor: visitor.clone(), ground, peer: *peer })
    }
}

impl Asker {
    /// `holds`: as long as he listens his connection holds a place among those of all that is asked.
    fn sit_down(self, api: &Arc<Api>, live: &Arc<Live>, holds: bool) -> Result<Listener, Problem> {
        let address = self.peer.ip();
        let most = holds.then_some(api.hall.config.http.max_connections / 2);
        let seat = live.seats.take(address, self.visitor.user.as_deref(), most).inspect_err(|_| {
            api.hall.counters.refuse("subscribers", &format!("a subscriber from {address}: there is no place"));
        })?;
        Ok(Listener::new(Arc::clone(api), Arc::clone(live), self.visitor, self.ground, seat))
    }
}

/// A ticket, or the gate, may know it already.
fn ground(api: &Api, visitor: &Visitor, headers: &HeaderMap, extensions: &Extensions) -> Result<Ground, Problem> {
    if let Some(ground) = extensions.get::<Ground>() {
        return Ok(ground.clone());
    }
    let shown = gate::shown(headers)?;
    let certificate = gate::certificate(api, extensions)?;
    Ok(Ground::of(api.hall.proof(visitor, certificate.as_deref(), shown.as_ref().map(gate::Credentials::shown))))
}

fn unfit(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request", detail)
}

#[derive(Deserialize)]
struct MayHaveTicket {
    ticket: Option<String>,
}

/// Who may listen: no page of another origin; whoever has a ticket, and else whoever may read.
async fn enter(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Extension(live): Extension<Arc<Live>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let hall = &api.hall;
    let ticket = Plain::<MayHaveTicket>::try_from_uri(request.uri()).ok().and_then(|Plain(query)| query.ticket);
    // What a browser says by itself says nothing of the page that has it ask.
    let by_cookie = ticket.is_none() && session::is_said(&api, &request);
    if !origin::may_listen(request.headers(), &hall.config.http.allow_origins) || (by_cookie && !session::may_listen(&request)) {
        hall.counters.refuse("origin", &format!("a page of another origin wants to listen, from {}", peer.0.ip()));
        let detail = "pages of this origin may not listen: name it in `http.allow_origins`, as browsers say it, and have it make a ticket";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail));
    }
    let Some(ticket) = ticket else {
        return gate::readers(State(api), Extension(peer), request, next).await;
    };
    let _ = gate::certificate(&api, request.extensions())?;
    let ground = live.tickets.take(&ticket, hall.clock.uptime());
    let Some((ground, visitor)) = ground.and_then(|ground| ground.still(&api).map(|visitor| (ground, visitor))) else {
        hall.counters.refuse("login", &format!("a ticket that does not hold, from {}", peer.0.ip()));
        let detail = "the ticket is none, was used, or is too old: make another one (`POST /v1/stream/ticket`)";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail));
    };
    if !visitor.rights.reads() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "who made this ticket may read no longer"));
    }
    request.extensions_mut().insert(visitor);
    request.extensions_mut().insert(ground);
    Ok(next.run(request).await)
}
