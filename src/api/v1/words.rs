//! `/v1/entities/{entity}/…`: an owner's word on an entity, and on single memories.

mod records;

use crate::{
    api::{
        Api, Routes,
        asked::{Named, Nothing, Told},
        may::{Admin, May, Operator},
        problem::{Contrary, Missing, Problem, Refused, Unfit},
        told::typed,
    },
    domain::{EntityId, OwnersWord, RelationKind, Says},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(trust))
        .routes(routes!(distrust))
        .routes(routes!(relate))
        .routes(routes!(unrelate))
        .routes(routes!(forget))
        .merge(records::routes())
}

/// What came of a word.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Came {
    entity: String,
    word: String,
    /// How far it is trusted at least; null: nothing is held of it.
    #[schema(required, minimum = 0.0, maximum = 1.0)]
    #[serde(default)]
    lower_bound: Option<f64>,
    /// What is expected of it.
    #[schema(required, minimum = 0.0, maximum = 1.0)]
    #[serde(default)]
    expectation: Option<f64>,
    /// How it stands to others.
    #[serde(default)]
    #[schema(required, value_type = Vec<Object>)]
    relations: Vec<Value>,
}

/// What went with an entity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Forgotten {
    entity: String,
    word: String,
    /// Of the forgetting, in the audit trail.
    #[schema(required)]
    #[serde(default)]
    forgetting: Option<i64>,
    /// How many of what.
    #[serde(default)]
    #[schema(required)]
    removed: BTreeMap<String, u64>,
    /// Whether the database was written anew, so that no free page of it holds what was deleted; else the next start does it.
    #[serde(default)]
    #[schema(required)]
    file_written_anew: bool,
}

/// How one stands to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Relating {
    kind: Kind,
    /// Another entity, or a place: `area.kitchen`.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")]
    to: EntityId,
    /// How far what is good for the other is good for it; without it, as is usual for the kind.
    #[schema(minimum = -1.0, maximum = 1.0)]
    like: Option<f64>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Unrelating {
    kind: Kind,
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")]
    to: EntityId,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RelationKind)]
enum Kind {
    Controls,
    BridgedBy,
    Near,
    OwnedBy,
}

impl Kind {
    const fn of(self) -> RelationKind {
        match self {
            Self::Controls => RelationKind::Controls,
            Self::BridgedBy => RelationKind::BridgedBy,
            Self::Near => RelationKind::Near,
            Self::OwnedBy => RelationKind::OwnedBy,
        }
    }
}

/// Says that it is trusted: as good as five good events.
#[utoipa::path(
    post, path = "/v1/entities/{entity}/trust", tag = "entities", operation_id = "trust_entity", request_body = Nothing,
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "It is on disk, and this is held now", body = Came), Refused, Missing, Contrary, Unfit),
)]
async fn trust(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    _: Told<Nothing>,
) -> Result<Json<Came>, Problem> {
    say(&api, &may.user, entity, Says::Trust).await.map(Json)
}

/// Says that it is not trusted: as bad as five bad events, and probation.
#[utoipa::path(
    post, path = "/v1/entities/{entity}/distrust", tag = "entities", operation_id = "distrust_entity", request_body = Nothing,
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "It is on disk, and this is held now", body = Came), Refused, Missing, Contrary, Unfit),
)]
async fn distrust(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    _: Told<Nothing>,
) -> Result<Json<Came>, Problem> {
    say(&api, &may.user, entity, Says::Distrust).await.map(Json)
}

/// Says how it stands to another.
#[utoipa::path(
    post, path = "/v1/entities/{entity}/relate", tag = "entities", operation_id = "relate_entity", request_body = Relating,
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "It is on disk, and this is held now", body = Came), Refused, Missing, Contrary, Unfit),
)]
async fn relate(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    Told(Relating { kind, to, like }): Told<Relating>,
) -> Result<Json<Came>, Problem> {
    let kind = kind.of();
    let like = like.unwrap_or(kind.usual_like());
    if !(-1.0..=1.0).contains(&like) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", format!("`like` is {like}; write -1 to 1")));
    }
    say(&api, &may.user, entity, Says::Relate { kind, to, like }).await.map(Json)
}

/// Says that it does not stand so to another, whatever devices tell.
#[utoipa::path(
    post, path = "/v1/entities/{entity}/unrelate", tag = "entities", operation_id = "unrelate_entity", request_body = Unrelating,
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "It is on disk, and this is held now", body = Came), Refused, Missing, Contrary, Unfit),
)]
async fn unrelate(
    may: May<Operator>,
    State(api): State<Arc<Api>>,
    Named(entity): Named<EntityId>,
    Told(Unrelating { kind, to }): Told<Unrelating>,
) -> Result<Json<Came>, Problem> {
    say(&api, &may.user, entity, Says::Unrelate { kind: kind.of(), to }).await.map(Json)
}

/// Deletes all that is kept of an entity. What no deleting reaches stands in `docs/security.md`.
#[utoipa::path(
    delete, path = "/v1/entities/{entity}", tag = "entities", operation_id = "forget_entity",
    params(("entity" = String, Path, min_length = 1, max_length = 64, pattern = "^[a-z0-9_.-]{1,64}$")),
    responses((status = 200, description = "It is forgotten, and this went", body = Forgotten), Refused, Missing, Contrary),
)]
async fn forget(may: May<Admin>, State(api): State<Arc<Api>>, Named(entity): Named<EntityId>) -> Result<Json<Forgotten>, Problem> {
    say(&api, &may.user, entity, Says::Forget).await.map(Json)
}

/// Tells the mind, and waits until all of it is done.
async fn say<T: DeserializeOwned>(api: &Arc<Api>, by: &str, about: EntityId, says: Says) -> Result<T, Problem> {
    let forgets = says == Says::Forget;
    let (id, at) = (api.hall.clock.percept_id(), api.hall.clock.now());
    let word = OwnersWord { id, at, by: by.to_owned(), about, says, transaction: None };
    let stopping = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Jamey is stopping: say it again after the next start");
    let mut told = api.root.word(word).await.ok_or_else(stopping)?;
    if let Some(why) = told.get("error").and_then(Value::as_str) {
        let is_unknown = forgets || why.starts_with("nobody is called");
        let (status, code) = if is_unknown { (StatusCode::NOT_FOUND, "not-found") } else { (StatusCode::CONFLICT, "not-taken") };
        return Err(Problem::new(status, code, why));
    }
    let data = told.get_mut("data").map(Value::take).unwrap_or_default();
    typed("it was taken, but what came of it", data)
}
