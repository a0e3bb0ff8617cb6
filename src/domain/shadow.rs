//! What a candidate's judging beside the rules came to: counts, and the requests on which the two disagree.

use super::{Decision, EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One request on which the candidate would have decided otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    pub percept: Uuid,
    pub ordinal: u16,
    pub at: Timestamp,
    pub requester: EntityId,
    pub target: EntityId,
    pub verb: String,
    pub live: Decision,
    pub shadow: Decision,
    /// The rule whose share differs most; None: weights apart, the same rules spoke, and the bars differ.
    pub rule: Option<String>,
    /// Why the candidate decided so.
    pub reason: String,
}

/// The counts since a candidate began to judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShadowTally {
    /// Of the whole set with the candidate in it: another text begins anew.
    pub digest: String,
    pub candidate: String,
    pub since: Timestamp,
    pub judged: u64,
    pub disagreed: u64,
    /// `allow to deny`, and how often.
    pub changes: BTreeMap<String, u64>,
    /// By rule; what no rule did is under an empty name.
    pub rules: BTreeMap<String, u64>,
}

impl ShadowTally {
    #[must_use]
    pub fn new(digest: String, candidate: String, since: Timestamp) -> Self {
        Self { digest, candidate, since, judged: 0, disagreed: 0, changes: BTreeMap::new(), rules: BTreeMap::new() }
    }

    pub fn count(&mut self, disagreement: Option<&Disagreement>) {
        self.judged += 1;
        if let Some(d) = disagreement {
            self.disagreed += 1;
            *self.changes.entry(format!("{} to {}", d.live.as_str(), d.shadow.as_str())).or_default() += 1;
            *self.rules.entry(d.rule.clone().unwrap_or_default()).or_default() += 1;
        }
    }
}
