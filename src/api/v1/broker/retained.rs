//! `/v1/broker/retained`: what stands on which topic. Only what the visitor may hear over MQTT is there at all.

use crate::{
    api::{
        Api, Routes,
        asked::{Asked, Named},
        etag::{Unchanged, tagged},
        paging::{self, Page},
        problem::{Missing, Problem, Refused},
    },
    broker::Visitor,
    domain::{TopicFilter, limits},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(retained)).routes(routes!(value))
}

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// A topic filter, as MQTT has it: `zigbee2mqtt/+/state`, `jamey/#`. Without one, all but those that begin with `$`.
    #[param(min_length = 1, max_length = 1024, pattern = "^(#|(\\+|[^+#/\\x00]*)(/(\\+|[^+#/\\x00]*))*(/#)?)$")]
    filter: Option<String>,
    /// Only topics in which this stands, in large letters or small ones.
    #[param(min_length = 1, max_length = 128)]
    text: Option<String>,
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

const TEXT_CHARS: usize = 128;

/// A topic with a retained value.
#[derive(Debug, Serialize, ToSchema)]
struct RetainedTopic {
    topic: String,
    #[schema(minimum = 0, maximum = 2)]
    qos: u8,
    /// Of the payload.
    #[schema(minimum = 1)]
    bytes: usize,
}

/// A retained value.
#[derive(Debug, Serialize, ToSchema)]
struct Retained {
    topic: String,
    #[schema(minimum = 0, maximum = 2)]
    qos: u8,
    #[schema(minimum = 1)]
    bytes: usize,
    /// The payload, where it is text.
    #[schema(required)]
    text: Option<String>,
    /// The payload, where it is none.
    #[schema(required, content_encoding = "base64")]
    base64: Option<String>,
}

/// Topics with a retained value, in their order.
#[utoipa::path(
    get, path = "/v1/broker/retained", tag = "broker", operation_id = "retained", params(Wanted),
    responses((status = 200, description = "A page of topics", body = Page<RetainedTopic>), Refused),
)]
async fn retained(
    State(api): State<Arc<Api>>,
    Extension(visitor): Extension<Visitor>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<RetainedTopic>>, Problem> {
    let (limit, after) = (paging::limit(wanted.limit)?, paging::position::<String>(wanted.cursor.as_deref())?);
    let filter = wanted.filter.as_deref().unwrap_or("#");
    let fits = filter.len() <= limits::ANY_TOPIC_BYTES && TopicFilter::new(filter).is_ok();
    if !fits {
        let detail = format!(
            "`filter` is no topic filter of at most {} bytes: `+` stands for one level, `#` at the end for all",
            limits::ANY_TOPIC_BYTES
        );
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", detail));
    }
    let text = wanted.text.map(|text| paging::word("text", text, TEXT_CHARS)).transpose()?.map(|text| text.to_lowercase());
    let has_it = |topic: &str| text.as_ref().is_none_or(|text| topic.to_lowercase().contains(text));
    let hears = |topic: &str| has_it(topic) && visitor.rights.hear(&api.hall.config, topic);
    let values = api.engine()?.retained_values(filter, after.as_deref(), paging::one_more(limit), hears).await;
    let page = Page::of(values, limit, |value| value.topic.clone());
    let told = page.data.into_iter().map(|value| RetainedTopic { topic: value.topic, qos: value.qos, bytes: value.payload.len() });
    Ok(Json(Page { data: told.collect(), next: page.next }))
}

/// What stands on one topic. Slashes in it are written `%2F`.
#[utoipa::path(
    get, path = "/v1/broker/retained/{topic}", tag = "broker", operation_id = "retained_value",
    params(
        ("topic" = String, Path, description = "The topic, percent-encoded"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have: 304 while it holds"),
    ),
    responses(
        (status = 200, description = "The value", body = Retained, headers(("ETag" = String))),
        Unchanged,
        Refused,
        Missing,
    ),
)]
async fn value(
    State(api): State<Arc<Api>>,
    Extension(visitor): Extension<Visitor>,
    Named(topic): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Whether there is something that may not be heard is not told either.
    let missing = || Problem::missing("nothing is retained there that you may hear; a topic's slashes are written %2F");
    let is_one = !topic.contains(['+', '#', '\0']) && topic.len() <= limits::MOST_TOPIC_BYTES;
    if !is_one || !visitor.rights.hear(&api.hall.config, &topic) {
        return Err(missing());
    }
    let found = api.engine()?.retained_values(&topic, None, 1, |_| true).await.pop().ok_or_else(missing)?;
    let text = std::str::from_utf8(&found.payload).ok().map(str::to_owned);
    let base64 = text.is_none().then(|| BASE64.encode(&found.payload));
    tagged(&headers, &Retained { bytes: found.payload.len(), topic: found.topic, qos: found.qos, text, base64 })
}
