//! `/v1/entities/{entity}/relations`: how one stands to others, and they to it.

use super::unknown;
use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        kinds::{Id, RelationKind, ToldBy},
        paging::{self, Page, Paging},
        problem::{Missing, Problem, Refused},
    },
    domain::{EntityId, Relation},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(relations))
}

/// How one entity stands to another.
#[derive(Debug, Serialize, ToSchema)]
struct Related {
    from: Id,
    kind: RelationKind,
    /// An entity, or a place as `area.kitchen`.
    to: Id,
    /// How far what is good for `to` is good for `from`.
    #[schema(minimum = -1, maximum = 1)]
    like: f64,
    told_by: ToldBy,
    /// The owner says that it is not so.
    denied: bool,
}

/// How an entity stands to others, either way.
#[utoipa::path(
    get, path = "/v1/entities/{entity}/relations", tag = "entities", operation_id = "entity_relations",
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$"), Paging),
    responses((status = 200, description = "A page of relations, by the one whose they are, kind and the other", body = Page<Related>), Refused, Missing),
)]
async fn relations(
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Related>>, Problem> {
    let limit = paging::limit(paging.limit)?;
    let after = paging::position::<(EntityId, String, EntityId)>(paging.cursor.as_deref())?;
    if api.hall.views.entity(&entity).is_none() {
        return Err(unknown(&entity));
    }
    let all = api.read(move |reader| reader.relations(&entity)).await?;
    let position = |one: &Related| (one.from.0.clone(), one.kind.0.as_str().to_owned(), one.to.0.clone());
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let rest = all.into_iter().map(related).filter(|one| after.as_ref().is_none_or(|after| position(one) > *after)).take(most);
    Ok(Json(Page::of(rest.collect(), limit, position)))
}

fn related((Relation { from, kind, to, like, told_by }, denied): (Relation, bool)) -> Related {
    Related { from: Id(from), kind: RelationKind(kind), to: Id(to), like, told_by: ToldBy(told_by), denied }
}
