//! `/v1/entities/{entity}/history`: how far one was trusted, and what it told, over time, as points of a line.

use super::unknown;
use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        kinds::{Tier, Time, within},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    domain::{self, EntityId, Keeping, Series, Timestamp},
    store::{HistoryRow, Point, Read, Sought},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(history))
}

/// Which points are wanted.
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
    /// Of which kind of what it told, such as `temperature` or `state`; left out: how far it was trusted.
    #[param(min_length = 1, max_length = 128)]
    kind: Option<String>,
    /// Of which value within it, such as `ENERGY.Power`; left out: what was told is the value. It goes with `kind`.
    #[param(min_length = 1, max_length = 256)]
    field: Option<String>,
    /// Of what was summed up, which sums; left out: the finest that reach back to `from`.
    #[param(inline)]
    sums: Option<Tier>,
    /// Only from this time on; left out: a day before the end, and of trust all that is kept.
    #[param(inline)]
    from: Option<Time>,
    /// Only before this time; left out: now.
    #[param(inline)]
    to: Option<Time>,
}

const KIND_CHARS: usize = 128;
const FIELD_CHARS: usize = 256;
const DAY_SECONDS: i64 = 86_400;

/// A point of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Point)]
struct Told {
    at: Time,
    /// The end of the while that was summed up into this point; null: it was told at that time.
    #[schema(required)]
    until: Option<Time>,
    /// The number told, or the mean of a while; of trust P, the expectation; null: no number was told.
    #[schema(required)]
    value: Option<f64>,
    /// The least of a while; of trust t, the lower bound, that the conscience counts with.
    #[schema(required)]
    low: Option<f64>,
    /// The greatest of a while.
    #[schema(required)]
    high: Option<f64>,
    /// The word told, or that which was told most often; of trust what moved it.
    #[schema(required)]
    text: Option<String>,
    /// How often it was told.
    #[schema(minimum = 1)]
    count: u32,
}

/// How it went with an entity, oldest first.
///
/// There is no index for what was told: a request looks at 5,000 records, and where it finds no whole page among them, `data` is short, or empty,
/// and `next` says where to go on.
#[utoipa::path(
    get, path = "/v1/entities/{entity}/history", tag = "entities", operation_id = "entity_history",
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$"), Wanted),
    responses((status = 200, description = "A page of points", body = Page<Told>), Refused, Missing),
)]
async fn history(
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Told>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let kind = wanted.kind.map(|kind| paging::word("kind", kind, KIND_CHARS)).transpose()?;
    let field = wanted.field.map(|field| paging::word("field", field, FIELD_CHARS)).transpose()?;
    let cursor = wanted.cursor.as_deref();
    if kind.is_none() && field.is_some() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", "`field` is of a kind: say which, as in `kind=state&field=battery`"));
    }
    if api.hall.views.entity(&entity).is_none() {
        return Err(unknown(&entity));
    }
    let Some(kind) = kind else {
        let (within, after) = (within(wanted.from, wanted.to), paging::position::<i64>(cursor)?.map(Timestamp::from_micros));
        let rows = api.read(move |reader| reader.history_within(&entity, &within, after, limit + 1)).await?;
        return Ok(Json(Page::of(rows, limit, |row| row.at.micros()).map(trust)));
    };
    // A page goes on in the same while: one that ends now would begin later each time.
    let now = api.hall.clock.now();
    let (within, sums, after) = match paging::position::<(i64, i64, domain::Tier, Uuid)>(cursor)? {
        Some((from, to, sums, after)) => (Timestamp::from_micros(from)..Timestamp::from_micros(to), sums, Some(after)),
        None => {
            let within = a_day(wanted.from, wanted.to, now);
            let sums = wanted.sums.map_or_else(|| finest(&api.hall.live().memory, now.seconds_since(within.start)), |word| word.0);
            (within, sums, None)
        }
    };
    let of = Read { entity, kind, path: field.unwrap_or_default(), sums };
    let (from, to) = (within.start.micros(), within.end.micros());
    let Sought { rows, next } = api.read(move |reader| reader.readings(&of, &within, after, limit)).await?;
    let next = next.map(|id| (from, to, sums, id));
    Ok(Json(Page::at(rows.into_iter().map(told).collect(), next.as_ref())))
}

fn a_day(from: Option<Time>, to: Option<Time>, now: Timestamp) -> Range<Timestamp> {
    let to = to.map_or(now.plus_seconds(1), |time| time.0);
    from.map_or(to.plus_seconds(-DAY_SECONDS), |time| time.0)..to
}

/// The finest sums that are kept so long.
fn finest(keeping: &Keeping, seconds: f64) -> domain::Tier {
    let reach = |days: u32| seconds <= f64::from(days) * 86_400.0;
    match () {
        () if reach(keeping.five_minutes_days) => domain::Tier::FiveMinutes,
        () if reach(keeping.hourly_days) => domain::Tier::Hour,
        () => domain::Tier::Day,
    }
}

fn trust(HistoryRow { at, expectation, lower_bound, why }: HistoryRow) -> Told {
    let text = Some(why).filter(|why| !why.is_empty());
    Told { at: Time(at), until: None, value: Some(expectation), low: Some(lower_bound), high: None, text, count: 1 }
}

fn told(Point { at, until, told }: Point) -> Told {
    let count = told.count().max(1);
    let Series { number, words } = told;
    let often = words.and_then(|words| words.said.into_iter().max_by_key(|(_, times)| *times).map(|(word, _)| word));
    let summed = number.filter(|_| until.is_some());
    Told {
        at: Time(at),
        until: until.map(Time),
        value: number.map(|number| number.mean),
        low: summed.map(|number| number.min),
        high: summed.map(|number| number.max),
        text: often,
        count,
    }
}
