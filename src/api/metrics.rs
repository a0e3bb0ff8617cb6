//! `/metrics`: the figures of this moment, in the format that is asked for.

use super::{Api, problem::Problem};
use crate::observe::metrics::{Format, encode};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// # Errors
/// When they could not be written, which nobody has seen yet.
pub async fn metrics(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let format = Format::asked(&accept);
    // Pages of /proc are read.
    let text = api.apart(move |api| encode((api.figures)(), format)).await?;
    let failed = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "figures", "the figures could not be written: the log tells more");
    let text = text.map_err(|_| failed())?;
    Ok(([(header::CONTENT_TYPE, format.content_type()), (header::VARY, "Accept")], text).into_response())
}
