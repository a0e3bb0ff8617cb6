//! `POST /v1/rules/replay`: what others would have said to everything that was asked. It may take longer than an answer may: blank space is sent each
//! second, which JSON allows, and the document when it is done. Who goes away ends it.

use super::{
    described::{RulesRefused, refused},
    failed, file, typed,
};
use crate::{
    api::{
        Api, Beat, NotReplayed, Replay, Routes,
        asked::Told,
        may::{May, Owner},
        problem::{Problem, Refused, Unfit},
    },
    domain::limits,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(replay_rules))
}

/// A file laid over the rules that hold, and what it is tried on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayWanted {
    /// TOML.
    #[schema(max_length = 65536)]
    text: String,
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    /// From when on: `30d`, `12h`, `2026-03-01`, or a whole time.
    #[schema(max_length = 64, example = "30d")]
    since: Option<String>,
    /// Until when.
    #[schema(max_length = 64, example = "1d")]
    until: Option<String>,
    /// How many changed verdicts are shown, the newest.
    #[schema(minimum = 0, maximum = 200, default = 10)]
    show: Option<usize>,
}

/// What it came to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Replayed {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    judged: u64,
    changed: u64,
    /// Verdicts that the rules of today would give otherwise by themselves.
    already: u64,
    seconds: f64,
    /// Whether that was all; else there is more on record than one replay judges: say `since` and `until`.
    whole: bool,
    /// `allow to deny`, and how often.
    changes: BTreeMap<String, u64>,
    /// By rule; what no rule did stands under an empty name.
    rules: BTreeMap<String, u64>,
    shown: Vec<Turned>,
}

/// A verdict that would be another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayTurned)]
struct Turned {
    #[schema(format = Uuid)]
    percept: String,
    ordinal: u16,
    #[schema(format = DateTime)]
    at: String,
    requester: String,
    target: String,
    verb: String,
    #[schema(pattern = "^(allow|deny|escalate)$")]
    from: String,
    #[schema(pattern = "^(allow|deny|escalate)$")]
    to: String,
    #[schema(required)]
    rule: Option<String>,
    reason: String,
}

/// Judges what was asked before by a file laid over the rules that hold: which verdicts would be others, and by which rule. One at a time.
#[utoipa::path(
    post, path = "/v1/rules/replay", tag = "rules", operation_id = "replay_rules", request_body = ReplayWanted,
    responses(
        (status = 200, description = "What it came to, after blank space while it lasts", body = Replayed),
        (status = 422, description = "The file does not hold", body = RulesRefused, content_type = "application/problem+json"),
        Refused, Unfit
    ),
)]
async fn replay_rules(may: May<Owner>, State(api): State<Arc<Api>>, Told(wanted): Told<ReplayWanted>) -> Result<Response, Problem> {
    let ReplayWanted { text, name, since, until, show } = wanted;
    let show = show.unwrap_or(10);
    if show > limits::REPLAYS_SHOWN {
        let detail = format!("`show` is {show}; write 0 to {}", limits::REPLAYS_SHOWN);
        return Err(Problem::new(StatusCode::BAD_REQUEST, "request", detail));
    }
    let wanted = Replay { file: file(text, name)?, since, until, show };
    let beats = api.root.replay(wanted, may.user).await.map_err(|not| match not {
        NotReplayed::Time(why) => Problem::new(StatusCode::BAD_REQUEST, "request", why),
        NotReplayed::Busy => Problem::busy("another replay goes on: ask again when it is done"),
        NotReplayed::Refused(errors) => refused(errors),
        NotReplayed::Failed(why) => failed(why),
    })?;
    let said = stream::unfold(Some(beats), async |beats| {
        let mut beats = beats?;
        match beats.recv().await? {
            Beat::GoesOn => Some((Ok(Bytes::from_static(b" ")), Some(beats))),
            Beat::Done(told) => Some((document(told), None)),
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(said)).into_response())
}

/// An error ends the answer in the middle: its status was told long ago.
fn document(told: Result<serde_json::Value, String>) -> io::Result<Bytes> {
    let replayed: Replayed = typed(told.map_err(io::Error::other)?).map_err(|problem| io::Error::other(problem.detail))?;
    serde_json::to_vec(&replayed).map(Bytes::from).map_err(io::Error::other)
}
