//! Rules as programs are told of them, on the host and by HTTP alike.

use super::{Refused, Sets};
use crate::{
    conscience::{Rule, RuleError},
    store::Fired,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a set that is good came to.
pub struct Checked {
    pub rules: usize,
    pub examples: usize,
    /// By file.
    pub files: BTreeMap<String, usize>,
    /// Ids of rules that others stand in for.
    pub replaced: Vec<String>,
    pub digest: String,
}

/// A set, over which files of these names were laid; `before` is the one without them.
#[must_use]
pub fn check(before: Option<&Sets>, sets: &Sets, laid: &[String]) -> Checked {
    let (mut files, mut examples) = (BTreeMap::<String, usize>::new(), 0);
    for rule in sets.live.rules() {
        *files.entry(rule.file.clone()).or_default() += 1;
        examples += rule.examples.len();
    }
    let known = |id: &str| before.is_some_and(|before| before.live.rules().any(|rule| rule.id == id));
    let replaced = sets.live.rules().filter(|rule| laid.contains(&rule.file) && known(&rule.id));
    Checked {
        rules: sets.live.rules().count(),
        examples,
        files,
        replaced: replaced.map(|rule| rule.id.clone()).collect(),
        digest: sets.live.ruling().digest(),
    }
}

impl Checked {
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "v": 1, "status": "ok", "rules": self.rules, "examples": self.examples, "files": self.files, "replaced": self.replaced,
            "digest": self.digest,
        })
    }
}

/// A rule in a list.
#[must_use]
pub fn listed(rule: &Rule) -> Value {
    json!({
        "id": rule.id, "duty": rule.duty, "kind": rule.kind, "polarity": rule.polarity, "weight": rule.weight, "weighed_by": rule.weighed_by,
        "severity": rule.severity, "when": rule.when, "file": rule.file,
    })
}

/// A rule whole, and how often it fired.
#[must_use]
pub fn told_rule(rule: &Rule, fired: Option<&Fired>) -> Value {
    let by =
        rule.weighed_by.as_ref().map_or_else(|| "its own file".to_owned(), |by| format!("{by}; its own file says {}", rule.own_weight));
    json!({
        "v": 1, "rule": rule, "weight_from": by,
        "fired": fired.map(|f| json!({"times": f.times, "last_at": f.last_at.map(|t| t.to_string())})),
    })
}

/// What is wrong.
#[must_use]
pub fn told_errors(refused: &Refused) -> Value {
    let one = |e: &RuleError| json!({"file": e.file, "rule": e.rule, "line": e.line, "column": e.column, "message": e.message});
    refused.0.iter().map(one).collect()
}
