//! Reading the database for an answer: on a thread that may wait for the disk, and in words that tell a stranger nothing of it.

use super::{Api, problem::Problem};
use crate::store::{Reader, StoreError};
use axum::http::StatusCode;
use std::sync::Arc;
use tracing::warn;

impl Api {
    /// # Errors
    /// When the store cannot be read: the log says why.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let api = Arc::clone(self);
        let failed = |why: &str| {
            warn!("HTTP: {why}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "the store cannot be read: the log tells more")
        };
        match tokio::task::spawn_blocking(move || api.readers.with(read)).await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(failed(&error.to_string())),
            Err(error) => Err(failed(&error.to_string())),
        }
    }
}
