//! `/v1/memory/records`: memories, newest first, and one with all that is kept of it.

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        kinds::{Id, Layer, Time},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    domain::{Uses, secret},
    store::{RecordRow, Sought, SoughtRecords},
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(records)).routes(routes!(one))
}

/// Which records are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Only of this entity.
    #[param(inline)]
    entity: Option<Id>,
    /// Only of this kind.
    #[param(min_length = 1, max_length = 128)]
    kind: Option<String>,
    /// Only from this time on.
    #[param(inline)]
    from: Option<Time>,
    /// Only before this time.
    #[param(inline)]
    to: Option<Time>,
}

const KIND_CHARS: usize = 128;

/// A memory.
#[derive(Debug, Serialize, ToSchema)]
struct Record {
    id: Uuid,
    at: Time,
    entity: Id,
    kind: String,
    topic: String,
    /// What it says, in words.
    text: String,
    #[schema(minimum = 0, maximum = 1)]
    importance: f64,
    layer: Layer,
    pinned: bool,
    requester: Id,
}

/// A memory with all that is kept of it.
#[derive(Debug, Serialize, ToSchema)]
struct WholeRecord {
    v: u8,
    id: Uuid,
    at: Time,
    entity: Id,
    kind: String,
    topic: String,
    text: String,
    #[schema(minimum = 0, maximum = 1)]
    importance: f64,
    layer: Layer,
    /// What a fact is about; null: it is an event.
    #[schema(required)]
    about: Option<String>,
    pinned: bool,
    /// The newer fact about the same.
    #[schema(required)]
    superseded_by: Option<Uuid>,
    requester: Id,
    client: String,
    #[schema(required)]
    user: Option<String>,
    #[schema(maximum = 2)]
    qos: u8,
    retained: bool,
    /// As it came, without the codes in it; null: it is not text. Of many that were summed up: what they came to, as JSON.
    #[schema(required)]
    payload: Option<String>,
    payload_bytes: u64,
    /// How often it was recalled.
    recalled: u32,
    #[schema(required)]
    recalled_at: Option<Time>,
}

/// What is remembered, newest first.
///
/// Filters have no index: a request looks at 5,000 records, and where it finds no whole page among them, `data` is short, or empty, and `next` says
/// where to go on. `/v1/memory/recall` has an index.
#[utoipa::path(
    get, path = "/v1/memory/records", tag = "memory", operation_id = "memory_records", params(Wanted),
    responses((status = 200, description = "A page of records", body = Page<Record>), Refused),
)]
async fn records(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Record>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let before = paging::position::<Uuid>(wanted.cursor.as_deref())?;
    let kind = wanted.kind.map(|kind| paging::word("kind", kind, KIND_CHARS)).transpose()?;
    let (from, to) = (wanted.from.map(|time| time.0), wanted.to.map(|time| time.0));
    let sought = SoughtRecords { entity: wanted.entity.map(|id| id.0), kind, from, to };
    let Sought { rows, next } = api.read(move |reader| reader.seek_records(&sought, limit, before)).await?;
    Ok(Json(Page::at(rows, next.as_ref()).map(|row| Record {
        id: row.id,
        at: Time(row.at),
        entity: Id(row.entity),
        kind: row.kind,
        topic: row.topic,
        text: row.record.text,
        importance: row.record.importance,
        layer: Layer(row.record.layer),
        pinned: row.pinned,
        requester: Id(row.requester),
    })))
}

/// One memory, or what many were summed up to, with all that is kept of it.
#[utoipa::path(
    get, path = "/v1/memory/records/{id}", tag = "memory", operation_id = "memory_record",
    params(("id" = Uuid, Path, description = "The record's id, as lists and recall have it")),
    responses((status = 200, description = "The record", body = WholeRecord), Unchanged, Refused, Missing),
)]
async fn one(State(api): State<Arc<Api>>, Named(id): Named<Uuid>, headers: HeaderMap) -> Result<Response, Problem> {
    let found = api.read(move |reader| Ok((reader.record(id)?, reader.uses([id])?.remove(&id)))).await?;
    let (Some(row), uses) = found else {
        let detail = "no memory has this id: it may have been summed up, let go or forgotten; `/v1/memory/recall` finds what is there";
        return Err(Problem::missing(detail));
    };
    etag::tagged(&headers, &WholeRecord::of(row, uses))
}

impl WholeRecord {
    fn of(row: RecordRow, uses: Option<Uses>) -> Self {
        Self {
            v: 1,
            id: row.id,
            at: Time(row.at),
            payload: secret::payload(&row.kind, &row.payload),
            payload_bytes: u64::try_from(row.payload.len()).unwrap_or(u64::MAX),
            entity: Id(row.entity),
            kind: row.kind,
            topic: row.topic,
            text: row.record.text,
            importance: row.record.importance,
            layer: Layer(row.record.layer),
            about: row.record.about,
            pinned: row.pinned,
            superseded_by: row.superseded_by,
            requester: Id(row.requester),
            client: row.client_id,
            user: row.user,
            qos: row.qos,
            retained: row.retained,
            recalled: uses.map_or(0, |uses| uses.n.saturating_sub(1)),
            recalled_at: uses.filter(|uses| uses.n > 1).and_then(|uses| uses.latest.first().copied().flatten()).map(Time),
        }
    }
}
