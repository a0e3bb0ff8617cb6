//! `/v1/entities/{entity}`: the whole opinion of one.

use super::{called, described::Opinion, unknown};
use crate::{
    api::{
        Api, Routes,
        asked::Named,
        etag::{self, Unchanged},
        problem::{Missing, Problem, Refused},
    },
    domain::EntityId,
    observe::opinion::opinion,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use std::sync::Arc;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(one))
}

/// What is held of an entity, and why.
///
/// As published on `soul/entity/{entity}`, with what it is called.
#[utoipa::path(
    get, path = "/v1/entities/{entity}", tag = "entities", operation_id = "entity",
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "The opinion", body = Opinion), Unchanged, Refused, Missing),
)]
async fn one(State(api): State<Arc<Api>>, Named(entity): Named<EntityId>, headers: HeaderMap) -> Result<Response, Problem> {
    let view = api.hall.views.entity(&entity).ok_or_else(|| unknown(&entity))?;
    let id = entity.clone();
    let described = api.read(move |reader| reader.name(&id)).await?;
    let called = called(&api.hall, &entity, described);
    let mut document = opinion(&view);
    if let Some(document) = document.as_object_mut() {
        document.insert("name".into(), called.name.into());
        document.insert("area".into(), called.area.into());
    }
    etag::tagged(&headers, &document)
}
