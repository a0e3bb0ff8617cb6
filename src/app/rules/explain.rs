//! A stored verdict taken apart: what it was given on, what the rules of today say, and what would have changed it.

use crate::{
    conscience::{RuleSet, would_change},
    store::VerdictRow,
};
use serde_json::{Value, json};

/// As `jamey rules explain PERCEPT --json` and `/v1/verdicts/{percept}` have it.
#[must_use]
pub fn explained(set: &mut RuleSet, row: &VerdictRow) -> Value {
    json!({
        "at": row.at.to_string(), "ordinal": row.ordinal, "requester": row.requester, "topic": row.topic, "request": row.request,
        "verdict": row.verdict, "facts": row.facts, "forwarded": row.forwarded_at.is_some(), "today": set.judge(&row.facts).decision,
        "would_change": would_change(set, &row.facts),
    })
}
