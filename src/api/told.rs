//! What the house tells as JSON, read as it is described: what does not fit its description is told to nobody.

use super::problem::Problem;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// # Errors
/// When it is another than described; then the description is wrong, and the log says where.
pub fn typed<T: DeserializeOwned>(what: &str, told: Value) -> Result<T, Problem> {
    serde_json::from_value(told).map_err(|error| {
        tracing::warn!("HTTP: {what} cannot be told: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", format!("{what} cannot be told: the log says why"))
    })
}
