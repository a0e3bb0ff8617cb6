//! What waits for a person's word, as pairs of buttons: a press answers exactly the request that its button shows, and no other.

use super::{Gone, Part, Shape};
use crate::domain::{EntityId, limits};
use serde_json::json;
use uuid::Uuid;

/// A held request as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub id: Uuid,
    /// What an answer must prove.
    pub nonce: String,
    pub sha256: String,
    pub requester: EntityId,
    /// All of it, the riskiest first, in words and without codes: `unlock Front door`.
    pub what: String,
}

/// The longest name of a button: what a telephone shows on two lines.
const NAME_CHARS: usize = 120;

/// The document of the buttons, for the oldest of what waits, `limits::BUTTONS` at most; None: it would be over `limits::DOCUMENT_BYTES`.
#[must_use]
pub fn approvals(shape: &Shape, oldest_first: &[Pending], gone: &Gone) -> Option<Vec<u8>> {
    let parts = oldest_first.iter().take(limits::BUTTONS).flat_map(|one| [answer(one, true), answer(one, false)]).flatten().collect();
    shape.document(&shape.own_device(), &shape.stem(), &shape.device(), parts, gone)
}

/// None: it cannot be approved by a button that does not show the whole of it. To deny what is shown in part does no harm.
fn answer(one: &Pending, approves: bool) -> Option<Part> {
    let (key, word, says, icon) = match approves {
        true => ("approve", "approve", "Approve", "mdi:check-bold"),
        false => ("deny", "refuse", "Deny", "mdi:close-thick"),
    };
    let Pending { id, nonce, sha256, requester, what } = one;
    let whole = format!("{says}: {what}, asked by {requester}");
    let name: String = whole.chars().take(NAME_CHARS).collect();
    if approves && name.len() < whole.len() {
        return None;
    }
    let press = json!({"id": id, "answer": word, "nonce": nonce, "sha256": sha256}).to_string();
    let behind = "{% if value_json is defined %}{{ {'reason': value_json.reason | default(none), \
                  'asked_at': value_json.asked_at | default(none), 'expires_at': value_json.expires_at | default(none)} | to_json }}\
                  {% else %}{}{% endif %}";
    let part = Part::new("button", &format!("{key}_{}", id.simple()), &name, icon)
        .command(&format!("approval/{id}/answer"))
        .with("payload_press", press)
        .attributes(&format!("approval/{id}"), behind);
    Some(part)
}
