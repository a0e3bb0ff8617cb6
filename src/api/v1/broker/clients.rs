//! `/v1/broker/clients` and `/v1/broker/sessions`: who is connected, and for whom messages are kept.

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        paging::{self, Page, Paging},
        problem::{Problem, Refused},
    },
    broker::{Guest, KeptSession},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::sync::Arc;
use tracing::warn;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(clients)).routes(routes!(sessions))
}

/// A client that is connected.
#[derive(Debug, Serialize, ToSchema)]
struct Client {
    client_id: String,
    /// As whom it signed in; null: as nobody.
    #[schema(required)]
    user: Option<String>,
    /// Whose trust what it says counts for.
    entity: String,
    /// Without the port.
    address: String,
    listener: String,
    #[schema(pattern = "^(3\\.1\\.1|5)$")]
    protocol: &'static str,
    #[schema(format = DateTime)]
    since: String,
    /// As the client wants it; 0: none.
    keep_alive_seconds: u16,
    #[schema(minimum = 0)]
    subscriptions: usize,
    /// Messages that it has published.
    #[schema(minimum = 0)]
    messages: u64,
}

/// A session that outlives its connection.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    client_id: String,
    connected: bool,
    /// Null: its client is here, or it is not known since when it is not.
    #[schema(required, format = DateTime)]
    absent_since: Option<String>,
    /// How long it is kept without its client; null: as long as `broker.keep_sessions_seconds`.
    #[schema(required, minimum = 0)]
    expiry_seconds: Option<u32>,
    #[schema(minimum = 0)]
    subscriptions: usize,
    /// Messages that wait for its client.
    #[schema(minimum = 0)]
    queued: usize,
}

/// Who is connected, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/broker/clients", tag = "broker", operation_id = "clients", params(Paging),
    responses((status = 200, description = "A page of those who are connected", body = Page<Client>), Refused),
)]
async fn clients(State(api): State<Arc<Api>>, Asked(paging): Asked<Paging>) -> Result<Json<Page<Client>>, Problem> {
    let (limit, after) = (paging::limit(paging.limit)?, paging::position::<String>(paging.cursor.as_deref())?);
    let guests = api.engine()?.guests(after.as_deref(), paging::one_more(limit)).await;
    let page = Page::of(guests, limit, |guest| guest.filed.clone());
    Ok(Json(Page { data: page.data.into_iter().map(client).collect(), next: page.next }))
}

/// For whom messages are kept, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/broker/sessions", tag = "broker", operation_id = "sessions", params(Paging),
    responses((status = 200, description = "A page of the kept sessions", body = Page<Session>), Refused),
)]
async fn sessions(State(api): State<Arc<Api>>, Asked(paging): Asked<Paging>) -> Result<Json<Page<Session>>, Problem> {
    let (limit, after) = (paging::limit(paging.limit)?, paging::position::<String>(paging.cursor.as_deref())?);
    let sessions = api.engine()?.sessions(after.as_deref(), paging::one_more(limit)).await.map_err(|error| {
        warn!("HTTP: sessions cannot be read: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "the sessions cannot be read: the log tells more")
    })?;
    let page = Page::of(sessions, limit, |session| session.filed.clone());
    Ok(Json(Page { data: page.data.into_iter().map(session).collect(), next: page.next }))
}

fn client(guest: Guest) -> Client {
    let Guest { client_id, user, entity, address, listener, protocol, since, keep_alive_seconds, subscriptions, messages, .. } = guest;
    Client { client_id, user, entity, address, listener, protocol, since: since.to_string(), keep_alive_seconds, subscriptions, messages }
}

fn session(kept: KeptSession) -> Session {
    let KeptSession { client_id, connected, absent_since, expiry_seconds, subscriptions, queued, .. } = kept;
    Session { client_id, connected, absent_since: absent_since.map(|at| at.to_string()), expiry_seconds, subscriptions, queued }
}
