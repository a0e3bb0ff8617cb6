//! One that waits, as it stands on `approval/{id}`, and one that waits no more.

use crate::{
    api::{problem::Problem, told::typed},
    store::ApprovalRow,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// One that waits, or waited.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Approval {
    Waiting(Box<Waiting>),
    Settled(Settled),
}

/// One that waits for a person's word.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalWaiting)]
pub struct Waiting {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    id: Uuid,
    #[schema(format = DateTime)]
    asked_at: String,
    /// Then it goes as its rule says.
    #[schema(format = DateTime)]
    expires_at: String,
    /// To be repeated in the answer: who answers has read it.
    nonce: String,
    /// To be repeated in the answer: it answers this, and nothing else. In hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Who asked, and may not answer.
    requester: String,
    client: String,
    topic: String,
    /// None: it is no text, or a long one.
    #[schema(required)]
    payload: Option<String>,
    payload_bytes: u64,
    goes_on: GoesOn,
    requests: Vec<Request>,
    /// Why it waits.
    reason: String,
}

/// With what it would go on, and where.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoesOn {
    topic: String,
    #[schema(required)]
    payload: Option<String>,
    payload_bytes: u64,
}

/// What is asked of a device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalRequest)]
pub struct Request {
    target: String,
    #[schema(required)]
    endpoint: Option<String>,
    verb: String,
    /// The value that is asked for, where there is one.
    #[schema(required)]
    value: Option<f64>,
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk: f64,
    /// The sender's own name for it.
    #[schema(required)]
    id: Option<String>,
}

/// One that waits no more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalSettled)]
pub struct Settled {
    pub id: Uuid,
    #[schema(format = DateTime)]
    pub asked_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub at: String,
    #[schema(pattern = "^(approved|refused|expired|superseded)$")]
    pub settled: String,
    /// Whose word it was; null: nobody's.
    #[schema(required)]
    pub by: Option<String>,
    /// Whether it went on: what is approved is judged again, and may be denied.
    pub forwarded: bool,
    pub reason: String,
}

impl Settled {
    pub fn of(row: ApprovalRow) -> Self {
        let (asked_at, at) = (row.asked_at.to_string(), row.at.to_string());
        Self { id: row.percept, asked_at, at, settled: row.answer, by: row.by, forwarded: row.let_on, reason: row.reason }
    }
}

/// # Errors
/// When the document is another one than described here: then the description is wrong.
pub fn waiting(document: &Value) -> Result<Approval, Problem> {
    typed("an approval", document.clone()).map(|waiting| Approval::Waiting(Box::new(waiting)))
}
