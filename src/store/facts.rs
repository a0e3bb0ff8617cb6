//! A verdict's facts and request as they stand in its row: nothing that another column or the row of its context says.

use super::{
    error::{Doing, StoreError},
    rows::append,
};
use crate::domain::{ActFacts, DeviceFacts, EntityId, Facts, Judged, Request, RequestFacts, Signals, Unit01, Verb};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
pub(super) struct StoredFacts<'f> {
    req: Cow<'f, RequestFacts>,
    act: Manner,
    dev: Cow<'f, DeviceFacts>,
    stress: Unit01,
}

/// How it was asked; what was asked is the request.
#[derive(Serialize, Deserialize)]
struct Manner {
    retained: bool,
    signed: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredRequest<'r> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<Cow<'r, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "nothing")]
    args: Cow<'r, Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'r, str>>,
}

fn nothing(args: &Map<String, Value>) -> bool {
    args.is_empty()
}

impl<'j> StoredFacts<'j> {
    pub(super) fn of(judged: &'j Judged) -> Self {
        let Facts { req, act, dev, stress, .. } = &judged.facts;
        let act = Manner { retained: act.retained, signed: act.signed };
        Self { req: Cow::Borrowed(req), act, dev: Cow::Borrowed(dev), stress: *stress }
    }

    pub(super) fn whole(self, request: &Request, ctx: Signals) -> Facts {
        let Request { target, verb, value, args, .. } = request.clone();
        let Manner { retained, signed } = self.act;
        let act = ActFacts { target, verb: verb.0, value, args, retained, signed };
        Facts { req: self.req.into_owned(), act, dev: self.dev.into_owned(), ctx, stress: self.stress }
    }
}

impl<'r> StoredRequest<'r> {
    pub(super) fn of(request: &'r Request) -> Self {
        Self {
            endpoint: request.endpoint.as_deref().map(Cow::Borrowed),
            value: request.value,
            args: Cow::Borrowed(&request.args),
            id: request.id.as_deref().map(Cow::Borrowed),
        }
    }

    pub(super) fn whole(self, target: EntityId, verb: String) -> Request {
        Request {
            target,
            endpoint: self.endpoint.map(Cow::into_owned),
            verb: Verb(verb),
            value: self.value,
            args: self.args.into_owned(),
            id: self.id.map(Cow::into_owned),
        }
    }
}

/// The context that was written last: verdicts on the same signals share its row.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    last: Option<(Signals, i64)>,
}

impl Contexts {
    /// The row of these signals.
    pub(super) fn row(&mut self, conn: &Connection, signals: &Signals, json: &mut Vec<u8>) -> Result<i64, StoreError> {
        if let Some((last, id)) = &self.last
            && last == signals
        {
            return Ok(*id);
        }
        json.clear();
        append(json, signals, "a verdict's context")?;
        conn.prepare_cached("INSERT INTO contexts (signals) VALUES (?1)")
            .and_then(|mut s| s.execute([std::str::from_utf8(json).unwrap_or_default()]))
            .doing("write a verdict's context")?;
        let id = conn.last_insert_rowid();
        self.last = Some((signals.clone(), id));
        Ok(id)
    }

    /// After a failure: what was written last may not be there.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}
