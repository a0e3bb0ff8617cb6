//! `/v1/guard/{mode,profile,strictness}`: what holds for each, why, and another choice. It is the order that MQTT and the host give too.

use crate::{
    api::{
        Api, Routes,
        asked::Told,
        etag::{self, Unchanged},
        may::{May, Owner},
        problem::{Conditional, Contrary, Problem, Refused, Unfit},
        told::typed,
    },
    broker::{About, CONFIG, Declined, Order},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(mode, choose_mode)).routes(routes!(profile, choose_profile)).routes(routes!(strictness, choose_strictness))
}

/// What holds for an option, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuardOption)]
pub struct Holds {
    #[schema(pattern = "^(guard-mode|profile|strictness)$")]
    option: String,
    /// A word, or a number.
    pub holds: Value,
    /// What the config says.
    config: Value,
    /// None: it is as the config says.
    #[schema(required)]
    chosen: Option<Chosen>,
    /// Break-glass: until then nothing is held. Of the mode only.
    #[serde(default, skip_serializing_if = "Outer::is_absent")]
    #[schema(value_type = Option<String>, format = DateTime)]
    off_until: Outer,
}

/// Who chose it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Chosen {
    by: String,
    #[schema(format = DateTime)]
    at: String,
}

/// There, though it may be null; or not there at all.
#[derive(Debug, Default)]
pub struct Outer(Option<Option<String>>);

impl Outer {
    const fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Outer {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().and_then(Option::as_ref).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Outer {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|inner| Self(Some(inner)))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ModeWanted {
    /// `config`: what the config says.
    #[schema(pattern = "^(observe|enforce|config)$")]
    mode: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileWanted {
    /// `config`: what the config says.
    #[schema(pattern = "^(home|workshop|strict|config)$")]
    profile: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StrictnessWanted {
    /// Added to the bars of the score; null: what the config says.
    #[schema(required, minimum = 0.0, maximum = 0.3)]
    strictness: Option<f64>,
}

/// Whether what the conscience refuses is held.
#[utoipa::path(
    get, path = "/v1/guard/mode", tag = "guard", operation_id = "guard_mode",
    responses((status = 200, description = "This holds", body = Holds), Unchanged, Refused),
)]
async fn mode(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    etag::tagged(&headers, &holds(&api, About::GuardMode).await?)
}

/// By which profile the conscience judges.
#[utoipa::path(
    get, path = "/v1/guard/profile", tag = "guard", operation_id = "guard_profile",
    responses((status = 200, description = "This holds", body = Holds), Unchanged, Refused),
)]
async fn profile(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    etag::tagged(&headers, &holds(&api, About::Profile).await?)
}

/// How much stricter than its profile the conscience judges.
#[utoipa::path(
    get, path = "/v1/guard/strictness", tag = "guard", operation_id = "guard_strictness",
    responses((status = 200, description = "This holds", body = Holds), Unchanged, Refused),
)]
async fn strictness(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    etag::tagged(&headers, &holds(&api, About::Strictness).await?)
}

/// Has the guard observe, or enforce, from now on and after a restart.
#[utoipa::path(
    put, path = "/v1/guard/mode", tag = "guard", operation_id = "choose_guard_mode", request_body = ModeWanted,
    params(("If-Match" = String, Header, description = "The `ETag` of what was read")),
    responses((status = 200, description = "It is on disk, and holds", body = Holds), Refused, Contrary, Conditional, Unfit),
)]
async fn choose_mode(
    may: May<Owner>,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Told(wanted): Told<ModeWanted>,
) -> Result<Response, Problem> {
    choose(&api, About::GuardMode, json!({"mode": wanted.mode}), &may.user, headers).await
}

/// Has the conscience judge by another profile, from now on and after a restart.
#[utoipa::path(
    put, path = "/v1/guard/profile", tag = "guard", operation_id = "choose_profile", request_body = ProfileWanted,
    params(("If-Match" = String, Header, description = "The `ETag` of what was read")),
    responses((status = 200, description = "It is on disk, and holds", body = Holds), Refused, Contrary, Conditional, Unfit),
)]
async fn choose_profile(
    may: May<Owner>,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Told(wanted): Told<ProfileWanted>,
) -> Result<Response, Problem> {
    choose(&api, About::Profile, json!({"profile": wanted.profile}), &may.user, headers).await
}

/// Has the conscience judge more strictly, or less, from now on and after a restart.
#[utoipa::path(
    put, path = "/v1/guard/strictness", tag = "guard", operation_id = "choose_strictness", request_body = StrictnessWanted,
    params(("If-Match" = String, Header, description = "The `ETag` of what was read")),
    responses((status = 200, description = "It is on disk, and holds", body = Holds), Refused, Contrary, Conditional, Unfit),
)]
async fn choose_strictness(
    may: May<Owner>,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Told(wanted): Told<StrictnessWanted>,
) -> Result<Response, Problem> {
    let wanted = wanted.strictness.map_or_else(|| json!(CONFIG), |number| json!(number));
    choose(&api, About::Strictness, json!({"strictness": wanted}), &may.user, headers).await
}

/// What holds now.
///
/// # Errors
/// When it cannot be told.
pub async fn holds(api: &Arc<Api>, about: About) -> Result<Holds, Problem> {
    told(api.root.holds(about).await.unwrap_or_default())
}

fn told(holds: Value) -> Result<Holds, Problem> {
    typed("what holds", holds)
}

/// Orders it, if what holds is still what was read.
async fn choose(api: &Arc<Api>, about: About, wanted: Value, by: &str, headers: HeaderMap) -> Result<Response, Problem> {
    let wrong = |why: &str| Problem::new(StatusCode::BAD_REQUEST, "request", why);
    let order = Order::read(about, wanted.to_string().as_bytes(), by).map_err(wrong)?;
    if !headers.contains_key(header::IF_MATCH) {
        etag::has_read(&headers, &())?;
    }
    let has_read = move |now: &Value| told(now.clone()).is_ok_and(|now| etag::has_read(&headers, &now).is_ok());
    let done = ordered(api, order, has_read).await?;
    etag::tagged(&HeaderMap::new(), &told(done)?)
}

/// Hands an order in, and waits for what comes of it.
///
/// # Errors
/// With 412 where what holds is another thing, 409 where it is refused, 503 where too many wait.
pub async fn ordered(api: &Api, order: Order, agrees: impl FnOnce(&Value) -> bool + Send + 'static) -> Result<Value, Problem> {
    let done = api.hall.orders.ask(order, agrees).ok_or_else(|| Problem::busy("too many orders wait: order it again in a moment"))?;
    match done.await {
        Ok(Ok(holds)) => Ok(holds),
        Ok(Err(Declined::Changed)) => Err(etag::changed()),
        Ok(Err(Declined::Because(why))) => Err(Problem::new(StatusCode::CONFLICT, "refused", why)),
        Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Jamey is stopping: order it again after the next start")),
    }
}
