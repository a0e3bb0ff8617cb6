//! Verdicts that are not in the ring any more, from the store: in the order of their commits, and as they were told when they fell.

use super::listener::Unreadable;
use crate::{
    api::Api,
    domain::{
        Judged,
        topics::{self, Topic},
    },
    observe::{
        news::{Document, Event, EventId, Fresh, Kind, Mark},
        settled,
    },
    store::Since,
};
use std::sync::Arc;

/// Those after a verdict: so many at most.
///
/// # Errors
/// When the store cannot be read.
pub async fn page(api: &Arc<Api>, after: Mark, most: u32) -> Result<Vec<Event>, Unreadable> {
    let rows = api.read_in_turn(move |reader| reader.verdicts_since(after.row, most)).await.map_err(|_| Unreadable)?;
    Ok(rows.into_iter().map(|since| event(&api.hall.config.root, since)).collect())
}

/// Of how many refusals at most only the count was kept since a verdict. None: it is not the one that stands in its place.
///
/// # Errors
/// When the store cannot be read.
pub async fn counted_since(api: &Arc<Api>, mark: Mark) -> Result<Option<u64>, Unreadable> {
    let look = move |reader: &crate::store::Reader| {
        if mark == Mark::default() {
            return reader.counted_since(crate::domain::Timestamp::default()).map(Some);
        }
        let found = reader.verdict_at(mark.row)?.map(|percept| Mark::new(mark.row, percept));
        let Some(at) = reader.verdict_time(mark.row)?.filter(|_| found == Some(mark)) else { return Ok(None) };
        reader.counted_since(at).map(Some)
    };
    api.read_in_turn(look).await.map_err(|_| Unreadable)
}

fn event(root: &str, since: Since) -> Event {
    let Since { row, verdict: v, ended } = since;
    let id = EventId { mark: Mark::new(row, v.percept), moment: None };
    let document = match &ended {
        None => {
            let forwarded = v.forwarded_at.is_some();
            let judged = Judged { request: v.request.clone(), verdict: v.verdict, facts: v.facts };
            Document::Judged { percept: v.percept, forwarded, judged: Box::new(judged) }
        }
        Some(ended) => Document::Json(settled::verdict(&settled::Ended {
            percept: v.percept,
            at: ended.at,
            how: &ended.how,
            by: ended.by.as_deref(),
            forwarded: ended.let_on,
            reason: &ended.reason,
            entity: &v.requester,
            request: &v.request,
            verdict: Some(&v.verdict),
        })),
    };
    let fresh = Fresh {
        kind: Kind::Verdict,
        topic: topics::of_entity(root, Topic::Verdict, &v.requester),
        at: ended.map_or(v.at, |ended| ended.at),
        entity: Some(v.requester),
        others: vec![v.request.target],
        document,
        bytes: 0,
    };
    Event::new(fresh, id, true)
}
