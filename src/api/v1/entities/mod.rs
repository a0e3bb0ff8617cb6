//! `/v1/entities`: who is known, what is held of each, how they stand to one another, and how that came.

mod described;
mod history;
mod one;
mod relations;

use crate::{
    api::{
        Api, Routes,
        asked::Asked,
        kinds::{Id, Liveness, Standing, Time},
        paging::{self, Page},
        problem::{Problem, Refused},
    },
    broker::Hall,
    domain::{EntityId, OpinionView},
    store::Called,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(entities)).merge(one::routes()).merge(relations::routes()).merge(history::routes())
}

/// Which entities are wanted.
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
    /// Only those of this standing.
    #[param(inline)]
    standing: Option<Standing>,
    /// Only those who are silent or said that they are gone; false: only the others.
    silent: Option<bool>,
    /// Only those whose id or name has this, in upper or lower case.
    #[param(min_length = 1, max_length = 64)]
    text: Option<String>,
}

/// An entity at a glance.
#[derive(Debug, Serialize, ToSchema)]
struct Entity {
    entity: Id,
    /// As descriptions call it.
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    area: Option<String>,
    standing: Standing,
    /// Belief, disbelief and uncertainty together are 1.
    #[schema(minimum = 0, maximum = 1)]
    belief: f64,
    #[schema(minimum = 0, maximum = 1)]
    disbelief: f64,
    #[schema(minimum = 0, maximum = 1)]
    uncertainty: f64,
    #[schema(minimum = 0, maximum = 1)]
    base_rate: f64,
    #[schema(minimum = 0, maximum = 1)]
    expectation: f64,
    /// How far it is trusted at least: what the conscience counts with.
    #[schema(minimum = 0, maximum = 1)]
    lower_bound: f64,
    liveness: Liveness,
    last_seen: Time,
    /// What moved the opinion most.
    #[schema(required)]
    reason: Option<String>,
}

const TEXT_CHARS: usize = 64;

/// Who is known, by id.
#[utoipa::path(
    get, path = "/v1/entities", tag = "entities", operation_id = "entities", params(Wanted),
    responses((status = 200, description = "A page of entities", body = Page<Entity>), Refused),
)]
async fn entities(State(api): State<Arc<Api>>, Asked(wanted): Asked<Wanted>) -> Result<Json<Page<Entity>>, Problem> {
    let limit = paging::limit(wanted.limit)?;
    let after = paging::position::<EntityId>(wanted.cursor.as_deref())?;
    let text = wanted.text.map(|text| paging::word("text", text, TEXT_CHARS)).transpose()?.map(|text| text.to_lowercase());
    let (standing, silent) = (wanted.standing.map(|word| word.0), wanted.silent);
    let hall = Arc::clone(&api.hall);
    let page = api.read(move |reader| {
        let all = hall.views.entities();
        let from = after.map_or(0, |after| all.partition_point(|one| one.entity <= after));
        let wanted = all.iter().skip(from).filter(|one| {
            standing.is_none_or(|standing| one.standing == standing)
                && silent.is_none_or(|silent| one.detail.liveness.state.is_gone() == silent)
        });
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut found = Vec::new();
        match text {
            None => {
                for one in wanted.take(most) {
                    found.push(row(one, called(&hall, &one.entity, reader.name(&one.entity)?)));
                }
            }
            Some(text) => {
                let mut names = reader.all_names()?;
                let has = |of: &str| of.to_lowercase().contains(&text);
                let rows = wanted.map(|one| row(one, called(&hall, &one.entity, names.remove(&one.entity).unwrap_or_default())));
                found.extend(rows.filter(|row| has(row.entity.0.as_str()) || row.name.as_deref().is_some_and(has)).take(most));
            }
        }
        Ok(found)
    });
    Ok(Json(Page::of(page.await?, limit, |row| row.entity.clone())))
}

fn row(one: &OpinionView, called: Called) -> Entity {
    Entity {
        entity: Id(one.entity.clone()),
        name: called.name,
        area: called.area,
        standing: Standing(one.standing),
        belief: one.belief,
        disbelief: one.disbelief,
        uncertainty: one.uncertainty,
        base_rate: one.base_rate,
        expectation: one.expectation.get(),
        lower_bound: one.lower_bound.get(),
        liveness: Liveness(one.detail.liveness.state),
        last_seen: Time(one.last_seen),
        reason: one.reasons.first().cloned(),
    }
}

/// What an entity is called: as an actuator where it is one, for the owner may have named it, else as what it tells was described.
fn called(hall: &Hall, entity: &EntityId, described: Called) -> Called {
    let guard = hall.guard();
    let device = guard.registry.device(entity);
    let own = |part: fn(&crate::domain::Device) -> Option<String>| device.and_then(part);
    Called { name: own(|device| device.name.clone()).or(described.name), area: own(|device| device.area.clone()).or(described.area) }
}

/// For who asks of somebody unknown.
fn unknown(entity: &EntityId) -> Problem {
    Problem::missing(format!("nobody called `{entity}` is known: `/v1/entities` has all who are"))
}
