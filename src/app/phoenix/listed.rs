//! A snapshot of a repository in public form: on the command line, and over HTTP.

use crate::phoenix::{Drilled, Listed};
use serde_json::{Value, json};

#[must_use]
pub fn listed(one: &Listed) -> Value {
    match &one.manifest {
        Ok(manifest) => json!({
            "sequence": one.sequence, "taken_at": manifest.taken_at.to_string(), "reason": manifest.reason, "node": manifest.node,
            "version": manifest.version, "bytes": manifest.bytes(), "drilled": drilled(one.drilled),
            "components": manifest.parts.iter().map(|part| part.component.name()).collect::<Vec<_>>(),
        }),
        Err(why) => json!({"sequence": one.sequence, "damaged": why, "drilled": drilled(one.drilled)}),
    }
}

/// The last drill of a snapshot; null: none was.
#[must_use]
pub fn drilled(drilled: Option<Drilled>) -> Value {
    drilled.map_or(Value::Null, |drilled| json!({"at": drilled.at.to_string(), "passed": drilled.passed}))
}
