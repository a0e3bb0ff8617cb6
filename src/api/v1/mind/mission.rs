//! `/v1/mission`: what Jamey is there for, how well each of it goes, and how it went.

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{self, Unchanged},
        kinds::{Time, within},
        paging::{self, Page, Paging},
        problem::{Missing, Problem, Refused},
    },
    domain::{MissionSpec, Timestamp, topics},
    store::MetricRow,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(missions)).routes(routes!(one)).routes(routes!(history))
}

/// An objective. Of one of which nothing is counted, or was yet, there is no more than its id, what it says, and that its status is `unknown`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is made elsewhere, and described here")]
struct Mission {
    v: u8,
    id: String,
    /// For people: what it is.
    says: String,
    status: String,
    at: Option<Time>,
    /// What must be so, in CEL.
    good_when: Option<String>,
    valid_when: Option<String>,
    /// What is counted.
    counts: Option<String>,
    /// The share that is to be good.
    target: Option<f64>,
    window_days: Option<u32>,
    priority: Option<f64>,
    least: Option<u64>,
    since: Option<Time>,
    valid: Option<bool>,
    /// By window; 1 uses up exactly what may go wrong.
    burn_rates: Option<BTreeMap<String, Option<f64>>>,
    budget_left: Option<f64>,
    good: Option<u64>,
    bad: Option<u64>,
    /// What is the matter.
    text: Option<String>,
}

/// What Jamey is there for, in the order of its config.
#[utoipa::path(
    get, path = "/v1/mission", tag = "mission", operation_id = "missions", params(Paging),
    responses((status = 200, description = "A page of objectives", body = Page<Mission>), Refused),
)]
async fn missions(State(api): State<Arc<Api>>, Asked(paging): Asked<Paging>) -> Result<Json<Page<Value>>, Problem> {
    let limit = paging::limit(paging.limit)?;
    let from = paging::position::<usize>(paging.cursor.as_deref())?.map_or(0, |last| last.saturating_add(1));
    let stored = stored(&api).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let all = api.hall.config.missions.iter().enumerate().skip(from).take(most);
    let rows = all.map(|(place, spec)| (place, view(&api, spec, &stored))).collect();
    Ok(Json(Page::of(rows, limit, |(place, _)| *place).map(|(_, view)| view)))
}

/// One objective: how well it goes.
///
/// As published on `consciousness/mission/{id}`.
#[utoipa::path(
    get, path = "/v1/mission/{id}", tag = "mission", operation_id = "mission",
    params(("id" = String, Path, min_length = 1, max_length = 64)),
    responses((status = 200, description = "The objective", body = Mission), Unchanged, Refused, Missing),
)]
async fn one(State(api): State<Arc<Api>>, Named(id): Named<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let spec = named(&api, &id)?.clone();
    let stored = stored(&api).await?;
    etag::tagged(&headers, &view(&api, &spec, &stored))
}

/// Which times are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) cursor: Option<String>,
    /// Only from this time on.
    #[param(inline)]
    pub(super) from: Option<Time>,
    /// Only before this time.
    #[param(inline)]
    pub(super) to: Option<Time>,
}

impl Wanted {
    /// Newest first: a page goes on before the last one's end.
    pub(super) fn within(&self) -> Result<Range<Timestamp>, Problem> {
        let before = paging::position::<i64>(self.cursor.as_deref())?.map(Timestamp::from_micros);
        let mut within = within(self.from, self.to);
        within.end = before.map_or(within.end, |before| before.min(within.end));
        Ok(within)
    }
}

/// An hour of an objective.
#[derive(Debug, Serialize, ToSchema)]
struct Hour {
    /// When it began.
    at: Time,
    good: u64,
    bad: u64,
}

/// How an objective went, hour by hour, newest first.
#[utoipa::path(
    get, path = "/v1/mission/{id}/history", tag = "mission", operation_id = "mission_history",
    params(("id" = String, Path, min_length = 1, max_length = 64), Wanted),
    responses((status = 200, description = "A page of hours", body = Page<Hour>), Refused, Missing),
)]
async fn history(State(api): State<Arc<Api>>, Named(id): Named<String>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Hour>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let within = wanted.within()?;
    named(&api, &id)?;
    let rows = api.read(move |reader| reader.metrics_within(&format!("mission.{id}"), within, limit + 1)).await?;
    Ok(Json(Page::of(rows, limit, |row| row.at.micros()).map(hour)))
}

fn hour(MetricRow { at, detail, .. }: MetricRow) -> Hour {
    let count = |key: &str| detail.get(key).and_then(Value::as_u64).unwrap_or(0);
    Hour { at: Time(at), good: count("good"), bad: count("bad") }
}

fn named<'a>(api: &'a Api, id: &str) -> Result<&'a MissionSpec, Problem> {
    let unknown = || Problem::missing("no objective is called so: `/v1/mission` has all");
    api.hall.config.missions.iter().find(|spec| spec.id == id).ok_or_else(unknown)
}

async fn stored(api: &Arc<Api>) -> Result<BTreeMap<String, Value>, Problem> {
    api.read(|reader| Ok(reader.missions()?.into_iter().collect())).await
}

/// As it was told last, else as it was stored before the start.
fn view(api: &Api, spec: &MissionSpec, stored: &BTreeMap<String, Value>) -> Value {
    let root = &api.hall.config.root;
    let told = api.hall.views.state(topics::below(root, &topics::mission(root, &spec.id))).map(|told| (*told).clone());
    let known = told.or_else(|| stored.get(&spec.id).filter(|_| spec.aim.is_some()).cloned());
    known.unwrap_or_else(|| json!({"v": 1, "id": spec.id, "says": spec.says, "status": "unknown"}))
}
