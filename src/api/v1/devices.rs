//! `/v1/devices`: the registry of actuators: what can be commanded, how risky that is, and who says so.

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        kinds::{Decision, DeviceClass, Family, Id, Time},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    broker::guard::coverage,
    domain::{EntityId, limits},
    observe::device,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(devices)).routes(routes!(one))
}

/// Which devices are wanted.
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
    /// Only those of this class.
    #[param(inline)]
    class: Option<DeviceClass>,
}

/// An actuator.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Device {
    device: Id,
    #[schema(required)]
    name: Option<String>,
    class: DeviceClass,
    /// Of commanding it.
    #[schema(minimum = 0, maximum = 1)]
    risk: f64,
    #[schema(required)]
    area: Option<String>,
    tags: Vec<String>,
    /// How many topics command it.
    topics: u32,
    said_by: Vec<Family>,
}

/// An actuator, with who says what of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct WholeDevice {
    v: u8,
    device: Id,
    #[schema(required)]
    name: Option<String>,
    class: DeviceClass,
    #[schema(minimum = 0, maximum = 1)]
    risk: f64,
    #[schema(required)]
    area: Option<String>,
    tags: Vec<String>,
    /// Each that commands it, and whether it is judged.
    topics: Vec<Covered>,
    said_by: Vec<Family>,
    /// Why the risk is what it is.
    why: String,
    claims: Vec<Claim>,
    aliases: Vec<String>,
    members: Vec<String>,
    /// What it told last, among the newest 5,000 records.
    #[schema(required)]
    last_told: Option<LastTold>,
    /// What was asked of it last, among the newest 5,000 verdicts.
    #[schema(required)]
    last_asked: Option<LastAsked>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Covered {
    topic: String,
    /// `yes`, `no`, or `never`: there is no topic.
    judged: String,
    why: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Claim {
    /// Where it was said.
    key: String,
    family: Family,
    class: DeviceClass,
    #[schema(required)]
    risk: Option<f64>,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    area: Option<String>,
    topics: u32,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct LastTold {
    at: Time,
    kind: String,
    topic: String,
    text: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct LastAsked {
    at: Time,
    by: Id,
    verb: String,
    #[schema(required)]
    endpoint: Option<String>,
    #[schema(required)]
    value: Option<f64>,
    decision: Decision,
    reason: String,
    #[schema(required)]
    forwarded_at: Option<Time>,
}

/// What can be commanded, by id.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", operation_id = "devices", params(Wanted),
    responses((status = 200, description = "A page of devices", body = Page<Device>), Refused),
)]
async fn devices(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Value>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let after = paging::position::<EntityId>(wanted.cursor.as_deref())?;
    let guard = api.hall.guard();
    let rest = guard.registry.devices().filter(|device| after.as_ref().is_none_or(|after| device.id > *after));
    let all = rest.filter(|device| wanted.class.is_none_or(|class| device.class == class.0));
    let found = all.take(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)).collect();
    Ok(Json(Page::of(found, limit, |device| device.id.clone()).map(device::brief)))
}

/// One device: who says what of it, its topics and aliases, and what was told and asked last.
#[utoipa::path(
    get, path = "/v1/devices/{device}", tag = "devices", operation_id = "device",
    params(("device" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "The device", body = WholeDevice), Unchanged, Refused, Missing),
)]
async fn one(State(api): State<Arc<Api>>, Named(id): Named<EntityId>, headers: HeaderMap) -> Result<Response, Problem> {
    let guard = api.hall.guard();
    let device = guard
        .registry
        .device(&id)
        .ok_or_else(|| Problem::missing(format!("no device is called `{id}`: `/v1/devices` has all that can be commanded")))?;
    let mut document = device::whole(device);
    let topics = coverage::of(&guard.registry, &guard.rules, device);
    let topics: Vec<Value> = topics.iter().map(|t| json!({"topic": t.topic, "judged": t.judged.as_str(), "why": t.why})).collect();
    let among = u32::try_from(limits::LOOKED_THROUGH).unwrap_or(u32::MAX);
    let (told, asked) = api.read(move |reader| Ok((reader.last_told(&id, among)?, reader.last_asked(&id, among)?))).await?;
    let more = json!({
        "topics": topics,
        "last_told": told.map(|t| json!({"at": t.at.to_string(), "kind": t.kind, "topic": t.topic, "text": t.record.text})),
        "last_asked": asked.map(|a| json!({
            "at": a.at.to_string(), "by": a.requester, "verb": a.request.verb, "endpoint": a.request.endpoint, "value": a.request.value,
            "decision": a.verdict.decision.as_str(), "reason": a.verdict.reason, "forwarded_at": a.forwarded_at.map(|t| t.to_string()),
        })),
    });
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
    etag::tagged(&headers, &document)
}
