//! Documents that stand retained from before: whose they are, and which components they have.

use super::{Gone, ORIGIN};
use crate::domain::limits;
use serde_json::Value;

/// Whether a document is of a Jamey with this root, whatever its node was called when it was written.
#[must_use]
pub fn is_described_by(root: &str, document: &[u8]) -> bool {
    let Some(document) = read(document) else { return false };
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    text("/origin/name") == Some(ORIGIN) && text("/availability_topic").and_then(|topic| topic.strip_suffix("/status")) == Some(root)
}

/// Its components by key, with their platforms; those that were gone already are left out.
#[must_use]
pub fn parts_of(document: &[u8]) -> Gone {
    let document = read(document).unwrap_or_default();
    let parts = document.get("components").and_then(Value::as_object).into_iter().flatten();
    let live = parts.filter_map(|(key, part)| Some((key.clone(), part.as_object()?))).filter(|(_, part)| part.len() > 1);
    live.filter_map(|(key, part)| Some((key, part.get("platform")?.as_str()?.to_owned()))).collect()
}

fn read(document: &[u8]) -> Option<Value> {
    (document.len() <= limits::DOCUMENT_BYTES).then(|| serde_json::from_slice(document).ok()).flatten()
}
